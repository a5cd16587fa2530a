package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.reference.RandomExpression;
import org.scanformer.reference.RandomModel;
import org.scanformer.reference.ReferenceModel;
import org.scanformer.reference.ReferenceScale;
import org.scanformer.reference.ReferenceScan;
import org.scanformer.reference.ReferenceSelection;

/** Frames in the formats of cameras and decoders, against the float64 reference. */
class FrameTest {
  private static final int WIDTH = 51;
  private static final int HEIGHT = 39;

  @TempDir private Path directory;
  private ScanFormer model;
  private ReferenceModel reference;
  private final RandomExpression text = RandomExpression.of(5, 16, 4);

  /** The device family under test. */
  BackendKind backend() {
    return BackendKind.CPU;
  }

  @BeforeEach
  void open() throws Exception {
    RandomModel.tiny().seed(8).coarseGrid(2).scales(2).write(directory);
    reference = ReferenceModel.load(directory);
    model =
        ScanFormer.load(
            directory,
            ScanFormerOptions.builder().backend(backend()).precision(Precision.FP32).build());
  }

  @AfterEach
  void close() {
    if (model != null) {
      model.close();
    }
  }

  /** Random samples of a plane with rows of their own stride, in memory of a kind. */
  private static ByteBuffer samples(Random random, int stride, int rows, boolean direct) {
    byte[] bytes = new byte[5 + stride * rows];
    // Slow changes and noise: colours that are kept and colours that are clamped.
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 255 / bytes.length + random.nextInt(90));
    }
    ByteBuffer buffer =
        direct ? ByteBuffer.allocateDirect(bytes.length) : ByteBuffer.allocate(bytes.length);
    return buffer.put(bytes).position(5);
  }

  private static int at(ByteBuffer plane, int index) {
    return plane.get(plane.position() + index) & 0xff;
  }

  /** R, G and B by the equations of BT.601 and BT.709 with their own numbers. */
  private static double[] rgb(double luma, double cb, double cr, YuvColor color) {
    boolean bt601 = color == YuvColor.BT601_FULL || color == YuvColor.BT601_LIMITED;
    boolean limited = color == YuvColor.BT601_LIMITED || color == YuvColor.BT709_LIMITED;
    double y = limited ? (luma - 16) * 255 / 219 : luma;
    double u = (cb - 128) * (limited ? 255.0 / 224 : 1);
    double v = (cr - 128) * (limited ? 255.0 / 224 : 1);
    double red = y + (bt601 ? 1.402 : 1.5748) * v;
    double blue = y + (bt601 ? 1.772 : 1.8556) * u;
    double green =
        bt601
            ? (y - 0.299 * red - 0.114 * blue) / 0.587
            : (y - 0.2126 * red - 0.0722 * blue) / 0.7152;
    return new double[] {clamp(red), clamp(green), clamp(blue)};
  }

  private static double clamp(double value) {
    return Math.min(255, Math.max(0, value));
  }

  private void assertFinds(double[][][] pixels, Image image) {
    List<ReferenceScale> expected =
        ReferenceScan.run(reference, text.ids(), pixels, ReferenceSelection.all());
    Location found =
        model
            .locate(
                List.of(Request.of(image, text.text()).withSelection(SelectionPolicy.all())),
                Schedule.PER_SCALE)
            .get(0);
    for (int s = 0; s < 2; s++) {
      NormalizedBox box = found.scales().get(s).box();
      assertArrayEquals(
          expected.get(s).box(),
          new double[] {box.centerX(), box.centerY(), box.width(), box.height()},
          2e-4,
          image + ", scale " + s);
    }
  }

  static Stream<Arguments> colorsAndMemory() {
    return Stream.of(YuvColor.values())
        .flatMap(color -> Stream.of(Arguments.of(color, true), Arguments.of(color, false)));
  }

  /** The part of a 4:2:0 image from (x, y) on, as the reference takes it. */
  private interface Chroma {
    int get(int row, int column);
  }

  private static double[][][] convert(
      ByteBuffer luma, int stride, Chroma cb, Chroma cr, YuvColor color, int x, int y) {
    double[][][] pixels = new double[3][HEIGHT - y][WIDTH - x];
    for (int row = y; row < HEIGHT; row++) {
      for (int column = x; column < WIDTH; column++) {
        double[] rgb =
            rgb(
                at(luma, row * stride + column),
                cb.get(row / 2, column / 2),
                cr.get(row / 2, column / 2),
                color);
        for (int c = 0; c < 3; c++) {
          pixels[c][row - y][column - x] = rgb[c];
        }
      }
    }
    return pixels;
  }

  @ParameterizedTest
  @MethodSource("colorsAndMemory")
  void nv12(YuvColor color, boolean direct) {
    Random random = new Random(color.ordinal());
    ByteBuffer luma = samples(random, 60, HEIGHT, direct);
    ByteBuffer chroma = samples(random, 56, (HEIGHT + 1) / 2, direct);
    Image image = Image.nv12(luma, 60, chroma, 56, WIDTH, HEIGHT, color);
    Chroma cb = (row, column) -> at(chroma, row * 56 + 2 * column);
    Chroma cr = (row, column) -> at(chroma, row * 56 + 2 * column + 1);
    assertFinds(convert(luma, 60, cb, cr, color, 0, 0), image);
    assertFinds(
        convert(luma, 60, cb, cr, color, 10, 4), image.region(10, 4, WIDTH - 10, HEIGHT - 4));
  }

  @ParameterizedTest
  @MethodSource("colorsAndMemory")
  void i420(YuvColor color, boolean direct) {
    Random random = new Random(color.ordinal());
    ByteBuffer luma = samples(random, WIDTH, HEIGHT, direct);
    // Planes of several kinds of memory are one image too.
    ByteBuffer u = samples(random, 30, (HEIGHT + 1) / 2, true);
    ByteBuffer v = samples(random, 30, (HEIGHT + 1) / 2, direct);
    Image image = Image.i420(luma, WIDTH, u, v, 30, WIDTH, HEIGHT, color);
    Chroma cb = (row, column) -> at(u, row * 30 + column);
    Chroma cr = (row, column) -> at(v, row * 30 + column);
    assertFinds(convert(luma, WIDTH, cb, cr, color, 0, 0), image);
    assertFinds(
        convert(luma, WIDTH, cb, cr, color, 2, 6), image.region(2, 6, WIDTH - 2, HEIGHT - 6));
  }

  /** A sample as one of 8 bits, for the pixel of a row and a column. */
  private interface Sample {
    double get(int row, int column);
  }

  private void assertFindsYuv(Sample luma, Sample cb, Sample cr, Image image) {
    for (int y : new int[] {0, 6}) {
      for (int x : new int[] {0, 2}) {
        double[][][] pixels = new double[3][HEIGHT - y][WIDTH - x];
        for (int row = y; row < HEIGHT; row++) {
          for (int column = x; column < WIDTH; column++) {
            double u = cb.get(row, column);
            double v = cr.get(row, column);
            double[] rgb = rgb(luma.get(row, column), u, v, image.color());
            for (int c = 0; c < 3; c++) {
              pixels[c][row - y][column - x] = rgb[c];
            }
          }
        }
        assertFinds(pixels, image.region(x, y, WIDTH - x, HEIGHT - y));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("colorsAndMemory")
  void nv21(YuvColor color, boolean direct) {
    ByteBuffer frame = samples(new Random(4), 1, WIDTH * HEIGHT + 52 * 20, direct);
    int chroma = WIDTH * HEIGHT;
    assertFindsYuv(
        (row, column) -> at(frame, row * WIDTH + column),
        (row, column) -> at(frame, chroma + row / 2 * 52 + column / 2 * 2 + 1),
        (row, column) -> at(frame, chroma + row / 2 * 52 + column / 2 * 2),
        Image.yuv(frame, PixelFormat.NV21, WIDTH, HEIGHT, color));
  }

  @ParameterizedTest
  @MethodSource("colorsAndMemory")
  void packedYuv(YuvColor color, boolean direct) {
    int stride = 4 * 26 + 6;
    ByteBuffer frame = samples(new Random(5), stride, HEIGHT, direct);
    ByteBuffer[] planes = {frame};
    int[] strides = {stride};
    for (PixelFormat format : List.of(PixelFormat.YUYV, PixelFormat.UYVY)) {
      int luma = format == PixelFormat.YUYV ? 0 : 1;
      assertFindsYuv(
          (row, column) -> at(frame, row * stride + 2 * column + luma),
          (row, column) -> at(frame, row * stride + column / 2 * 4 + 1 - luma),
          (row, column) -> at(frame, row * stride + column / 2 * 4 + 3 - luma),
          Image.yuv(planes, strides, format, WIDTH, HEIGHT, color));
    }
  }

  @ParameterizedTest
  @MethodSource("colorsAndMemory")
  void p010(YuvColor color, boolean direct) {
    ByteBuffer luma = samples(new Random(6), 2 * WIDTH + 2, HEIGHT, direct);
    ByteBuffer chroma = samples(new Random(7), 4 * 26, 20, direct);
    boolean full = color == YuvColor.BT601_FULL || color == YuvColor.BT709_FULL;
    // The full range has 1023 levels above 0 rather than 4 times 255; chroma is relative to 512.
    double step = full ? 255.0 / 1023 : 0.25;
    assertFindsYuv(
        (row, column) -> step * tenBits(luma, row * (2 * WIDTH + 2) + 2 * column),
        (row, column) -> 128 + step * (tenBits(chroma, row / 2 * 104 + column / 2 * 4) - 512),
        (row, column) -> 128 + step * (tenBits(chroma, row / 2 * 104 + column / 2 * 4 + 2) - 512),
        Image.yuv(
            new ByteBuffer[] {luma, chroma},
            new int[] {2 * WIDTH + 2, 104},
            PixelFormat.P010,
            WIDTH,
            HEIGHT,
            color));
  }

  private static int tenBits(ByteBuffer plane, int index) {
    return (at(plane, index) | at(plane, index + 1) << 8) >> 6;
  }

  @Test
  void planesOneAfterAnother() {
    ByteBuffer frame = samples(new Random(1), 1, WIDTH * HEIGHT + 2 * 26 * 20, true);
    int chroma = WIDTH * HEIGHT;
    Chroma cb = (row, column) -> at(frame, chroma + row * 52 + 2 * column);
    Chroma cr = (row, column) -> at(frame, chroma + row * 52 + 2 * column + 1);
    YuvColor color = YuvColor.BT601_FULL;
    assertFinds(
        convert(frame, WIDTH, cb, cr, color, 0, 0), Image.nv12(frame, WIDTH, HEIGHT, color));
    cb = (row, column) -> at(frame, chroma + row * 26 + column);
    cr = (row, column) -> at(frame, chroma + 26 * 20 + row * 26 + column);
    assertFinds(
        convert(frame, WIDTH, cb, cr, color, 0, 0), Image.i420(frame, WIDTH, HEIGHT, color));
    assertEquals(5, frame.position());
  }

  @Test
  void packedPixels() {
    for (PixelFormat format : PixelFormat.values()) {
      if (format.isYuv()) {
        continue;
      }
      int bytes = format.bytesPerPixel();
      int stride = WIDTH * bytes + 7;
      ByteBuffer frame = samples(new Random(2), stride, HEIGHT, true);
      double[][][] pixels = new double[3][HEIGHT][WIDTH];
      for (int c = 0; c < 3; c++) {
        boolean reversed = format == PixelFormat.BGR || format == PixelFormat.BGRA;
        int channel = bytes == 1 ? 0 : reversed ? 2 - c : c;
        for (int row = 0; row < HEIGHT; row++) {
          for (int column = 0; column < WIDTH; column++) {
            pixels[c][row][column] = at(frame, row * stride + column * bytes + channel);
          }
        }
      }
      assertFinds(pixels, Image.of(frame, format, WIDTH, HEIGHT, stride));
    }
  }

  /** Frames that never leave the device, from memory that stands in for a decoder's. */
  @Test
  void pixelsOnTheDevice() {
    if (backend() == BackendKind.CPU) {
      Image image = Image.onDevice(4096, PixelFormat.RGB, 8, 8, 24);
      ScanFormerException refused =
          assertThrows(ScanFormerException.class, () -> model.locate(image, text.text()));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("memory of a CUDA device"), refused.getMessage());
      return;
    }
    try (DeviceFrames frames = new DeviceFrames()) {
      Random random = new Random(3);
      ByteBuffer luma = samples(random, 64, HEIGHT, true);
      ByteBuffer chroma = samples(random, 64, (HEIGHT + 1) / 2, true);
      Chroma cb = (row, column) -> at(chroma, row * 64 + 2 * column);
      Chroma cr = (row, column) -> at(chroma, row * 64 + 2 * column + 1);
      YuvColor color = YuvColor.BT709_LIMITED;
      Image nv12 =
          Image.nv12OnDevice(frames.put(luma), frames.put(chroma), WIDTH, HEIGHT, 64, color);
      assertFinds(convert(luma, 64, cb, cr, color, 0, 0), nv12);
      assertFinds(convert(luma, 64, cb, cr, color, 4, 2), nv12.region(4, 2, WIDTH - 4, HEIGHT - 2));

      ByteBuffer packed = samples(random, 4 * WIDTH, HEIGHT, true);
      Image host = Image.of(packed, PixelFormat.BGRA, WIDTH, HEIGHT);
      Image device = Image.onDevice(frames.put(packed), PixelFormat.BGRA, WIDTH, HEIGHT, 4 * WIDTH);
      assertEquals(
          model.locate(host, text.text()).normalizedBox(),
          model.locate(device, text.text()).normalizedBox());
      assertThrows(IllegalStateException.class, device::pixels);

      // What is not the device's is refused, before a kernel reads it.
      long address = new Pointer(packed).address();
      Image wrong = Image.onDevice(address, PixelFormat.BGRA, WIDTH, HEIGHT, 4 * WIDTH);
      ScanFormerException refused =
          assertThrows(ScanFormerException.class, () -> model.locate(wrong, text.text()));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertEquals(
          model.locate(host, text.text()).normalizedBox(),
          model.locate(device, text.text()).normalizedBox());

      // Nor is a plane whose last row is no longer in the device's memory.
      Image tooLong =
          Image.onDevice(device.address(0), PixelFormat.BGRA, WIDTH, HEIGHT + (1 << 20), 4 * WIDTH);
      refused = assertThrows(ScanFormerException.class, () -> model.locate(tooLong, text.text()));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
    }
  }

  private static Image yuv(PixelFormat format, int[] strides, ByteBuffer... planes) {
    return Image.yuv(planes, strides, format, 5, 4, YuvColor.BT601_FULL);
  }

  @Test
  void refusesWhatDoesNotFit() {
    ByteBuffer small = ByteBuffer.allocate(100);
    YuvColor color = YuvColor.BT601_FULL;
    for (Runnable wrong :
        List.<Runnable>of(
            () -> Image.nv12(small, 9, 8, color), // 72 + 4 * 10 bytes
            () -> Image.i420(small, 9, 8, color), // 72 + 2 * 4 * 5
            () -> Image.nv12(small, 8, small, 7, 8, 8, color),
            () -> Image.nv12(small, 8, small, 9, 9, 8, color),
            () -> Image.i420(small, 7, small, small, 4, 8, 8, color),
            () -> Image.i420(small, 8, small, small, 3, 8, 8, color),
            () -> Image.nv12(small, 8, 0, color),
            () -> Image.of(small, PixelFormat.NV12, 4, 4),
            () -> Image.of(small, PixelFormat.I420, 4, 4, 4),
            () -> Image.of(small, PixelFormat.YUYV, 4, 4),
            () -> Image.yuv(small, PixelFormat.RGB, 4, 4, color),
            () -> Image.yuv(small, PixelFormat.NV21, 9, 8, color),
            () -> Image.yuv(small, PixelFormat.YUYV, 5, 9, color), // 12 bytes a row
            () -> Image.yuv(small, PixelFormat.P010, 6, 6, color), // 72 + 3 * 12
            () -> yuv(PixelFormat.UYVY, new int[] {9}, small),
            () -> yuv(PixelFormat.P010, new int[] {10, 11}, small, small),
            () -> yuv(PixelFormat.NV21, new int[] {5}, small, small),
            () -> yuv(PixelFormat.I420, new int[] {5, 3}, small, small),
            () -> Image.yuv(small, PixelFormat.UYVY, 8, 4, color).region(1, 0, 4, 4),
            () -> Image.nv12(small, 8, 8, color).region(1, 0, 4, 4),
            () -> Image.i420(small, 8, 8, color).region(0, 3, 4, 4),
            () -> Image.onDevice(0, PixelFormat.RGB, 4, 4, 12),
            () -> Image.onDevice(64, PixelFormat.RGB, 4, 4, 11),
            () -> Image.onDevice(64, PixelFormat.NV12, 4, 4, 12),
            () -> Image.nv12OnDevice(64, 0, 4, 4, 4, color),
            () -> Image.nv12OnDevice(64, 64, 5, 4, 5, color))) {
      ScanFormerException refused = assertThrows(ScanFormerException.class, wrong::run);
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("expected"), refused.getMessage());
    }
  }
}
