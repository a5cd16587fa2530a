package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.ImageFiles.resource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.SequenceInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files beyond the limits, which are refused with what was found, the limit and its name. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ImageLimitsTest {
  private static final ImageLimits DEFAULTS = ImageLimits.defaults();

  @Test
  void areComparedWithEveryFile() {
    Path webp = resource("lossless.webp");
    fails(webp, DEFAULTS.withPixels(1535), "found 32x48 = 1536 pixels, expected at most 1535");
    fails(webp, DEFAULTS.withSide(47), "a side of 48, expected at most 47 (ImageLimits.side)");
    fails(webp, DEFAULTS.withEncodedBytes(50), "expected at most 50 (ImageLimits.encodedBytes)");
    fails(webp, DEFAULTS.withMemory(1000), "expected at most 1000 (ImageLimits.memory)");
    Path jpeg = resource("progressive.jpg");
    fails(jpeg, DEFAULTS.withScans(1), "found 2 scans or more, expected at most 1");
    fails(jpeg, DEFAULTS.withParts(2), "found 3 segments or more, expected at most 2");
    Path png = resource("orientation-6.png");
    fails(png, DEFAULTS.withParts(2), "found 3 chunks or more, expected at most 2");
    fails(
        png,
        DEFAULTS.withDecodeTime(Duration.ofNanos(1)),
        "takes longer to decode, expected at most 0 ms (ImageLimits.decodeTime)");
  }

  /** It gives each pixel an alpha, which the picture's copy is then without. */
  @Test
  void countTheMemoryOfATransparentColor() {
    byte[] png = PngBombs.transparent(200, 8, PngBombs.RGB);
    long bytes = 200 * 200 * (4 + 3);
    Image read = Image.read(new ByteArrayInputStream(png), DEFAULTS.withMemory(bytes));
    assertEquals(200, read.width());
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class,
            () -> Image.read(new ByteArrayInputStream(png), DEFAULTS.withMemory(bytes - 1)));
    assertTrue(e.getMessage().contains("found 280000 bytes of memory"), e.getMessage());
  }

  /** The pixels take 5 MB, the streams of the strips many times that. */
  @Test
  void countTheStreamsOfStrips() {
    byte[] tiff = TiffBombs.strips(99_000);
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class, () -> Image.read(new ByteArrayInputStream(tiff), DEFAULTS));
    assertEquals(ErrorCode.BAD_INPUT, e.code());
    assertTrue(e.getMessage().contains("bytes of memory"), e.getMessage());
  }

  /** A fast machine is done with all of it in less than 300 ms. */
  @Test
  void interruptDecoding() {
    byte[] large = ImageBombs.largeBaseline();
    long start = System.nanoTime();
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class,
            () ->
                Image.read(
                    new ByteArrayInputStream(large),
                    DEFAULTS.withDecodeTime(Duration.ofMillis(100))));
    assertEquals(ErrorCode.BAD_INPUT, e.code(), e.getMessage());
    assertTrue(
        e.getMessage().contains("takes longer to decode, expected at most 100 ms"), e.getMessage());
    assertTrue(System.nanoTime() - start < 20e9, "stopped late");
  }

  /** As a scan without data is not stopped, nor are tables that are built. */
  @Test
  void areComparedWithWhatAFileMakesADecoderDo() throws IOException {
    Map<String, byte[]> jpegs = JpegBombs.all();
    for (String name : List.of("in-strip", "in-tile", "in-old-tiff", "lossless")) {
      exceeds(jpegs.get(name), "memory");
    }
    exceeds(ImageBombs.progressive(90, 6500, 6500), "decodeTime");
    Map<String, byte[]> webps = WebpBombs.all();
    exceeds(webps.get("groups-of-parts"), "decodeTime");
    exceeds(webps.get("long-codes-of-parts"), "decodeTime");
    for (String name : List.of("groups", "long-codes", "alpha-groups")) {
      fails(new ByteArrayInputStream(webps.get(name)), DEFAULTS, "expected at most 1 for as many");
    }
    fails(new ByteArrayInputStream(webps.get("transforms")), DEFAULTS, "the same transform twice");
  }

  private static void exceeds(byte[] file, String option) {
    fails(new ByteArrayInputStream(file), DEFAULTS, "(ImageLimits." + option + ")");
  }

  @Test
  void endEndlessStreams() {
    byte[] gif = ImageBombs.gif(16, 16, new byte[0]);
    byte[] comment = {0x21, (byte) 0xfe, 1};
    byte[] beginning = ImageBombs.insert(Arrays.copyOf(gif, 19), 19, comment);
    fails(
        new SequenceInputStream(new ByteArrayInputStream(beginning), endless(1)),
        DEFAULTS.withEncodedBytes(10_000_000),
        "(ImageLimits.encodedBytes)");
    fails(endless(0), DEFAULTS, "found an unknown format");
  }

  /** What comes after a picture is not waited for. */
  @Test
  void readNoFurtherThanThePicture() {
    byte[] gif = ImageBombs.gif(16, 16, new byte[0]);
    InputStream stream = new SequenceInputStream(new ByteArrayInputStream(gif), endless(0));
    assertEquals(16, Image.read(stream).width());
  }

  private static InputStream endless(int value) {
    return new InputStream() {
      @Override
      public int read() {
        return value;
      }
    };
  }

  @Test
  void refuseSparseFilesByTheirSize(@TempDir Path folder) throws IOException {
    Path sparse = folder.resolve("sparse.gif");
    try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.write(ImageBombs.gif(16, 16, new byte[0]));
      file.setLength(1L << 33);
    }
    fails(sparse, DEFAULTS, "found 8589934592 bytes, expected at most 268435456");
  }

  @Test
  void areAtLeastOne() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> DEFAULTS.withPixels(0),
            () -> DEFAULTS.withSide(-1),
            () -> DEFAULTS.withEncodedBytes(0),
            () -> DEFAULTS.withScans(0),
            () -> DEFAULTS.withParts(0),
            () -> DEFAULTS.withMemory(Long.MIN_VALUE),
            () -> DEFAULTS.withDecodeTime(Duration.ZERO))) {
      ScanFormerException e = assertThrows(ScanFormerException.class, wrong::run);
      assertEquals(ErrorCode.BAD_INPUT, e.code());
    }
    Duration ages = Duration.ofSeconds(Long.MAX_VALUE);
    assertEquals(Long.MAX_VALUE, DEFAULTS.withDecodeTime(ages).decodeTime().toNanos());
    assertEquals(16, Image.read(gif(), DEFAULTS.withDecodeTime(ages)).width());
  }

  private static InputStream gif() {
    return new ByteArrayInputStream(ImageBombs.gif(16, 16, new byte[0]));
  }

  private static void fails(Path file, ImageLimits limits, String message) {
    fails(() -> Image.read(file, limits), message);
  }

  private static void fails(InputStream stream, ImageLimits limits, String message) {
    fails(() -> Image.read(stream, limits), message);
  }

  private static void fails(Runnable call, String message) {
    ScanFormerException e = assertThrows(ScanFormerException.class, call::run);
    assertEquals(ErrorCode.BAD_INPUT, e.code(), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
