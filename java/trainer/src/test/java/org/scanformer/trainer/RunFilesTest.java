package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.scanformer.internal.files.SystemMessages;

/** What is told of a file that cannot be written. */
class RunFilesTest extends TinyTraining {
  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  /** As for a full disk, the system names no file to a thread that is interrupted. */
  private static void assertNamed(Path file, Executable writing) {
    Thread.currentThread().interrupt();
    IOException failure = assertThrows(IOException.class, writing);
    assertTrue(Thread.interrupted());
    assertEquals(
        file + ": cannot be written: java.nio.channels.ClosedByInterruptException",
        SystemMessages.of(failure));
  }

  @Test
  void theFileIsNamed() throws IOException {
    Parameters parameters = parameters();
    Trainer trainer = trainer(parameters, 1);
    Path checkpoint = directory.resolve(TrainingRun.CHECKPOINT);
    assertNamed(checkpoint, () -> trainer.save(checkpoint));
    Path words = directory.resolve("words.json");
    assertNamed(words, () -> ShapesTokenizer.write(words, 16));
    Path curves = directory.resolve("curves.csv");
    Curves empty = new Curves(curves, 0);
    assertNamed(curves, empty::save);
    Path model = directory.resolve("model");
    assertNamed(
        model.resolve("model.safetensors"),
        () ->
            ModelExport.write(
                parameters,
                parameters.values(),
                0.5,
                null,
                directory.resolve("tokenizer.json"),
                model));
  }

  @Test
  void aFileInTheWayIsNamed() throws IOException {
    Path file = directory.resolve("file");
    Files.createFile(file);
    Path words = file.resolve("words.json");
    IOException failure = assertThrows(IOException.class, () -> ShapesTokenizer.write(words, 16));
    assertEquals(words + ": cannot be written: Not a directory", SystemMessages.of(failure));
  }
}
