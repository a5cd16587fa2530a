package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options of a new model that are given for a run that has a checkpoint. */
class ResumedStartTest {
  @TempDir private Path directory;
  private Path run;
  private Path model;

  private record Run(int code, String err) {
    void assertResumed() {
      assertEquals(0, code, err);
      assertTrue(err.contains("Resumed after step 1"), err);
    }
  }

  /** A run that begins with the model of another one, of 2+1 layers. */
  @BeforeEach
  void train() throws IOException {
    run = directory.resolve("first");
    assertEquals(0, train("--config", TinyModel.writeConfig(directory).toString()).code());
    model = run.resolve("model");
    run = directory.resolve("run");
    Run begun = train("--init", model.toString());
    assertEquals(0, begun.code(), begun.err());
  }

  private Run train(String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of("--out=" + run, "--batch=2", "--validation-pairs=2", "--precision=fp32"));
    all.addAll(List.of("--steps=1", "--threads=1"));
    all.addAll(List.of(arguments));
    StringWriter err = new StringWriter();
    int code =
        Main.commandLine().setErr(new PrintWriter(err, true)).execute(all.toArray(String[]::new));
    return new Run(code, err.toString());
  }

  private void assertSilent(String... arguments) {
    Run resumed = train(arguments);
    resumed.assertResumed();
    assertFalse(resumed.err().contains("no effect"), resumed.err());
  }

  private void assertTold(Path init, String begun) {
    Run resumed = train("--init", init.toString());
    resumed.assertResumed();
    String told =
        "--init %s has no effect, as the run goes on from its checkpoint; it began %s. To begin with"
            + " %s, give another --out";
    assertTrue(resumed.err().contains(told.formatted(init, begun, init)), resumed.err());
  }

  @Test
  void theSameModelIsNoMatter() throws IOException {
    assertSilent("--init", model.toString());
    assertSilent("--init", Path.of("").toAbsolutePath().relativize(model).toString());
    assertSilent("--init", model.toString(), "--layers", "2+1");
    assertSilent();
    // As on another machine, where the same path leads to another directory, or to none.
    Path start = run.resolve("start.json");
    Files.writeString(start, "{\"init\": \"%s\", \"directory\": \"/else\"}".formatted(model));
    assertSilent("--init", model.toString());
  }

  @Test
  void anotherModelIsTold() throws IOException {
    Path other = directory.resolve("other");
    Files.createDirectories(other);
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      Files.copy(model.resolve(file), other.resolve(file));
    }
    assertTold(other, "with --init " + model);
    // A resumed run began with what it began with.
    assertTold(other, "with --init " + model);
    // A note that is missing or damaged tells nothing.
    Files.writeString(run.resolve("start.json"), "{\"init\": ");
    assertSilent("--init", other.toString());
    Files.writeString(run.resolve("start.json"), "");
    assertSilent("--init", other.toString());
    Files.delete(run.resolve("start.json"));
    assertSilent("--init", other.toString());
    run = directory.resolve("first");
    assertTold(other, "without --init");
  }

  @Test
  void otherLayersAreRefused() {
    Run refused = train("--init", model.toString(), "--layers", "9+9");
    assertEquals(2, refused.code(), refused.err());
    String told =
        "--layers 9+9 differs from the 2+1 layers in %s of the run that is resumed: leave it out, or"
            + " give another --out";
    assertTrue(refused.err().contains(told.formatted(run.resolve("config.json"))), refused.err());
  }
}
