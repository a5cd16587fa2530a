package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.Precision;
import org.scanformer.ScanFormerOptions;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.backend.PyramidBatch;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.engine.Backends;

/** Pyramids that share launches, against those of one image each on the CPU. */
@Tag("emulation")
class EmulatedPyramidsTest {
  private static final String STAGING_BYTES = "org.scanformer.cuda.stagingBytes";
  private static final int PATCH = 4;
  private static final int SCALES = 2;

  /** Pixels of the largest canvas: the coarsest grid has 2 x 2 patches at most. */
  private static final int CANVAS = 3 * 4 * PATCH * PATCH * 5;

  private static final float TOLERANCE = 1e-5f;

  private final Random random = new Random(7);

  /** Where the pixels of the last batch were. */
  private final Set<Long> places = new HashSet<>();

  /** An image and the grid that it is given. */
  private record Frame(Image image, int rows, int cols) {}

  private Frame frame(PixelFormat format, int width, int height, int rows, int cols) {
    ByteBuffer pixels =
        ByteBuffer.allocateDirect((format == PixelFormat.GRAY ? 1 : 3) * width * height);
    for (int i = 0; i < pixels.limit(); i++) {
      pixels.put(i, (byte) random.nextInt());
    }
    return new Frame(Image.of(pixels, format, width, height), rows, cols);
  }

  private static FloatBuffer direct(float... values) {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.nativeOrder()).asFloatBuffer();
    return buffer.put(values).flip();
  }

  /** The canvases of the frames, of which the last one comes to the first place. */
  private float[] canvases(BackendKind kind, List<Frame> frames, int together) {
    ScanFormerOptions options =
        ScanFormerOptions.builder().backend(kind).precision(Precision.FP32).build();
    float[] result = new float[frames.size() * CANVAS];
    try (Backend backend = Backends.open(options)) {
      Tensor mean = new Tensor("mean", ElementType.F32, 1, 3);
      Tensor std = new Tensor("std", ElementType.F32, 1, 3);
      Tensor canvases = new Tensor("canvases", ElementType.F32, frames.size(), CANVAS);
      for (Tensor tensor : List.of(mean, std, canvases)) {
        backend.allocate(tensor);
      }
      backend.upload(mean, 0, direct(0.4f, 0.5f, 0.6f));
      backend.upload(std, 0, direct(0.5f, 0.25f, 1));
      PyramidBatch batch = new PyramidBatch(together);
      for (int f = 0; f < frames.size(); f++) {
        Frame frame = frames.get(f);
        batch.add(new PixelSource(frame.image), frame.rows, frame.cols, frames.size() - 1 - f);
        if (batch.size() == together || f == frames.size() - 1) {
          backend.buildPyramids(batch, PATCH, SCALES, mean, std, canvases.window("canvas"));
          places.clear();
          for (int i = 0; i < batch.size(); i++) {
            places.add(batch.image(i).place(0));
          }
          batch.clear();
        }
      }
      FloatBuffer host = direct(result);
      backend.download(canvases, 0, host);
      host.rewind().get(result);
    }
    return result;
  }

  /** More frames of one kind than share launches, then others in between. */
  @Test
  void framesAreAsTheyAreByThemselves() {
    assertAsByThemselves(frames());
  }

  /** Pixels for which there is no room at once take turns. */
  @Test
  void framesThatTakeTurnsAreAsTheyAreByThemselves() {
    long ofAFrame = 3 * 21 * 17;
    String before = System.setProperty(STAGING_BYTES, Long.toString(3 * ofAFrame - 1));
    try {
      List<Frame> frames = frames();
      // By itself it is larger than the room for all.
      frames.add(5, frame(PixelFormat.RGB, 80, 40, 2, 2));
      assertAsByThemselves(frames);
      assertTrue(places.size() <= 3 * 3, places.size() + " places, that of one frame made room");
    } finally {
      if (before == null) {
        System.clearProperty(STAGING_BYTES);
      } else {
        System.setProperty(STAGING_BYTES, before);
      }
    }
  }

  /** Sessions reserve what their declared frames go through, and no more. */
  @Test
  void stagingIsBounded() {
    long most = 512 << 20;
    try (CudaBackend backend = CudaBackend.open(CudaDevices.probe(0), Precision.FP32)) {
      assertEquals(64 * 1000, backend.stagingBytes(1000, 64));
      assertEquals(most, backend.stagingBytes(4L * 3840 * 2160, 64));
      assertEquals(most + 1, backend.stagingBytes(most + 1, 2));
      assertEquals(Integer.MAX_VALUE, backend.stagingBytes(1L << 40, 2));
      assertEquals(0, backend.stagingBytes(0, 64));
    }
  }

  private List<Frame> frames() {
    List<Frame> frames = new ArrayList<>();
    for (int i = 0; i < 2 * CudaPyramids.MOST_ALIKE + 3; i++) {
      frames.add(frame(PixelFormat.RGB, 21, 17, 2, 2));
    }
    frames.add(frame(PixelFormat.RGB, 21, 17, 1, 2));
    frames.add(frame(PixelFormat.BGR, 21, 17, 1, 2));
    frames.add(frame(PixelFormat.BGR, 20, 17, 1, 2));
    frames.add(frame(PixelFormat.BGR, 20, 18, 1, 2));
    frames.add(frame(PixelFormat.GRAY, 20, 18, 1, 2));
    frames.add(frame(PixelFormat.GRAY, 20, 18, 1, 2));
    frames.add(frame(PixelFormat.GRAY, 20, 18, 2, 1));
    return frames;
  }

  private void assertAsByThemselves(List<Frame> frames) {
    float[] expected = canvases(BackendKind.CPU, frames, 1);
    float[] actual = canvases(BackendKind.CUDA, frames, frames.size());
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], TOLERANCE, "value " + i % CANVAS + " of " + i / CANVAS);
    }
  }
}
