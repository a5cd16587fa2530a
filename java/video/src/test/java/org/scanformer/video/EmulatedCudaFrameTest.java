package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.bytedeco.ffmpeg.global.avutil;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.SelectionPolicy;
import org.scanformer.YuvColor;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.cuda.CudaBackend;
import org.scanformer.internal.cuda.CudaDevices;

/**
 * A model reads frames as NVDEC's are in the memory of a GPU, with the CUDA kernels emulated on the
 * host. NVDEC itself is not emulated, nor what FFmpeg and {@link CudaDecoding} call of CUDA.
 */
@Tag("emulation")
class EmulatedCudaFrameTest {
  private static final int WIDTH = 160;
  private static final int HEIGHT = 120;
  private static final int PITCH = 512;
  private static final YuvColor COLOR = YuvColor.BT601_LIMITED;

  private static ScanFormer model;

  /** Of the device's memory; none of the model's. */
  private static CudaBackend memory;

  @BeforeAll
  static void open() {
    model =
        ScanFormer.load(
            ScanFormerOptions.builder()
                .backend(BackendKind.CUDA)
                .precision(Precision.FP32)
                .build());
    memory = CudaBackend.open(CudaDevices.probe(0), Precision.FP32);
  }

  @AfterAll
  static void close() {
    memory.close();
    model.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = PixelFormat.class,
      names = {"NV12", "P010"})
  void aModelReadsAFrameOfNvdecWhereItIs(PixelFormat format) {
    ByteBuffer luma = plane(1, HEIGHT);
    ByteBuffer chroma = plane(2, HEIGHT / 2);
    int[] pitches = {PITCH, PITCH};
    Image host = Image.yuv(new ByteBuffer[] {luma, chroma}, pitches, format, WIDTH, HEIGHT, COLOR);
    FrameSlot slot = new FrameSlot();
    try (FrameImages images = new FrameImages()) {
      int pixels = format == PixelFormat.NV12 ? avutil.AV_PIX_FMT_NV12 : avutil.AV_PIX_FMT_P010LE;
      DeviceFrame.describe(slot.frame, pixels, WIDTH, HEIGHT, PITCH, upload(luma), upload(chroma));
      slot.frame.colorspace(avutil.AVCOL_SPC_SMPTE170M);
      VideoFrame frame = images.of(slot, true);
      assertEquals(0, frame.copies());
      assertTrue(frame.image().isOnDevice());
      assertEquals(
          model.locate(asked(host)).normalizedBox(),
          model.locate(asked(frame.image())).normalizedBox());
    } finally {
      slot.free();
    }
  }

  /** Few patches, as emulation is slow. */
  private static Request asked(Image image) {
    return Request.of(image, MovingShapes.CIRCLE).withSelection(SelectionPolicy.none());
  }

  private static ByteBuffer plane(long seed, int rows) {
    byte[] bytes = new byte[PITCH * rows];
    new SplittableRandom(seed).nextBytes(bytes);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  private static long upload(ByteBuffer bytes) {
    Tensor tensor = new Tensor("frame", ElementType.U8, bytes.remaining(), 1);
    memory.allocate(tensor);
    memory.upload(tensor, 0, bytes);
    return tensor.address();
  }
}
