package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.scanformer.internal.model.BadModel.assertRefused;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.ScanFormerException;

/** The safetensors format, and headers that lie. */
class SafetensorsFileTest {
  @TempDir private Path directory;

  /** A file of a header's length, a header and data. */
  private Path write(long headerLength, String header, byte[] data) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(headerLength).put(json).put(data);
    return Files.write(directory.resolve("model.safetensors"), bytes.array());
  }

  private Path write(String header, byte[] data) throws IOException {
    return write(header.getBytes(StandardCharsets.UTF_8).length, header, data);
  }

  private static String tensor(String name, String dtype, String shape, String offsets) {
    return "\"%s\": {\"dtype\": \"%s\", \"shape\": %s, \"data_offsets\": %s}"
        .formatted(name, dtype, shape, offsets);
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static float[] read(Path path, String name, long first, int count) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      FloatBuffer values = FloatBuffer.allocate(count);
      file.read(name, first, values);
      return values.array();
    }
  }

  private void assertHeaderRefused(String header, int dataBytes, String... words)
      throws IOException {
    Path path = write(header, new byte[dataBytes]);
    String[] all = Arrays.copyOf(words, words.length + 1);
    all[words.length] = "model.safetensors";
    assertRefused(() -> SafetensorsFile.open(path), all);
  }

  @Test
  void tensorsAreReadInWholeAndInPart() throws Exception {
    Path path =
        write(
            "{\"__metadata__\": {\"made\": \"by hand\"}, "
                + tensor("b", "F32", "[2, 2]", "[4, 20]")
                + ", "
                + tensor("a", "F32", "[1]", "[0, 4]")
                + ", "
                + tensor("none", "F32", "[0, 7]", "[20, 20]")
                + "}",
            floats(7, 1, 2, 3, 4));
    assertArrayEquals(new float[] {7}, read(path, "a", 0, 1));
    assertArrayEquals(new float[] {1, 2, 3, 4}, read(path, "b", 0, 4));
    assertArrayEquals(new float[] {3, 4}, read(path, "b", 2, 2));
    assertArrayEquals(new float[] {}, read(path, "none", 0, 0));
    assertThrows(IllegalArgumentException.class, () -> read(path, "b", 2, 3));
    assertThrows(IllegalArgumentException.class, () -> read(path, "c", 0, 1));
  }

  @Test
  void moreElementsThanAChunk() throws Exception {
    float[] values = new float[(1 << 20) + 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    String header =
        "{"
            + tensor("t", "F32", "[" + values.length + "]", "[0, " + values.length * 4L + "]")
            + "}";
    Path path = write(header, floats(values));
    assertArrayEquals(values, read(path, "t", 0, values.length));
  }

  /**
   * Every finite half, against sign · fraction · power of two computed in float64 from IEEE 754's
   * definition.
   */
  @Test
  void everyFiniteHalfIsConvertedExactly() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      int exponent = bits >> 10 & 31;
      int fraction = bits & 1023;
      if (exponent == 31) {
        continue;
      }
      double magnitude =
          exponent == 0
              ? fraction * Math.pow(2, -24)
              : (1 + fraction / 1024.0) * Math.pow(2, exponent - 15);
      double expected = bits >> 15 == 0 ? magnitude : -magnitude;
      assertEquals((float) expected, SafetensorsFile.halfToFloat((short) bits), "half 0x" + bits);
    }
  }

  @Test
  void halfAndBfloat16TensorsAreRead() throws Exception {
    // 0x3e00 is 1.5 and 0xc000 is -2 as halves; 0x3fc0 is 1.5 and 0xc000 is -2 as bfloat16.
    byte[] data = {0x00, 0x3e, 0x00, (byte) 0xc0, (byte) 0xc0, 0x3f, 0x00, (byte) 0xc0};
    Path path =
        write(
            "{"
                + tensor("half", "F16", "[2]", "[0, 4]")
                + ", "
                + tensor("bf", "BF16", "[2]", "[4, 8]")
                + "}",
            data);
    assertArrayEquals(new float[] {1.5f, -2}, read(path, "half", 0, 2));
    assertArrayEquals(new float[] {1.5f, -2}, read(path, "bf", 0, 2));
  }

  @Test
  void numbersThatAreNotFiniteAreNamed() throws Exception {
    String header = "{" + tensor("weights", "F32", "[4]", "[0, 16]") + "}";
    Path nan = write(header, floats(Float.NaN, Float.NaN, Float.NaN, Float.NaN));
    assertRefused(
        () -> read(nan, "weights", 0, 4),
        "model.safetensors",
        "tensor \"weights\": element 0 is NaN, expected a finite number");
    Path infinite = write(header, floats(1, 2, 3, Float.NEGATIVE_INFINITY));
    assertRefused(() -> read(infinite, "weights", 1, 3), "element 3 is -Infinity");
    Path half = write("{" + tensor("h", "F16", "[1]", "[0, 2]") + "}", new byte[] {0, 0x7c});
    assertRefused(() -> read(half, "h", 0, 1), "tensor \"h\": element 0 is Infinity");
  }

  @Test
  void headersThatDoNotFitTheFile() throws Exception {
    Path empty = Files.write(directory.resolve("model.safetensors"), new byte[0]);
    assertRefused(() -> SafetensorsFile.open(empty), "found 0 bytes, expected at least 8");
    Path shorter = Files.write(directory.resolve("model.safetensors"), new byte[7]);
    assertRefused(() -> SafetensorsFile.open(shorter), "found 7 bytes, expected at least 8");
    Path beyond = write(3, "{}", new byte[0]);
    assertRefused(
        () -> SafetensorsFile.open(beyond),
        "the header says that it is 3 bytes long, found 2 bytes");
    Path petabytes = write(1L << 50, "{}", new byte[0]);
    assertRefused(() -> SafetensorsFile.open(petabytes), "1125899906842624 bytes long, found 2");
    Path negative = write(Long.MIN_VALUE, "{}", new byte[0]);
    assertRefused(() -> SafetensorsFile.open(negative), "9223372036854775808 bytes long, found 2");
    Path missing = directory.resolve("no.safetensors");
    assertRefused(() -> SafetensorsFile.open(missing), "no.safetensors", "found no such file");
  }

  @Test
  void aHundredMegabytesOfHeaderAreNotRead() throws Exception {
    Path path = directory.resolve("model.safetensors");
    long length = 100L << 20;
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(Long.BYTES + length);
      file.writeLong(Long.reverseBytes(length));
    }
    assertRefused(
        () -> SafetensorsFile.open(path),
        "found a header of 104857600 bytes, expected at most 16777216");
  }

  @Test
  void headersThatAreNotJsonObjects() throws Exception {
    assertHeaderRefused("{\"a\": ", 0, "header: is not valid JSON");
    assertHeaderRefused("[]", 0, "expected a JSON object, found ARRAY");
    assertHeaderRefused(
        "{"
            + tensor("a", "F32", "[1]", "[0, 4]")
            + ", "
            + tensor("a", "F32", "[1]", "[0, 4]")
            + "}",
        4,
        "Duplicate field 'a'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          F64  | [1]           | [0, 8]      | the dtype is "F64", expected "F32", "F16" or "BF16"
          F32  | 4             | [0, 8]      | the shape is 4, expected an array of integers
          F32  | [-1]          | [0, 8]      | the shape is [-1], expected integers of 0 or more
          F32  | [1.5]         | [0, 8]      | the shape is [1.5], expected integers of 0 or more
          F32  | ["2"]         | [0, 8]      | expected integers of 0 or more
          F32  | [4294967296, 4294967296] | [0, 8] | has more than 2^63 elements
          F32  | [2]           | 8           | the data_offsets are 8, expected two rising numbers
          F32  | [2]           | [0]         | the data_offsets are [0], expected two rising numbers
          F32  | [2]           | [0.5, 8]    | the data_offsets are [0.5,8], expected two rising numbers
          F32  | [2]           | [-8, 0]     | the data_offsets are [-8,0], expected two rising numbers
          F32  | [2]           | [8, 0]      | the data_offsets are [8,0], expected two rising numbers
          F32  | [2]           | [0, 12]     | the data_offsets are [0,12], expected two rising numbers within the file's 8 bytes
          F32  | [2]           | [0, 9223372036854775807] | within the file's 8 bytes
          F32  | [2]           | [0, 99999999999999999999] | expected two rising numbers
          F32  | [1]           | [0, 8]      | hold 8 bytes, expected those of 1 elements of F32
          F16  | [5]           | [0, 8]      | hold 8 bytes, expected those of 5 elements of F16
          F32  | [2305843009213693954] | [0, 8] | expected those of 2305843009213693954 elements
          """)
  void tensorsThatLieAreNamed(String dtype, String shape, String offsets, String words)
      throws Exception {
    assertHeaderRefused(
        "{" + tensor("liar", dtype, shape, offsets) + "}", 8, "tensor \"liar\": ", words);
  }

  @Test
  void overlapsHolesAndBytesTooMany() throws Exception {
    assertHeaderRefused(
        "{"
            + tensor("a", "F32", "[2]", "[0, 8]")
            + ", "
            + tensor("b", "F32", "[2]", "[4, 12]")
            + "}",
        12,
        "tensor \"b\" overlaps tensor \"a\" by 4 bytes");
    assertHeaderRefused(
        "{"
            + tensor("a", "F32", "[1]", "[0, 4]")
            + ", "
            + tensor("b", "F32", "[1]", "[8, 12]")
            + "}",
        12,
        "found 4 bytes between tensor \"a\" and tensor \"b\" that belong to no tensor");
    assertHeaderRefused(
        "{" + tensor("a", "F32", "[1]", "[0, 4]") + "}",
        10,
        "found 6 bytes after tensor \"a\" that belong to no tensor");
  }

  @Test
  void truncatedDataIsFoundBeforeItIsRead() throws Exception {
    assertHeaderRefused(
        "{" + tensor("a", "F32", "[1000000]", "[0, 4000000]") + "}",
        100,
        "tensor \"a\": the data_offsets are [0,4000000]",
        "within the file's 100 bytes of data");
  }

  @RepeatedTest(20)
  void aFileCutShortAfterItWasOpenedIsAnErrorAndNoCrash() throws Exception {
    int elements = 1 << 20;
    String header =
        "{" + tensor("t", "F32", "[" + elements + "]", "[0, " + elements * 4L + "]") + "}";
    Path path = write(header, new byte[elements * 4]);
    try (SafetensorsFile file = SafetensorsFile.open(path);
        RandomAccessFile other = new RandomAccessFile(path.toFile(), "rw")) {
      other.setLength(4096);
      FloatBuffer values = FloatBuffer.allocate(elements);
      assertThrows(ScanFormerException.class, () -> file.read("t", 0, values));
    }
  }

  @Test
  void aTensorBehindTwoGibibytesIsRead() throws Exception {
    long gap = 3L << 30;
    String header =
        "{"
            + tensor("gap", "F16", "[" + gap / 2 + "]", "[0, " + gap + "]")
            + ", "
            + tensor("end", "F32", "[1]", "[" + gap + ", " + (gap + 4) + "]")
            + "}";
    Path path = write(header, new byte[0]);
    long dataStart = Files.size(path);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(dataStart + gap);
      file.write(floats(42));
    } catch (IOException e) {
      assumeTrue(false, "no room for a sparse file of 3 GiB: " + e.getMessage());
    }
    assertArrayEquals(new float[] {42}, read(path, "end", 0, 1));
    assertArrayEquals(new float[] {0, 0}, read(path, "gap", gap / 2 - 2, 2));
  }
}
