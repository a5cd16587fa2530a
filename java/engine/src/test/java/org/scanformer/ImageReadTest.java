package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A damaged file must not keep a decoder busy for long either, hence the limit. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ImageReadTest {
  /** The blocks of src/test/resources/images, row by row. */
  private static final String STORED = "RG/BY/CM";

  private static final int BLOCK = 16;

  @ParameterizedTest
  @CsvSource({
    "progressive.jpg, 8",
    "cmyk.jpg, 8",
    "ycck.jpg, 8",
    "cmyk.tif, 0",
    "lossless.webp, 0",
    "lossy.webp, 8",
  })
  void decodesFormatsThatImageIoCannotWrite(String file, int tolerance) {
    assertBlocks(STORED, Image.read(resource(file)), tolerance);
  }

  @ParameterizedTest
  @ValueSource(strings = {"swapped-profile.jpg", "swapped-profile.webp"})
  void keepsSamplesInSpiteOfAColourProfile(String file) {
    assertBlocks(STORED, Image.read(resource(file)), 8);
  }

  @ParameterizedTest
  @CsvSource({
    "1, RG/BY/CM",
    "2, GR/YB/MC",
    "3, MC/YB/GR",
    "4, CM/BY/RG",
    "5, RBC/GYM",
    "6, CBR/MYG",
    "7, MYG/CBR",
    "8, GYM/RBC",
  })
  void turnsPicturesUpright(int orientation, String blocks) {
    assertBlocks(blocks, Image.read(resource("orientation-" + orientation + ".jpg")), 8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "webp", "tif"})
  void findsTheOrientationInEveryFormatThatHasOne(String suffix) {
    assertBlocks("CBR/MYG", Image.read(resource("orientation-6." + suffix)), 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "tiff", "gif", "jpg"})
  void decodesWhatImageIoWrites(String format) {
    assertBlocks(STORED, decode(encode(blocks(), format)), format.equals("jpg") ? 60 : 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "tiff", "jpg"})
  void keepsGraySamples(String format) {
    BufferedImage gray = new BufferedImage(16, 8, BufferedImage.TYPE_BYTE_GRAY);
    gray.getRaster().setSamples(0, 0, 16, 8, 0, filled(16 * 8, 100));
    assertPixel(decode(encode(gray, format)), 15, 7, 1, 100, 100, 100);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void decodesPalettesOfFewBits(int bits) {
    byte[] red = {(byte) 200, 10};
    byte[] green = {100, 20};
    byte[] blue = {50, 30};
    IndexColorModel palette = new IndexColorModel(bits, 2, red, green, blue);
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_BINARY, palette);
    image.getRaster().setSample(2, 1, 0, 1);
    Image decoded = decode(encode(image, "png"));
    assertPixel(decoded, 0, 0, 0, 200, 100, 50);
    assertPixel(decoded, 2, 1, 0, 10, 20, 30);
  }

  @Test
  void compositesTransparentPaletteEntriesOntoBlack() {
    byte[] value = {(byte) 200, (byte) 200};
    IndexColorModel palette = new IndexColorModel(8, 2, value, value, value, 1);
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
    image.getRaster().setSample(1, 0, 0, 1);
    for (String format : new String[] {"png", "gif"}) {
      Image decoded = decode(encode(image, format));
      assertPixel(decoded, 0, 0, 0, 200, 200, 200);
      assertPixel(decoded, 1, 0, 0, 0, 0, 0);
    }
  }

  @Test
  void compositesAlphaOntoBlack() {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_4BYTE_ABGR);
    image.setRGB(0, 0, 0x80ff6404);
    image.setRGB(1, 0, 0xff102030);
    Image decoded = decode(encode(image, "png"));
    assertPixel(decoded, 0, 0, 0, 128, 50, 2); // 255, 100, 4 times 128 / 255
    assertPixel(decoded, 1, 0, 0, 16, 32, 48);
  }

  /**
   * PNGs put together by hand: the JDK's writer makes no 16-bit RGBA, no transparent colour, no
   * 2-bit gray.
   */
  @ParameterizedTest
  @CsvSource({
    // depth, colour type, transparent colour (hex), one row of pixels (hex), first pixel, second
    // pixel
    "1, 0, '', 40, 0 0 0, 255 255 255",
    "2, 0, '', 60, 85 85 85, 170 170 170",
    "4, 0, '', 3c, 51 51 51, 204 204 204",
    "8, 0, '', 64c8, 100 100 100, 200 200 200",
    "8, 0, 00c8, 64c8, 100 100 100, 0 0 0",
    "16, 0, '', 00800081, 0 0 0, 1 1 1",
    "8, 2, '', 010203c86432, 1 2 3, 200 100 50",
    "8, 2, 000100020003, 010203c86432, 0 0 0, 200 100 50",
    "16, 2, '', 6464323201010080008100ff, 100 50 1, 0 1 1",
    "8, 4, '', c880c8ff, 100 100 100, 200 200 200",
    "16, 4, '', c8c88080c8c8ffff, 100 100 100, 200 200 200",
    "8, 6, '', c86432800a141eff, 100 50 25, 10 20 30",
    "16, 6, '', c8c864643232808000000a0a1414ffff, 100 50 25, 0 10 20",
  })
  void decodesEveryKindOfPng(
      int depth, int colorType, String transparent, String row, String first, String second) {
    Image image = decode(Pngs.png(2, 1, depth, colorType, transparent, row));
    assertPixel(image, 0, 0, 0, ints(first));
    assertPixel(image, 1, 0, 0, ints(second));
  }

  @Test
  void readsFromTheMiddleOfAStreamAndLeavesItOpen() throws IOException {
    byte[] png = encode(blocks(), "png");
    byte[] prefixed = new byte[png.length + 7];
    System.arraycopy(png, 0, prefixed, 7, png.length);
    boolean[] closed = new boolean[1];
    try (InputStream stream =
        new ByteArrayInputStream(prefixed) {
          @Override
          public void close() {
            closed[0] = true;
          }
        }) {
      stream.skipNBytes(7);
      assertBlocks(STORED, Image.read(stream), 0);
      assertEquals(false, closed[0]);
    }
  }

  @Test
  void ignoresTheContextClassLoader() throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread thread =
        new Thread(() -> assertBlocks(STORED, Image.read(resource("lossless.webp")), 0));
    thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
    thread.setUncaughtExceptionHandler((t, e) -> failure.set(e));
    thread.start();
    thread.join();
    assertEquals(null, failure.get());
  }

  @Test
  void printsNothing() {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (PrintStream recorder = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
      System.setOut(recorder);
      System.setErr(recorder);
      for (String file :
          new String[] {
            "progressive.jpg",
            "cmyk.jpg",
            "ycck.jpg",
            "cmyk.tif",
            "lossy.webp",
            "lossless.webp",
            "orientation-6.png",
            "orientation-6.tif",
            "orientation-6.webp",
            "swapped-profile.jpg"
          }) {
        Image.read(resource(file));
      }
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    assertEquals("", printed.toString(StandardCharsets.UTF_8));
  }

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
          Image.read(new ByteArrayInputStream(damaged), 1_000_000);
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
        "expected at most 536870911",
        () -> Image.read(new ByteArrayInputStream(bomb), Long.MAX_VALUE));
    Path file = resource("lossless.webp");
    assertEquals(32, Image.read(file, 32 * 48).width());
    fails(
        file + ": found 32x48 = 1536 pixels, expected at most 1535",
        () -> Image.read(file, 32 * 48 - 1));
    fails("found a limit of 0 pixels", () -> Image.read(file, 0));
  }

  /** Of a size within every limit, but more than the heap of these tests, 2 GiB, can hold. */
  @Test
  void reportsThatTheHeapIsTooSmall() {
    byte[] large = Pngs.png(23_000, 23_000, 16, 6, "", "00");
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class,
            () -> Image.read(new ByteArrayInputStream(large), Long.MAX_VALUE));
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

  private static void assertBlocks(String blocks, Image image, int tolerance) {
    String[] rows = blocks.split("/");
    assertEquals(rows[0].length() * BLOCK, image.width());
    assertEquals(rows.length * BLOCK, image.height());
    for (int row = 0; row < rows.length; row++) {
      for (int column = 0; column < rows[row].length(); column++) {
        int x = column * BLOCK + BLOCK / 2;
        int y = row * BLOCK + BLOCK / 2;
        assertPixel(image, x, y, tolerance, color(rows[row].charAt(column)));
      }
    }
  }

  private static int[] color(char name) {
    return switch (name) {
      case 'R' -> new int[] {255, 0, 0};
      case 'G' -> new int[] {0, 255, 0};
      case 'B' -> new int[] {0, 0, 255};
      case 'Y' -> new int[] {255, 255, 0};
      case 'C' -> new int[] {0, 255, 255};
      case 'M' -> new int[] {255, 0, 255};
      default -> throw new IllegalArgumentException(String.valueOf(name));
    };
  }

  private static BufferedImage blocks() {
    BufferedImage image = new BufferedImage(2 * BLOCK, 3 * BLOCK, BufferedImage.TYPE_3BYTE_BGR);
    String[] rows = STORED.split("/");
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int[] color = color(rows[y / BLOCK].charAt(x / BLOCK));
        image.setRGB(x, y, color[0] << 16 | color[1] << 8 | color[2]);
      }
    }
    return image;
  }

  static void assertPixel(Image image, int x, int y, int tolerance, int... rgb) {
    int[] offsets =
        switch (image.format()) {
          case RGB, RGBA -> new int[] {0, 1, 2};
          case BGR, BGRA -> new int[] {2, 1, 0};
          case GRAY -> new int[] {0, 0, 0};
          case NV12, I420 -> throw new AssertionError("files are read as packed pixels");
        };
    ByteBuffer pixels = image.pixels();
    int start = y * image.rowStride() + x * image.format().bytesPerPixel();
    for (int c = 0; c < 3; c++) {
      int found = pixels.get(start + offsets[c]) & 0xff;
      String where = "channel " + c + " of (" + x + ", " + y + ")";
      assertEquals(rgb[c], found, tolerance, where);
    }
  }

  private static byte[] encode(BufferedImage image, String format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      assertTrue(ImageIO.write(image, format, out), format);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static Image decode(byte[] file) {
    return Image.read(new ByteArrayInputStream(file));
  }

  private static Path resource(String name) {
    try {
      return Path.of(ImageReadTest.class.getResource("/images/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int[] filled(int count, int value) {
    int[] values = new int[count];
    Arrays.fill(values, value);
    return values;
  }

  private static int[] ints(String values) {
    return Arrays.stream(values.split(" ")).mapToInt(Integer::parseInt).toArray();
  }
}
