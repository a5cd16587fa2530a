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
import org.scanformer.ScanFormerException;

class MatmulChoiceFileTest {
  private static final MatmulChoice OWN = MatmulChoice.own(new TensorMatmul.Division(64, 3));

  @TempDir Path directory;

  private Path path() {
    return directory.resolve("choices");
  }

  @Test
  void whatIsPutIsThereForTheNextProcess() {
    MatmulChoiceFile first = new MatmulChoiceFile(path(), "H100, cuBLAS 13.1");
    assertNull(first.get("LINEAR 16"));
    first.put("LINEAR 16", OWN);
    first.put("LINEAR 32", MatmulChoice.library(5));
    assertEquals(OWN, first.get("LINEAR 16"));
    MatmulChoiceFile next = new MatmulChoiceFile(path(), "H100, cuBLAS 13.1");
    assertEquals(OWN, next.get("LINEAR 16"));
    assertEquals(MatmulChoice.library(5), next.get("LINEAR 32"));
  }

  @Test
  void anotherDeviceOrVersionHasChoicesOfItsOwn() {
    new MatmulChoiceFile(path(), "H100, cuBLAS 13.1").put("LINEAR 16", OWN);
    MatmulChoiceFile other = new MatmulChoiceFile(path(), "H100, cuBLAS 13.2");
    assertNull(other.get("LINEAR 16"));
    other.put("LINEAR 16", MatmulChoice.library(0));
    assertEquals(OWN, new MatmulChoiceFile(path(), "H100, cuBLAS 13.1").get("LINEAR 16"));
  }

  @Test
  void ofTwoLinesForAShapeTheFirstCounts() throws Exception {
    Files.write(path(), List.of("d | s | cublas 1", "d | s | cublas 2"));
    assertEquals(MatmulChoice.library(1), new MatmulChoiceFile(path(), "d").get("s"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nothing", "d | s", "d | s | own 32", "d | s | own x 1", "d | s | blas 1"})
  void anotherKindOfFileIsRefused(String line) throws Exception {
    Files.write(path(), List.of("d | s | own 32 1", line));
    ScanFormerException refused =
        assertThrows(ScanFormerException.class, () -> new MatmulChoiceFile(path(), "d"));
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains("found \"" + line + "\""), refused.getMessage());
  }

  @Test
  void aFileThatCannotBeWrittenIsSaid() {
    MatmulChoiceFile file = new MatmulChoiceFile(directory.resolve("none/choices"), "d");
    ScanFormerException failed = assertThrows(ScanFormerException.class, () -> file.put("s", OWN));
    assertTrue(failed.getMessage().contains("none/choices"), failed.getMessage());
  }
}
