package org.scanformer.video;

import org.bytedeco.ffmpeg.avutil.AVBufferRef;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVHWFramesContext;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Frames as NVDEC's are, without NVDEC. */
final class DeviceFrame {
  private DeviceFrame() {}

  /**
   * Describes a frame in the memory of a GPU.
   *
   * @param frame empty
   * @param format of FFmpeg's, of the pixels
   * @param luma the address of the first plane
   * @param chroma that of the second one
   */
  static void describe(
      AVFrame frame, int format, int width, int height, int pitch, long luma, long chroma) {
    Ffmpeg.start();
    AVBufferRef device = avutil.av_hwdevice_ctx_alloc(avutil.AV_HWDEVICE_TYPE_CUDA);
    AVBufferRef frames = avutil.av_hwframe_ctx_alloc(device);
    avutil.av_buffer_unref(device);
    new AVHWFramesContext(frames.data()).sw_format(format);
    frame.format(avutil.AV_PIX_FMT_CUDA);
    frame.width(width);
    frame.height(height);
    frame.hw_frames_ctx(frames);
    frame.data(0, new Address(luma));
    frame.data(1, new Address(chroma));
    frame.linesize(0, pitch);
    frame.linesize(1, pitch);
  }

  /** A pointer to nothing of this process. */
  private static final class Address extends BytePointer {
    Address(long value) {
      super((Pointer) null);
      address = value;
    }
  }
}
