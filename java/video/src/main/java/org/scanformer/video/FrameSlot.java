package org.scanformer.video;

import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;

/** A decoded frame, whose pixels stay in the decoder's memory, and what is known of it. */
final class FrameSlot {
  final AVFrame frame = avutil.av_frame_alloc();
  long index;
  long timestampNanos;
  long arrivalNanos;

  /** Degrees clockwise that the frame is to be turned by to be upright: 0, 90, 180 or 270. */
  int rotation;

  /** Gives the pixels back to the decoder. */
  void clear() {
    avutil.av_frame_unref(frame);
  }

  void free() {
    avutil.av_frame_free(frame);
  }
}
