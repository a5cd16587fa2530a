package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Linear;
import org.scanformer.internal.backend.Tensor;

/** One file of choices for several precisions, whose layers in fp32 have the same shapes. */
@Tag("emulation")
class EmulatedChoicesTest {
  private static final int ROWS = 16;
  private static final int SIZE = 32;

  @TempDir Path directory;

  private String before;
  private Path file;

  @BeforeEach
  void timeProducts() {
    before = System.getProperty(CudaDevices.MATMUL_PROPERTY);
    file = directory.resolve("choices");
    System.setProperty(CudaDevices.MATMUL_PROPERTY, "timed");
    System.setProperty(CudaDevices.L2_BYTES_PROPERTY, "0");
    System.setProperty(CudaDevices.MATMUL_CHOICES_PROPERTY, file.toString());
  }

  @AfterEach
  void restore() {
    System.clearProperty(CudaDevices.MATMUL_CHOICES_PROPERTY);
    System.clearProperty(CudaDevices.L2_BYTES_PROPERTY);
    if (before == null) {
      System.clearProperty(CudaDevices.MATMUL_PROPERTY);
    } else {
      System.setProperty(CudaDevices.MATMUL_PROPERTY, before);
    }
  }

  private static FloatBuffer direct(int count, float value) {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder()).asFloatBuffer();
    while (buffer.hasRemaining()) {
      buffer.put(value);
    }
    return buffer.flip();
  }

  /** A layer of fp32 on a device of a precision: relu(32 * 0.5 * 1 + 1). */
  private static void assertRight(Precision precision) {
    try (CudaBackend backend = CudaBackend.open(CudaDevices.probe(0), precision)) {
      Tensor x = new Tensor("x", ElementType.F32, ROWS, SIZE);
      Tensor y = new Tensor("y", ElementType.F32, ROWS, SIZE);
      backend.allocate(x);
      backend.allocate(y);
      backend.upload(x, 0, direct(ROWS * SIZE, 1));
      Linear layer =
          backend.createLinear(
              "layer", SIZE, SIZE, direct(SIZE * SIZE, 0.5f), direct(SIZE, 1), ElementType.F32);
      backend.linear(x, ROWS, layer, Activation.RELU, y);
      backend.synchronize();
      float[] found = new float[ROWS * SIZE];
      FloatBuffer host = direct(found.length, 0);
      backend.download(y, 0, host);
      host.rewind().get(found);
      float[] expected = new float[found.length];
      Arrays.fill(expected, 17);
      assertArrayEquals(expected, found, precision.toString());
    }
  }

  /** Our own kernel can compute the layer for TensorFloat-32 alone. */
  @Test
  void precisionsShareAFileAndNoChoices() throws Exception {
    assertRight(Precision.TF32);
    List<String> lines = Files.readAllLines(file);
    assertEquals(1, lines.size(), lines.toString());
    Files.write(
        file, List.of(lines.get(0).substring(0, lines.get(0).lastIndexOf("|")) + "| own 32 1"));
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      assertRight(precision);
    }
    assertEquals(3, Files.readAllLines(file).size());
  }

  /** A file may have been written by hand. */
  @ParameterizedTest
  @CsvSource({
    // Our kernel does not compute fp32, and has no tiles of 48 rows and no more splits than steps.
    "FP32, own 32 1, 2",
    "TF32, own 32 1, 1",
    "TF32, own 48 1, 2",
    "TF32, own 32 0, 2",
    "TF32, own 32 9, 2"
  })
  void aChoiceThatCannotBeUsedIsMadeAnew(Precision precision, String choice, int expected)
      throws Exception {
    assertRight(precision);
    String line = Files.readAllLines(file).get(0);
    Path other = directory.resolve("by hand");
    System.setProperty(CudaDevices.MATMUL_CHOICES_PROPERTY, other.toString());
    Files.write(other, List.of(line.substring(0, line.lastIndexOf("|")) + "| " + choice));
    assertRight(precision);
    List<String> lines = Files.readAllLines(other);
    assertEquals(expected, lines.size(), lines.toString());
    assertTrue(lines.get(lines.size() - 1).contains("| LINEAR 16 32 32 F32 F32 RELU | "));
  }

  @Test
  void whatASessionHasTimedIsKnownToTheNext() throws Exception {
    assertRight(Precision.BF16);
    Files.delete(file);
    assertRight(Precision.BF16);
    assertFalse(Files.exists(file), "the second one times nothing");
  }

  /** So much that it is refused, with the number of bytes. */
  @Test
  void trialsWriteTwiceTheCache() throws Exception {
    System.setProperty(CudaDevices.L2_BYTES_PROPERTY, Long.toString(1L << 50));
    ScanFormerException refused =
        assertThrows(ScanFormerException.class, () -> assertRight(Precision.BF16));
    assertEquals(ErrorCode.OUT_OF_MEMORY, refused.code());
    String what = "cuBLAS's workspace (" + (1L << 51) + " bytes)";
    assertTrue(refused.getMessage().contains(what), refused.getMessage());
    System.setProperty(CudaDevices.MATMUL_PROPERTY, "cublas");
    assertRight(Precision.BF16);
  }
}
