package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.scanformer.ImageFiles.STORED;
import static org.scanformer.ImageFiles.assertBlocks;
import static org.scanformer.ImageFiles.assertPixel;
import static org.scanformer.ImageFiles.blocks;
import static org.scanformer.ImageFiles.decode;
import static org.scanformer.ImageFiles.encode;
import static org.scanformer.ImageFiles.resource;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What image files decode to. */
class ImageReadTest {
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
  void compositesTransparentPaletteEntriesOntoWhite() {
    byte[] value = {(byte) 200, (byte) 200};
    IndexColorModel palette = new IndexColorModel(8, 2, value, value, value, 1);
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
    image.getRaster().setSample(1, 0, 0, 1);
    for (String format : new String[] {"png", "gif"}) {
      Image decoded = decode(encode(image, format));
      assertPixel(decoded, 0, 0, 0, 200, 200, 200);
      assertPixel(decoded, 1, 0, 0, 255, 255, 255);
    }
  }

  @Test
  void compositesAlphaOntoWhite() {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_4BYTE_ABGR);
    image.setRGB(0, 0, 0x80ff6404);
    image.setRGB(1, 0, 0xff102030);
    Image decoded = decode(encode(image, "png"));
    assertPixel(decoded, 0, 0, 0, 255, 177, 129); // 255, 100, 4 times 128 / 255, and 127
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
    "8, 0, 00c8, 64c8, 100 100 100, 255 255 255",
    "16, 0, '', 00800081, 0 0 0, 1 1 1",
    "8, 2, '', 010203c86432, 1 2 3, 200 100 50",
    "8, 2, 000100020003, 010203c86432, 255 255 255, 200 100 50",
    "16, 2, '', 6464323201010080008100ff, 100 50 1, 0 1 1",
    "8, 4, '', c880c8ff, 227 227 227, 200 200 200",
    "16, 4, '', c8c88080c8c8ffff, 227 227 227, 200 200 200",
    "8, 6, '', c86432800a141eff, 227 177 152, 10 20 30",
    "16, 6, '', c8c864643232808000000a0a1414ffff, 227 177 152, 0 10 20",
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

  private static int[] filled(int count, int value) {
    int[] values = new int[count];
    Arrays.fill(values, value);
    return values;
  }

  private static int[] ints(String values) {
    return Arrays.stream(values.split(" ")).mapToInt(Integer::parseInt).toArray();
  }
}
