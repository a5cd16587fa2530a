package org.scanformer.video;

import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVHWFramesContext;
import org.bytedeco.ffmpeg.global.avutil;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;

/** Frames in the memory of a GPU as images. */
final class CudaFrames {
  private CudaFrames() {}

  static boolean isCuda(AVFrame frame) {
    return frame.format() == avutil.AV_PIX_FMT_CUDA;
  }

  /**
   * A view of a frame, valid as long as the frame.
   *
   * @throws ScanFormerException UNSUPPORTED when its pixels are neither NV12 nor P010, as those of
   *     video with full chroma
   */
  static Image view(AVFrame frame) {
    int format = new AVHWFramesContext(frame.hw_frames_ctx().data()).sw_format();
    PixelFormat known = PixelFormats.of(format);
    if (known != PixelFormat.NV12 && known != PixelFormat.P010) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "NVDEC gave frames of "
              + avutil.av_get_pix_fmt_name(format).getString()
              + ", expected nv12 or p010le; use the decoder cpu");
    }
    long[] addresses = {frame.data(0).address(), frame.data(1).address()};
    int[] pitches = {frame.linesize(0), frame.linesize(1)};
    return Image.yuvOnDevice(
        addresses,
        pitches,
        known,
        frame.width(),
        frame.height(),
        PixelFormats.color(format, frame.colorspace(), frame.color_range(), frame.height()));
  }
}
