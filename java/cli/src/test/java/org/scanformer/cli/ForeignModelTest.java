package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.IMAGE;
import static org.scanformer.cli.CommandLineRun.run;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gives something else as a model is told what to do. */
class ForeignModelTest {
  @TempDir private Path directory;
  private Path given;

  @BeforeEach
  void create() throws Exception {
    given = Files.createDirectory(directory.resolve("given"));
  }

  private void assertAdvice(Path model, String words) {
    for (String[] command :
        new String[][] {
          {"locate", "--model", model.toString(), IMAGE, "the red circle"},
          {"inspect", model.toString()},
          {"eval", "--data", "shapes", "--count", "1", "--model", model.toString()}
        }) {
      CommandLineRun run = run(command);
      assertEquals(1, run.code(), run.err());
      assertTrue(run.err().contains(words), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
  }

  @Test
  void aViltCheckpointIsToStartTrainingFrom() throws Exception {
    Files.writeString(given.resolve("config.json"), "{\"model_type\": \"vilt\"}");
    Files.writeString(given.resolve("pytorch_model.bin"), "");
    assertAdvice(given, "This is a ViLT checkpoint");
    assertAdvice(given, "--init " + given);
    Files.writeString(given.resolve("model.safetensors"), "");
    Files.writeString(given.resolve("tokenizer.json"), "");
    assertAdvice(given, "--init " + given);
  }

  @Test
  void otherCheckpointsAreNamed() throws Exception {
    Files.writeString(given.resolve("config.json"), "{\"model_type\": \"grounding-dino\"}");
    assertAdvice(given, "a checkpoint of the type \"grounding-dino\"");
  }

  @Test
  void onnxIsNamed() throws Exception {
    Path file = Files.writeString(given.resolve("model.onnx"), "");
    assertAdvice(given, "Models in ONNX's format cannot be converted");
    assertAdvice(file, "Models in ONNX's format cannot be converted");
  }

  @Test
  void aTrainingRunsModelIsOneLevelDown() throws Exception {
    Files.createDirectory(given.resolve("model"));
    Files.writeString(given.resolve("model/config.json"), "{}");
    assertAdvice(given, "its model is " + given.resolve("model"));
  }

  @Test
  void aFileOfAModelIsNotTheModel() {
    assertAdvice(Path.of(CommandLineRun.MODEL, "model.safetensors"), "Give the model's directory");
  }

  @Test
  void withoutAdviceTheFailureIsTold() throws Exception {
    Files.writeString(given.resolve("config.json"), "{]");
    assertAdvice(given, "no file model.safetensors");
    assertAdvice(directory.resolve("nothing"), "found nothing, expected a model directory");
  }

  @Test
  void whoMistypesABundledModelIsToldTheirNames() {
    assertAdvice(Path.of("fotos"), "The bundled models are photos and shapes");
  }
}
