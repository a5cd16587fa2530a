package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.junit.jupiter.api.Test;
import org.scanformer.BackendKind;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.YuvColor;

/**
 * Decoding by NVDEC as far as it goes without a GPU: what a frame of CUDA becomes, and what is said
 * where there is none.
 */
class CudaDecodingTest {
  private static final long LUMA = 0x7f00_1234_5600L;
  private static final long CHROMA = 0x7f00_2345_6700L;

  @Test
  void aFrameOfNvdecIsReadWhereItIs() {
    assertViewed(avutil.AV_PIX_FMT_NV12, PixelFormat.NV12, 768);
    assertViewed(avutil.AV_PIX_FMT_P010LE, PixelFormat.P010, 1536);
  }

  private static void assertViewed(int ffmpeg, PixelFormat format, int pitch) {
    FrameSlot slot = new FrameSlot();
    slot.rotation = 90;
    try (FrameImages images = new FrameImages()) {
      DeviceFrame.describe(slot.frame, ffmpeg, 640, 480, pitch, LUMA, CHROMA);
      slot.frame.colorspace(avutil.AVCOL_SPC_BT709);
      VideoFrame frame = images.of(slot, true);
      Image image = frame.image();
      assertTrue(image.isOnDevice());
      assertEquals(0, frame.copies());
      assertEquals(90, frame.rotation());
      assertEquals(format, image.format());
      assertEquals(YuvColor.BT709_LIMITED, image.color());
      assertEquals(640, image.width());
      assertEquals(480, image.height());
      assertEquals(LUMA, image.address(0));
      assertEquals(CHROMA, image.address(1));
      assertEquals(pitch, image.stride(0));
      assertEquals(pitch, image.stride(1));
    } finally {
      slot.free();
    }
  }

  @Test
  void framesWithFullChromaAreRefused() {
    FrameSlot slot = new FrameSlot();
    try (FrameImages images = new FrameImages()) {
      DeviceFrame.describe(slot.frame, avutil.AV_PIX_FMT_YUV444P, 640, 480, 768, LUMA, CHROMA);
      ScanFormerException refusal =
          assertThrows(ScanFormerException.class, () -> images.of(slot, true));
      assertEquals(ErrorCode.UNSUPPORTED, refusal.code());
      assertTrue(refusal.getMessage().contains("yuv444p"), refusal.getMessage());
    } finally {
      slot.free();
    }
  }

  @Test
  void withoutAGpuNvdecIsRefusedAndAutoDecodesOnTheCpu() throws IOException {
    assumeTrue(
        ScanFormer.devices().stream()
            .noneMatch(each -> each.backend() == BackendKind.CUDA && each.usable()));
    String film = Clips.small().toString();
    ScanFormerException refusal =
        assertThrows(
            ScanFormerException.class,
            () -> VideoSource.open(film, decodedBy(VideoSourceOptions.Decoding.NVDEC)));
    assertEquals(ErrorCode.UNSUPPORTED, refusal.code());
    assertTrue(refusal.getMessage().startsWith("NVDEC needs"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("cpu or auto"), refusal.getMessage());
    try (VideoSource source = VideoSource.open(film, decodedBy(VideoSourceOptions.Decoding.AUTO))) {
      assertEquals(PixelFormat.I420, source.next().image().format());
    }
  }

  @Test
  void aCodecThatNvdecDoesNotKnowIsNamed() {
    Ffmpeg.start();
    ScanFormerException refusal =
        assertThrows(
            ScanFormerException.class,
            () ->
                CudaDecoding.of(
                    decodedBy(VideoSourceOptions.Decoding.NVDEC),
                    avcodec.AV_CODEC_ID_THEORA,
                    false));
    assertTrue(refusal.getMessage().contains("does not decode theora"), refusal.getMessage());
  }

  private static VideoSourceOptions decodedBy(VideoSourceOptions.Decoding decoding) {
    return VideoSourceOptions.builder().decoding(decoding).build();
  }
}
