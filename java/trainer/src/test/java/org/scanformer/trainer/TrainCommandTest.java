package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Image;
import org.scanformer.ScanFormer;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;

class TrainCommandTest {
  @TempDir private Path directory;

  private record Run(int code, String out, String err) {}

  private Run train(String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--out", directory.resolve("run").toString(),
                "--batch", "4",
                "--validation-pairs", "4",
                "--precision", "fp32"));
    all.addAll(List.of(arguments));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(all.toArray(String[]::new));
    return new Run(code, out.toString(), err.toString());
  }

  @Test
  void saysWhatIsMissingForCuda() {
    Run cuda = train("--device", "cuda", "--steps", "1");
    assumeFalse(cuda.code() == 0, "this machine has a CUDA device");
    assertEquals(1, cuda.code());
    assertTrue(cuda.err().contains("PyTorch finds no CUDA device"), cuda.err());
    Run libtorch = train("--libtorch", directory.toString(), "--steps", "1");
    assertEquals(1, libtorch.code());
    assertTrue(libtorch.err().contains("found no libtorch_cpu.so in " + directory), libtorch.err());
  }

  @Test
  void trainsResumesAndWritesAModel() throws IOException {
    String config = TinyModel.writeConfig(directory).toString();
    Run first = train("--config", config, "--steps", "2");
    assertEquals(0, first.code(), first.err());
    assertTrue(first.err().contains("threshold 0.50"), first.err());
    List<String> before = files();
    Run dry = train("--config", config, "--steps", "50", "--dry-run");
    assertEquals(0, dry.code(), dry.err());
    assertTrue(dry.out().contains("50 steps of 4 pairs, from step 2 on"), dry.out());
    assertTrue(dry.out().contains("  48 steps: "), dry.out());
    assertEquals(before, files());
    Run again = train("--config", config, "--steps", "1", "--dry-run");
    assertEquals(0, again.code(), again.err());
    assertTrue(again.out().contains("1 evaluations on held-out pairs"), again.out());
    Run second = train("--config", config, "--steps", "50", "--validate-every", "100");
    assertEquals(0, second.code(), second.err());
    assertTrue(second.err().contains("Resumed after step 2 of 50"), second.err());
    assertTrue(second.err().contains("steps=2,"), second.err());
    Path run = directory.resolve("run");
    List<String> lines = Files.readAllLines(run.resolve("curves.csv"));
    assertEquals(2, lines.size());
    assertTrue(lines.get(1).startsWith("50,"), lines.get(1));
    assertNotNull(ImageIO.read(run.resolve("curves.png").toFile()));
    try (ScanFormer model = ScanFormer.load(run.resolve("model"))) {
      Image image = ShapesDataset.of(Split.TEST, 1, 1).pair(0).image().read();
      assertEquals(3, model.locate(image, "the red circle").scales().size());
    }
  }

  /** As where the process was killed between a checkpoint and its judgement. */
  @Test
  void anEvaluationThatWasCutOffIsMadeUp() throws IOException {
    String config = TinyModel.writeConfig(directory).toString();
    String[] arguments = {"--config", config, "--steps", "4", "--validate-every", "2"};
    Run first = train("--config", config, "--steps", "2", "--validate-every", "2");
    assertEquals(0, first.code(), first.err());
    Path run = directory.resolve("run");
    Files.delete(run.resolve("validation.csv"));
    Run second = train(arguments);
    assertEquals(0, second.code(), second.err());
    List<String> lines = Files.readAllLines(run.resolve("validation.csv"));
    assertTrue(lines.get(1).startsWith("2,") && lines.get(2).startsWith("4,"), lines.toString());
    assertTrue(second.err().contains("Step 2, held out"), second.err());
    assertFalse(train(arguments).err().contains("Step 2, held out"));
  }

  /** The run's files with the times of their last change. */
  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("run"))) {
      return files(files.sorted().map(Path::toString).toArray(String[]::new));
    }
  }

  private List<String> files(String... names) throws IOException {
    List<String> found = new ArrayList<>();
    for (String name : names) {
      Path file = directory.resolve("run").resolve(name);
      found.add(file + " " + Files.getLastModifiedTime(file));
    }
    return found;
  }

  @Test
  void trainsOnTheSourcesOfAMixture() throws IOException {
    writeMdetrFile();
    String source =
        "{\"data\": \"mdetr\", \"file\": \"data.json\", \"validation-file\": \"data.json\", ";
    Path mixture =
        Files.writeString(
            directory.resolve("mix.json"),
            "[" + source + "\"weight\": 3}, " + source + "\"weight\": 1}]");
    Path tokenizer = directory.resolve("tokenizer.json");
    ShapesTokenizer.write(tokenizer, 16);
    Run run =
        train(
            "--config", TinyModel.writeConfig(directory).toString(),
            "--tokenizer", tokenizer.toString(),
            "--data", mixture.toString(),
            "--absent", "0.5",
            "--steps", "3");
    assertEquals(0, run.code(), run.err());
    for (String name : List.of("source 1", "source 2")) {
      assertTrue(
          run.err().contains(name + " mdetr data.json: --absent can give 0 of 16 pairs"),
          run.err());
      assertTrue(run.err().contains(name + " mdetr data.json: 1 bad records left out"), run.err());
    }
    assertTrue(
        Files.readString(
                directory.resolve("run/checkpoint.safetensors"), StandardCharsets.ISO_8859_1)
            .contains(
                "75 % source 1 mdetr data.json, absent 0.5 + 25 % source 2 mdetr data.json,"
                    + " absent 0.5"));
    assertTrue(Files.isRegularFile(directory.resolve("run/model/model.safetensors")));
  }

  /** Sixteen drawn pictures and one that is not there. */
  private Path writeMdetrFile() throws IOException {
    ShapesDataset scenes = ShapesDataset.of(Split.TRAIN, 6, 16, 200);
    List<String> images = new ArrayList<>();
    List<String> annotations = new ArrayList<>();
    for (int i = 0; i < scenes.size(); i++) {
      ReferringPair pair = scenes.pair(i);
      Image image = pair.image().read();
      BufferedImage picture =
          new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < image.width() * image.height(); p++) {
        int rgb = 0;
        for (int c = 0; c < 3; c++) {
          rgb = rgb << 8 | image.pixels().get(3 * p + c) & 255;
        }
        picture.setRGB(p % image.width(), p / image.width(), rgb);
      }
      ImageIO.write(picture, "png", directory.resolve(i + ".png").toFile());
      images.add(
          String.format(
              "{\"id\": %d, \"file_name\": \"%d.png\", \"width\": %d, \"height\": %d,"
                  + " \"caption\": \"%s\"}",
              i, i, image.width(), image.height(), pair.expression()));
      annotations.add(
          String.format(
              java.util.Locale.ROOT,
              "{\"id\": %d, \"image_id\": %d, \"bbox\": [%f, %f, %f, %f]}",
              i,
              i,
              pair.box().x(),
              pair.box().y(),
              pair.box().width(),
              pair.box().height()));
    }
    images.add(
        "{\"id\": 99, \"file_name\": \"gone.png\", \"width\": 9, \"height\": 9, \"caption\": \"x\"}");
    annotations.add("{\"id\": 99, \"image_id\": 99, \"bbox\": [1, 1, 2, 2]}");
    Path file = directory.resolve("data.json");
    Files.writeString(
        file,
        "{\"images\": ["
            + String.join(",\n", images)
            + "], \"annotations\": ["
            + String.join(",\n", annotations)
            + "]}");
    return file;
  }

  @Test
  void saysWhatIsMissing() {
    assertEquals(2, train("--data", "refer").code());
    Run noRoot = train("--data", "refer", "--tokenizer", "t.json", "--steps", "0");
    assertEquals(2, noRoot.code());
    assertTrue(noRoot.err().contains("at least 1"), noRoot.err());
    assertTrue(noRoot.err().startsWith("scanformer-trainer: "), noRoot.err());
    assertEquals(2, noRoot.err().lines().count(), noRoot.err());
    Run twice = train("--data", "mix.json", "--weight", "2", "--root", "refcoco");
    assertEquals(2, twice.code());
    assertTrue(twice.err().contains("--root is for a form of data"), twice.err());
  }

  @Test
  void refusesOptionsThatDoNotFit() {
    for (List<String> wrong :
        List.of(
            List.of("--layers", "4", "takes two numbers such as 4+4, found 4"),
            List.of("--layers", "4+4", "--layers needs --init with a model directory of ours"),
            List.of("--balance", "0.5", "--balance is for files"),
            List.of("--no-mirror", "--steps=1", "--no-mirror and --no-crop are for files"),
            List.of("--no-crop", "--steps=1", "--no-mirror and --no-crop are for files"),
            List.of(
                "--absent-relations=3", "--data=mdetr", "--absent-relations is for --data shapes"),
            List.of("--per-scene=2", "--data=mdetr", "--per-scene is for --data shapes"),
            List.of("--per-scene", "0", "--per-scene must be 1 to 100, found 0"),
            List.of("--root", "refcoco", "--root is for files, not for --data shapes"),
            List.of("--cache", "c", "--cache is for files, not for --data shapes"),
            List.of(
                "--data=voc", "--file=a", "--file is for forms of files; --data voc takes --root"),
            List.of("--data=csv", "--root=a", "--root is for forms of directories; --data csv"),
            List.of("--rate", "-1", "--rate must be 0.0 to 10.0, found -1.0"),
            List.of("--muon-rate", "NaN", "--muon-rate must be 0.0 to 10.0, found NaN"),
            List.of("--budget", "34", "--budget must be 0.0 to 1.0, found 34.0"),
            List.of("--warmup", "-200", "--warmup must be at least 0, found -200"),
            List.of("--trim", "0.6", "--trim takes a share from 0 to 0.5, found 0.6"),
            List.of("--words", "-1", "--words must not be negative, found -1"))) {
      Run refused = train(wrong.get(0), wrong.get(1));
      assertEquals(2, refused.code(), refused.err());
      assertTrue(refused.err().contains(wrong.get(2)), refused.err());
    }
  }

  @Test
  void keepsTheModelThatItStartsWith() throws IOException {
    Path run = Files.createDirectories(directory.resolve("run"));
    Path config = Files.writeString(run.resolve("config.json"), "{\"model_type\": \"vilt\"}");
    Run refused = train("--init", run + "/../run", "--steps", "1");
    assertEquals(2, refused.code(), refused.err());
    assertTrue(refused.err().contains("--out must be another directory"), refused.err());
    assertEquals("{\"model_type\": \"vilt\"}", Files.readString(config));
  }

  @Test
  void aResumeThatIsRefusedLeavesTheRunAsItIs() throws IOException {
    Path run = Files.createDirectories(directory.resolve("run"));
    Files.createFile(run.resolve("checkpoint.safetensors"));
    Path config = Files.copy(TinyModel.writeConfig(directory), run.resolve("config.json"));
    ShapesTokenizer.write(run.resolve("tokenizer.json"), 16);
    String other =
        Files.writeString(
                directory.resolve("other.json"),
                Files.readString(config).replace("\"coarse_grid\": 3", "\"coarse_grid\": 4"))
            .toString();
    List<String> before = files("config.json", "tokenizer.json");
    for (List<String> wrong :
        List.of(
            List.of("--varied", "tokenizer.json of the run that is resumed lacks"),
            List.of("--config=" + other, "--config " + other + " differs from"),
            List.of("--tokenizer=" + other, "--tokenizer " + other + " differs from"),
            List.of("--threads=1", "checkpoint.safetensors"))) {
      Run refused = train("--steps", "1", wrong.get(0));
      assertTrue(refused.code() != 0);
      assertTrue(refused.err().contains(wrong.get(1)), refused.err());
      assertEquals(before, files("config.json", "tokenizer.json"));
    }
  }

  @Test
  void isNamedAsItsJar() {
    StringWriter out = new StringWriter();
    Main.commandLine().setOut(new PrintWriter(out, true)).execute("--help");
    assertTrue(out.toString().startsWith("Usage: scanformer-trainer "), out.toString());
    out.getBuffer().setLength(0);
    Main.commandLine().setOut(new PrintWriter(out, true)).execute("--version");
    assertTrue(out.toString().startsWith("scanformer-trainer "), out.toString());
  }
}
