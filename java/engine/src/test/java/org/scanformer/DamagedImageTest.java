package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.ImageFiles.blocks;
import static org.scanformer.ImageFiles.decode;
import static org.scanformer.ImageFiles.encode;
import static org.scanformer.ImageFiles.resource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that are missing, damaged or too large. A damaged file must not keep a decoder busy for
 * long either, hence the limit.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DamagedImageTest {
  private static final ImageLimits ALL_PIXELS =
      ImageLimits.defaults().withPixels(Long.MAX_VALUE).withMemory(Long.MAX_VALUE);

  @Test
  void refusesMissingFilesAndDirectories(@TempDir Path directory) {
    Path missing = directory.resolve("missing.png");
    fails(missing + ": no such file", () -> Image.read(missing));
    fails(directory + ": found a directory", () -> Image.read(directory));
  }

  @Test
  void refusesEmptyAndUnknownContents(@TempDir Path directory) throws IOException {
    Path file = Files.createFile(directory.resolve("empty.png"));
    fails(file + ": found no bytes", () -> Image.read(file));
    Files.writeString(file, "This is not an image, whatever its name says.");
    fails(
        file + ": found an unknown format, expected one of BMP, GIF, JPEG, PNG, TIFF, WebP",
        () -> Image.read(file));
    fails("image stream: found no bytes", () -> decode(new byte[0]));
    fails("image stream: found an unknown format", () -> decode(new byte[64]));
    String[][] others = {
      {"\0\0\0\u0018ftypheic", "HEIC"},
      {"\0\0\0\u0018ftypmif1", "HEIC"},
      {"\0\0\0\u0020ftypavif", "AVIF"},
      {"\0\0\0\u0020ftypisom", "a film or another file of the MP4 family"},
      {"\u00ff\n", "JPEG XL"},
      {"%PDF-1.7", "PDF"}
    };
    for (String[] other : others) {
      byte[] bytes = Arrays.copyOf(other[0].getBytes(StandardCharsets.ISO_8859_1), 64);
      fails("image stream: found " + other[1] + ", expected one of BMP", () -> decode(bytes));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "tiff", "gif", "jpg"})
  void refusesTruncatedFiles(String format) {
    refusesEveryTruncation(encode(blocks(), format));
  }

  @ParameterizedTest
  @ValueSource(strings = {"progressive.jpg", "cmyk.jpg", "lossless.webp", "lossy.webp", "cmyk.tif"})
  void refusesTruncatedResources(String file) throws IOException {
    refusesEveryTruncation(Files.readAllBytes(resource(file)));
  }

  private static void refusesEveryTruncation(byte[] whole) {
    for (int percent : new int[] {5, 20, 40, 60, 80}) {
      byte[] part = Arrays.copyOf(whole, whole.length * percent / 100);
      fails("image stream: found", () -> decode(part));
    }
  }

  /** Any byte may be wrong: the picture may change or be refused, but nothing else may come out. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "progressive.jpg",
        "cmyk.jpg",
        "lossless.webp",
        "lossy.webp",
        "cmyk.tif",
        "orientation-6.png",
        "orientation-6.tif",
        "orientation-6.jpg",
        "orientation-6.webp"
      })
  void survivesEveryDamagedByte(String file) throws IOException {
    byte[] whole = Files.readAllBytes(resource(file));
    for (int i = 0; i < whole.length; i++) {
      for (int change : new int[] {0xff, 0x80, 0x01}) {
        byte[] damaged = whole.clone();
        damaged[i] ^= (byte) change;
        try {
          Image.read(
              new ByteArrayInputStream(damaged), ImageLimits.defaults().withPixels(1_000_000));
        } catch (ScanFormerException e) {
          assertTrue(
              e.code() == ErrorCode.BAD_INPUT || e.code() == ErrorCode.OUT_OF_MEMORY,
              e.getMessage());
        }
      }
    }
  }

  @Test
  void comparesTheHeaderWithTheLimitBeforeDecoding() {
    byte[] bomb = Pngs.png(60_000, 60_000, 8, 2, "", "00");
    fails(
        "image stream: found 60000x60000 = 3600000000 pixels, expected at most 100000000",
        () -> decode(bomb));
    fails(
        "expected at most 536870911", () -> Image.read(new ByteArrayInputStream(bomb), ALL_PIXELS));
    Path file = resource("lossless.webp");
    assertEquals(32, Image.read(file, ImageLimits.defaults().withPixels(32 * 48)).width());
    fails(
        file + ": found 32x48 = 1536 pixels, expected at most 1535",
        () -> Image.read(file, ImageLimits.defaults().withPixels(32 * 48 - 1)));
  }

  /** Of a size within every limit, but more than the heap of these tests, 2 GiB, can hold. */
  @Test
  void reportsThatTheHeapIsTooSmall() {
    byte[] large = Pngs.png(23_000, 23_000, 16, 6, "", "00");
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class,
            () -> Image.read(new ByteArrayInputStream(large), ALL_PIXELS));
    assertEquals(ErrorCode.OUT_OF_MEMORY, e.code(), e.getMessage());
    assertTrue(e.getMessage().startsWith("image stream: "), e.getMessage());
  }

  @Test
  void reportsFailuresOfTheStreamItself() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the line is dead");
          }
        };
    fails("the line is dead", () -> Image.read(broken));
  }

  private static void fails(String message, Runnable call) {
    ScanFormerException e = assertThrows(ScanFormerException.class, call::run);
    assertEquals(ErrorCode.BAD_INPUT, e.code(), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
