package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.scanformer.ImageFiles.STORED;
import static org.scanformer.ImageFiles.assertBlocks;
import static org.scanformer.ImageFiles.assertPixel;
import static org.scanformer.ImageFiles.blocks;
import static org.scanformer.ImageFiles.decode;
import static org.scanformer.ImageFiles.encode;
import static org.scanformer.ImageFiles.resource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as viewers show them: frames on their canvas, filled-up files, samples of floats. */
class ImageCanvasTest {
  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void showsTheFirstFrameOfGifAtItsPlace() {
    byte[] gif = encode(blocks(), "gif");
    ByteBuffer fields = ByteBuffer.wrap(gif).order(ByteOrder.LITTLE_ENDIAN);
    fields.putShort(6, (short) 480).putShort(8, (short) 320);
    int frame = 13 + 3 * (2 << (gif[10] & 7));
    while (gif[frame] != 0x2c) {
      frame++;
    }
    fields.putShort(frame + 1, (short) 200).putShort(frame + 3, (short) 160);
    assertOnCanvas(decode(gif));
  }

  @Test
  void showsTheFirstFrameOfWebpAtItsPlace() throws IOException {
    byte[] still = Files.readAllBytes(resource("lossless.webp"));
    byte[] picture = Arrays.copyOfRange(still, 12, still.length);
    ByteBuffer file = little(12 + 18 + 14 + 24 + picture.length);
    file.put(name("RIFF")).putInt(file.capacity() - 8).put(name("WEBP"));
    file.put(name("VP8X")).putInt(10).putInt(2);
    put24(file, 480 - 1);
    put24(file, 320 - 1);
    file.put(name("ANIM")).putInt(6).putInt(0).putShort((short) 0);
    file.put(name("ANMF")).putInt(16 + picture.length);
    put24(file, 200 / 2);
    put24(file, 160 / 2);
    put24(file, 32 - 1);
    put24(file, 48 - 1);
    put24(file, 100);
    file.put((byte) 0).put(picture);
    assertOnCanvas(decode(file.array()));
    file.putInt(44 + 8, 470 / 2); // does not fit in
    assertEquals(
        ErrorCode.BAD_INPUT,
        assertThrows(ScanFormerException.class, () -> decode(file.array())).code());
  }

  private static byte[] name(String chunk) {
    return chunk.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static void put24(ByteBuffer out, int value) {
    out.putShort((short) value).put((byte) (value >> 16));
  }

  private static void assertOnCanvas(Image image) {
    assertEquals(480, image.width());
    assertEquals(320, image.height());
    assertPixel(image, 199, 160, 0, 255, 255, 255);
    assertPixel(image, 200, 159, 0, 255, 255, 255);
    assertPixel(image, 232, 207, 0, 255, 255, 255);
    assertPixel(image, 200, 160, 0, 255, 0, 0);
    assertPixel(image, 231, 160, 0, 0, 255, 0);
    assertPixel(image, 200, 207, 0, 0, 255, 255);
    assertBlocks(STORED, image.region(200, 160, 32, 48), 0);
  }

  @ParameterizedTest
  @CsvSource({
    "progressive.jpg, 0",
    "progressive.jpg, 255",
    "cmyk.jpg, 0",
    "orientation-1.jpg, 255"
  })
  void readsJpegsFilledUpInPlaceOfTheEndMarker(String file, int filling) throws IOException {
    byte[] whole = Files.readAllBytes(resource(file));
    byte[] filled = Arrays.copyOf(whole, whole.length + 1000);
    Arrays.fill(filled, whole.length - 2, filled.length, (byte) filling);
    assertBlocks(STORED, decode(filled), 8);
    assertBlocks(STORED, decode(Arrays.copyOf(whole, whole.length - 2)), 8);
  }

  /** A preallocated file whose rest never came must not pass for a picture. */
  @ParameterizedTest
  @ValueSource(strings = {"progressive.jpg", "cmyk.jpg", "orientation-1.jpg"})
  void refusesTruncatedJpegsThatAreFilledUp(String file) throws IOException {
    byte[] whole = Files.readAllBytes(resource(file));
    for (int percent : new int[] {40, 60, 80, 90}) {
      for (int filling : new int[] {0, 255}) {
        byte[] filled = whole.clone();
        Arrays.fill(filled, whole.length * percent / 100, whole.length, (byte) filling);
        assertEquals(
            ErrorCode.BAD_INPUT,
            assertThrows(ScanFormerException.class, () -> decode(filled)).code());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 255", "0.5, 128", "255, 255", "100, 100", "1.6, 2"})
  void takesFloatsAsZeroToOneOrTo255(float sample, int level) {
    assertPixel(decode(floatTiff(sample, sample)), 0, 0, 0, level, level, level);
  }

  /** A light brighter than white in a picture of 0 to 1. */
  @Test
  void keepsTheRangeOfFloatsWithLights() {
    Image image = decode(floatTiff(0.2f, 1.4f));
    assertPixel(image, 0, 0, 0, 51, 51, 51);
    assertPixel(image, 1, 0, 0, 255, 255, 255);
  }

  /** A gray TIFF of two pixels. */
  private static byte[] floatTiff(float first, float second) {
    int[][] entries = {
      {256, 2}, {257, 1}, {258, 32}, {259, 1}, {262, 1}, {273, 8}, {277, 1}, {278, 1}, {279, 8},
      {339, 3}
    };
    ByteBuffer file = little(16 + 2 + 12 * entries.length + 4);
    file.put(name("II*\0")).putInt(16).putFloat(first).putFloat(second);
    file.putShort((short) entries.length);
    for (int[] entry : entries) {
      file.putShort((short) entry[0]).putShort((short) 4).putInt(1).putInt(entry[1]);
    }
    return file.array();
  }
}
