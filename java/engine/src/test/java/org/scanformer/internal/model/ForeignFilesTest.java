package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** Files in a model's place that are something else, and tensors that no model has. */
class ForeignFilesTest {
  @TempDir private Path directory;

  private Path write(String name, String text) throws IOException {
    return Files.write(directory.resolve(name), text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private Path writeTensors(String dtype, String shape, int bytes) throws IOException {
    String header =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"ids\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[4,%d]}}"
                .formatted(dtype, shape, 4 + bytes);
    ByteBuffer file =
        ByteBuffer.allocate(8 + header.length() + 4 + bytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length()).put(header.getBytes(StandardCharsets.US_ASCII)).putFloat(2.5f);
    return Files.write(directory.resolve("m.safetensors"), file.array());
  }

  @ParameterizedTest
  @CsvSource({"I64, 16", "F64, 16", "BOOL, 2", "U8, 2", "I32, 8", "F8_E4M3, 2", "F4, 1"})
  void listsTensorsOfOtherTypes(String dtype, int bytes) throws IOException {
    Path path = writeTensors(dtype, "[1, 2]", bytes);
    try (SafetensorsFile file = SafetensorsFile.openWithOtherTypes(path)) {
      assertEquals(SafetensorsFile.Type.OTHER, file.tensors().get("ids").type());
      float[] read = new float[1];
      file.read("a", 0, FloatBuffer.wrap(read));
      assertEquals(2.5f, read[0]);
      ScanFormerException refusal =
          assertThrows(
              ScanFormerException.class, () -> file.read("ids", 0, FloatBuffer.allocate(1)));
      assertEquals(ErrorCode.BAD_MODEL, refusal.code());
    }
    assertThrows(ScanFormerException.class, () -> SafetensorsFile.open(path));
  }

  @Test
  void checksTheOffsetsOfOtherTypes() throws IOException {
    Path path = writeTensors("I64", "[-1]", 8);
    assertThrows(ScanFormerException.class, () -> SafetensorsFile.openWithOtherTypes(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.safetensors", "config.json"})
  void saysWhatAFileIs(String name) throws IOException {
    assertNamed(
        write(name, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
        "a Git LFS pointer",
        "git lfs pull");
    assertNamed(write(name, "\n<!DOCTYPE html>\n<html>Sign in</html>"), "a web page");
    assertNamed(write(name, "PK\u0003\u0004archive/data.pkl"), "torch.save", "save_pretrained");
  }

  private static void assertNamed(Path file, String... words) {
    ScanFormerException refusal =
        assertThrows(
            ScanFormerException.class,
            () -> {
              if (file.toString().endsWith(".json")) {
                ModelConfig.read(file);
              } else {
                SafetensorsFile.open(file).close();
              }
            });
    assertEquals(ErrorCode.BAD_MODEL, refusal.code());
    for (String word : words) {
      assertTrue(refusal.getMessage().contains(word), refusal.getMessage());
    }
  }
}
