package org.scanformer.video;

import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.scanformer.ErrorCode;

/** Converts frames to other sizes and formats. Not safe for use by several threads. */
final class Converter implements AutoCloseable {
  private final SwsContext context = swscale.sws_alloc_context();

  /** Fills a frame that has its size, format, colour and memory. */
  void convert(AVFrame from, AVFrame to) {
    Ffmpeg.check(
        swscale.sws_scale_frame(context, to, from),
        ErrorCode.UNSUPPORTED,
        "The frame could not be converted");
  }

  @Override
  public void close() {
    swscale.sws_free_context(context);
  }
}
