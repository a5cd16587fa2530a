package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.scanformer.ImageFiles.assertPixel;

import java.awt.Point;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageOfBufferedImageTest {
  @ParameterizedTest
  @CsvSource({
    BufferedImage.TYPE_INT_RGB + ", BGRA",
    BufferedImage.TYPE_INT_ARGB + ", BGRA",
    BufferedImage.TYPE_INT_ARGB_PRE + ", BGRA",
    BufferedImage.TYPE_INT_BGR + ", RGBA",
    BufferedImage.TYPE_3BYTE_BGR + ", RGB",
    BufferedImage.TYPE_4BYTE_ABGR + ", RGB",
    BufferedImage.TYPE_4BYTE_ABGR_PRE + ", RGB",
  })
  void keepsOpaqueColours(int type, PixelFormat format) {
    BufferedImage image = new BufferedImage(3, 2, type);
    image.setRGB(2, 1, 0xffc86432);
    Image copy = Image.of(image);
    assertEquals(format, copy.format());
    assertEquals(3, copy.width());
    assertEquals(2, copy.height());
    assertPixel(copy, 2, 1, 0, 200, 100, 50);
    int background = image.getColorModel().hasAlpha() ? 255 : 0;
    assertPixel(copy, 1, 1, 0, background, background, background);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_INT_ARGB,
        BufferedImage.TYPE_INT_ARGB_PRE,
        BufferedImage.TYPE_4BYTE_ABGR,
        BufferedImage.TYPE_4BYTE_ABGR_PRE
      })
  void compositesAlphaOntoWhite(int type) {
    BufferedImage image = new BufferedImage(2, 1, type);
    image.setRGB(0, 0, 0x80c86432);
    image.setRGB(1, 0, 0x00ffffff);
    Image copy = Image.of(image);
    assertPixel(copy, 0, 0, 0, 227, 177, 152);
    assertPixel(copy, 1, 0, 0, 255, 255, 255);
  }

  @Test
  void keepsGrayAndRoundsSixteenBits() {
    BufferedImage bytes = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage shorts = new BufferedImage(65536, 1, BufferedImage.TYPE_USHORT_GRAY);
    for (int v = 0; v < 256; v++) {
      bytes.getRaster().setSample(v, 0, 0, v);
    }
    for (int v = 0; v < 65536; v++) {
      shorts.getRaster().setSample(v, 0, 0, v);
    }
    Image fromBytes = Image.of(bytes);
    Image fromShorts = Image.of(shorts);
    assertEquals(PixelFormat.GRAY, fromBytes.format());
    assertEquals(PixelFormat.GRAY, fromShorts.format());
    for (int v = 0; v < 256; v++) {
      assertEquals(v, fromBytes.pixels().get(v) & 0xff);
    }
    for (int v = 0; v < 65536; v++) {
      assertEquals((v + 128) / 257, fromShorts.pixels().get(v) & 0xff);
    }
  }

  @Test
  void stretchesPackedBits() {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_565_RGB);
    image.getRaster().setPixel(0, 0, new int[] {31, 32, 1});
    assertPixel(Image.of(image), 0, 0, 0, 255, 130, 8); // 255 * 32 / 63 = 129.5, 255 / 31 = 8.2
  }

  @Test
  void looksUpPalettes() {
    byte[] values = {0, (byte) 200};
    byte[] alpha = {(byte) 255, (byte) 128};
    IndexColorModel palette = new IndexColorModel(8, 2, values, values, values, alpha);
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
    image.getRaster().setSample(1, 0, 0, 1);
    assertPixel(Image.of(image), 1, 0, 0, 227, 227, 227);
    image.getRaster().setSample(1, 0, 0, 9); // past the palette's end
    assertPixel(Image.of(image), 1, 0, 0, 0, 0, 0);
  }

  @ParameterizedTest
  @CsvSource({
    DataBuffer.TYPE_SHORT + ", 32767",
    DataBuffer.TYPE_INT + ", 4294967295",
    DataBuffer.TYPE_FLOAT + ", 1",
    DataBuffer.TYPE_DOUBLE + ", 1",
  })
  void takesSamplesOfAnyType(int type, double max) {
    ComponentColorModel colors =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_sRGB),
            false,
            false,
            ComponentColorModel.OPAQUE,
            type);
    WritableRaster raster = colors.createCompatibleWritableRaster(1, 1);
    double[] row = {max, max / 5, 0};
    for (int b = 0; b < 3; b++) {
      if (type == DataBuffer.TYPE_INT) {
        raster.setSample(0, 0, b, (int) (long) row[b]);
      } else {
        raster.setSample(0, 0, b, row[b]);
      }
    }
    assertPixel(Image.of(new BufferedImage(colors, raster, false, null)), 0, 0, 0, 255, 51, 0);
  }

  @Test
  void clampsFloatsAndTakesNanForBlack() {
    ComponentColorModel colors =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_sRGB),
            false,
            false,
            ComponentColorModel.OPAQUE,
            DataBuffer.TYPE_FLOAT);
    WritableRaster raster = colors.createCompatibleWritableRaster(1, 1);
    raster.setPixel(0, 0, new float[] {3, -2, Float.NaN});
    assertPixel(Image.of(new BufferedImage(colors, raster, false, null)), 0, 0, 0, 255, 0, 0);
  }

  @Test
  void takesOtherBandOrdersAndPlanes() {
    ComponentColorModel colors =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_sRGB),
            false,
            false,
            ComponentColorModel.OPAQUE,
            DataBuffer.TYPE_BYTE);
    WritableRaster planes = Raster.createBandedRaster(DataBuffer.TYPE_BYTE, 2, 2, 3, new Point());
    planes.setPixel(1, 1, new int[] {200, 100, 50});
    Image copy = Image.of(new BufferedImage(colors, planes, false, null));
    assertPixel(copy, 1, 1, 0, 200, 100, 50);
    assertPixel(copy, 0, 0, 0, 0, 0, 0);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_INT_RGB,
        BufferedImage.TYPE_INT_ARGB,
        BufferedImage.TYPE_3BYTE_BGR,
        BufferedImage.TYPE_BYTE_GRAY,
        BufferedImage.TYPE_USHORT_GRAY,
        BufferedImage.TYPE_BYTE_INDEXED
      })
  void takesPartsOfLargerImages(int type) {
    BufferedImage image = new BufferedImage(8, 6, type);
    image.setRGB(5, 4, 0xffffffff);
    Image copy = Image.of(image.getSubimage(3, 2, 4, 3));
    assertEquals(4, copy.width());
    assertEquals(3, copy.height());
    assertPixel(copy, 2, 2, 0, 255, 255, 255);
    int background = image.getColorModel().hasAlpha() ? 255 : 0;
    assertPixel(copy, 1, 2, 0, background, background, background);
  }

  @Test
  void copies() {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    Image copy = Image.of(image);
    image.setRGB(0, 0, 0xffffff);
    assertPixel(copy, 0, 0, 0, 0, 0, 0);
  }
}
