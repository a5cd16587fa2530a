package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.IMAGE;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.TEXT;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.model.SafetensorsFile;
import org.scanformer.internal.model.SafetensorsWriter;

/** {@code locate --candidates}. */
class CandidatesOptionTest {
  private static final String WEIGHTS = "model.safetensors";

  @TempDir private Path directory;
  private String model;

  /** The example model with a candidate head of its own. */
  @BeforeEach
  void addHead() throws Exception {
    Path from = Path.of(MODEL);
    Path to = Files.createDirectories(directory.resolve("model"));
    for (String name : new String[] {"config.json", "tokenizer.json"}) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(from.resolve(WEIGHTS))) {
      file.tensors()
          .forEach(
              (name, tensor) -> {
                float[] data = new float[Math.toIntExact(tensor.elements())];
                file.read(name, 0, FloatBuffer.wrap(data));
                writer.tensor(name, data, tensor.shape());
              });
      int hidden = (int) file.tensors().get("layernorm.weight").elements();
      float[] weight = new float[hidden];
      for (int i = 0; i < hidden; i++) {
        weight[i] = (float) Math.sin(i);
      }
      writer.tensor("candidate_head.weight", weight, 1, hidden);
      writer.tensor("candidate_head.bias", new float[1], 1);
    }
    writer.write(to.resolve(WEIGHTS));
    model = to.toString();
  }

  private CommandLineRun locate(String... more) {
    String[] first = {"locate", "--backend", "cpu", "--model", model, IMAGE, TEXT};
    String[] all = java.util.Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return run(all);
  }

  @Test
  void candidatesArePrintedDrawnAndInTheJson() throws Exception {
    Path picture = directory.resolve("boxes.png");
    CommandLineRun text = locate("--candidates", "3", "--out", picture.toString());
    assertEquals(0, text.code(), text.err());
    assertEquals(
        3,
        text.out()
            .lines()
            .filter(line -> line.matches("  candidate: x .* pixels \\(score [01]\\.\\d{3}\\)"))
            .count(),
        text.out());
    BufferedImage with = ImageIO.read(picture.toFile());
    locate("--out", picture.toString());
    BufferedImage without = ImageIO.read(picture.toFile());
    int different = 0;
    for (int y = 0; y < with.getHeight(); y++) {
      for (int x = 0; x < with.getWidth(); x++) {
        different += with.getRGB(x, y) != without.getRGB(x, y) ? 1 : 0;
      }
    }
    assertTrue(different > 50, different + " pixels of candidates");
    JsonNode json = new ObjectMapper().readTree(locate("--candidates", "3", "--json").out());
    assertEquals(3, json.get("candidates").size());
    assertTrue(json.at("/candidates/0/box/width").isNumber());
    JsonNode plain = new ObjectMapper().readTree(locate("--json").out());
    assertEquals(0, plain.get("candidates").size());
  }

  @Test
  void eachOfSeveralImagesHasThemBelowIt() {
    CommandLineRun run =
        run(
            "locate",
            "--backend",
            "cpu",
            "--model",
            model,
            "--candidates",
            "2",
            IMAGE,
            IMAGE,
            TEXT);
    assertEquals(0, run.code(), run.err());
    assertEquals(4, run.out().lines().filter(line -> line.startsWith("  candidate: x ")).count());
    assertTrue(run.out().lines().toList().get(1).startsWith("  candidate"), run.out());
  }

  @Test
  void thatThereAreNoneIsExplained() {
    CommandLineRun run = locate("--candidates", "2", "--max-patches", "0");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("\n  no candidates: "), run.out());
    assertFalse(locate().out().contains("no candidates"));
  }

  @Test
  void aModelWithoutTheHeadIsAFailureThatNamesTheTensor() {
    CommandLineRun run =
        run("locate", "--backend", "cpu", "--model", MODEL, IMAGE, TEXT, "--candidates", "2");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("candidate_head.weight"), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    CommandLineRun usage = locate("--candidates", "-1");
    assertEquals(2, usage.code());
    assertTrue(usage.err().contains("--candidates must be 0 or more, found -1"), usage.err());
  }

  @Test
  void inspectTellsWhetherThereAreAny() {
    assertTrue(run("inspect", "--backend", "cpu", model).out().contains("Candidates: yes"));
    CommandLineRun without = run("inspect", "--backend", "cpu", MODEL);
    assertTrue(without.out().contains("Candidates: no, without candidate_head.weight"));
    CommandLineRun json = run("inspect", "--backend", "cpu", model, "--json");
    assertTrue(json.out().contains("\"candidate_head\":true"), json.out());
  }
}
