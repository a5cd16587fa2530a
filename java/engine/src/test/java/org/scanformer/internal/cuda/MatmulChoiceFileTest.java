package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;

class MatmulChoiceFileTest {
  private static final MatmulChoice OWN = MatmulChoice.own(new TensorMatmul.Division(64, 3));

  @TempDir Path directory;

  private Path path() {
    return directory.resolve("choices");
  }

  private MatmulChoices file(String device) {
    return file(device, Precision.FP16);
  }

  private MatmulChoices file(String device, Precision precision) {
    return new MatmulChoices(new MatmulChoiceFile(path(), device, precision));
  }

  private static MatmulChoice get(MatmulChoices file, String shape) {
    return file.get(shape, any -> true);
  }

  private static void put(MatmulChoices file, String shape, MatmulChoice choice) {
    assertEquals(choice, file.keep(shape, choice, any -> true));
  }

  @Test
  void whatIsPutIsThereForTheNextProcess() {
    MatmulChoices first = file("H100, cuBLAS 13.1");
    assertNull(get(first, "LINEAR 16"));
    put(first, "LINEAR 16", OWN);
    put(first, "LINEAR 32", MatmulChoice.library(5));
    assertEquals(OWN, get(first, "LINEAR 16"));
    MatmulChoices next = file("H100, cuBLAS 13.1");
    assertEquals(OWN, get(next, "LINEAR 16"));
    assertEquals(MatmulChoice.library(5), get(next, "LINEAR 32"));
  }

  @Test
  void anotherDeviceOrVersionHasChoicesOfItsOwn() {
    put(file("H100, cuBLAS 13.1"), "LINEAR 16", OWN);
    MatmulChoices other = file("H100, cuBLAS 13.2");
    assertNull(get(other, "LINEAR 16"));
    put(other, "LINEAR 16", MatmulChoice.library(0));
    assertEquals(OWN, get(file("H100, cuBLAS 13.1"), "LINEAR 16"));
  }

  @Test
  void ofTwoLinesForAShapeTheFirstCounts() throws Exception {
    Files.write(path(), List.of("d | FP16 | s | cublas 1", "d | FP16 | s | cublas 2"));
    assertEquals(MatmulChoice.library(1), get(file("d"), "s"));
  }

  @Test
  void aPrecisionHasChoicesOfItsOwn() {
    put(file("d", Precision.TF32), "s", OWN);
    for (Precision precision : Precision.values()) {
      MatmulChoice expected = precision == Precision.TF32 ? OWN : null;
      assertEquals(expected, get(file("d", precision), "s"));
    }
  }

  @Test
  void theFirstUsableLineCounts() throws Exception {
    Files.write(path(), List.of("d | FP16 | s | own 32 1"));
    MatmulChoices file = file("d");
    assertNull(file.get("s", choice -> choice.own() == null));
    file.keep("s", MatmulChoice.library(2), choice -> choice.own() == null);
    assertEquals(MatmulChoice.library(2), file("d").get("s", choice -> choice.own() == null));
    assertEquals(MatmulChoice.own(new TensorMatmul.Division(32, 1)), get(file("d"), "s"));
  }

  @Test
  void linesWithoutAPrecisionAreIgnoredAndCountedInTheLog() throws Exception {
    Files.write(path(), List.of("d | s | own 32 1", "d | t | cublas 1", "d | FP16 | t | cublas 2"));
    try (CapturedLog log = new CapturedLog()) {
      MatmulChoices file = file("d");
      assertNull(get(file, "s"));
      assertEquals(MatmulChoice.library(2), get(file, "t"));
      assertEquals(1, log.messages().size(), log.messages().toString());
      assertTrue(log.messages().get(0).contains(": 2 choices of an earlier version"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nothing",
        "d | FP16 | s",
        "d | FP16 | s | own 32",
        "d | FP16 | s | own x 1",
        "d | FP16 | s | blas 1",
        "d | FP16 | s | cublas -1",
        "d | FP16 | s | cublas 1 | cublas 1"
      })
  void anotherKindOfFileIsRefused(String line) throws Exception {
    Files.write(path(), List.of("d | FP16 | s | own 32 1", line));
    ScanFormerException refused = assertThrows(ScanFormerException.class, () -> file("d"));
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains("found \"" + line + "\""), refused.getMessage());
  }

  @Test
  void aFileThatCannotBeWrittenIsLoggedOnce() {
    Path none = directory.resolve("none/choices");
    try (CapturedLog log = new CapturedLog()) {
      MatmulChoices choices = new MatmulChoices(new MatmulChoiceFile(none, "d", Precision.FP16));
      put(choices, "s", OWN);
      put(choices, "t", OWN);
      assertEquals(OWN, get(choices, "t"));
      assertEquals(1, log.messages().size(), log.messages().toString());
      assertTrue(log.messages().get(0).contains("none/choices"), log.messages().toString());
    }
  }

  /** What a full disk leaves of a line may itself be a choice, and is none. */
  @ParameterizedTest
  @ValueSource(strings = {"d", "d | FP16 | t | ow", "d | FP16 | t | own 32 1"})
  void aLineCutShortIsPassedOver(String cut) throws Exception {
    Files.writeString(path(), "d | FP16 | s | cublas 1\n" + cut);
    MatmulChoices choices = file("d");
    assertEquals(MatmulChoice.library(1), get(choices, "s"));
    assertNull(get(choices, "t"));
    put(choices, "t", OWN);
    put(choices, "u", MatmulChoice.library(4));
    MatmulChoices next = file("d");
    assertEquals(MatmulChoice.library(1), get(next, "s"));
    assertEquals(OWN, get(next, "t"));
    assertEquals(MatmulChoice.library(4), get(next, "u"));
  }
}
