package org.scanformer.video;

import java.util.Locale;
import org.scanformer.Image;

/**
 * A frame of a video. Its pixels are the decoder's own memory: they are valid until the source's
 * next {@link VideoSource#next()} or {@link VideoSource#close()}, and only read. Who needs them for
 * longer copies them with {@link Picture#set}.
 */
public final class VideoFrame {
  private final Image image;
  private final long index;
  private final long timestampNanos;
  private final long arrivalNanos;
  private final int rotation;
  private final int copies;

  VideoFrame(Image image, FrameSlot slot, int rotation, int copies) {
    this.image = image;
    this.index = slot.index;
    this.timestampNanos = slot.timestampNanos;
    this.arrivalNanos = slot.arrivalNanos;
    this.rotation = rotation;
    this.copies = copies;
  }

  /** The pixels, for as long as the frame is valid. */
  public Image image() {
    return image;
  }

  /** The number of the frame among those that were decoded, from 0; dropped ones are counted. */
  public long index() {
    return index;
  }

  /**
   * Nanoseconds since the source's first frame: of a file by the times in it, of a live source by
   * when the frame came. They never decrease, and go on when the source was opened again or the
   * file's times begin anew.
   */
  public long timestampNanos() {
    return timestampNanos;
  }

  /** The {@link System#nanoTime()} at which the frame was decoded. */
  public long arrivalNanos() {
    return arrivalNanos;
  }

  /**
   * Degrees clockwise that the image is still to be turned by to be upright: 0, 90, 180 or 270.
   * Always 0 unless {@link VideoSourceOptions#upright()} is false, or a GPU decodes.
   */
  public int rotation() {
    return rotation;
  }

  /**
   * How often the pixels were copied since the decoder wrote them: 0; 1 when the decoder's format
   * is none of {@link org.scanformer.PixelFormat}'s and was converted to RGB, Java had too little
   * direct memory for the decoder's frames, or the frame was turned upright; 2 where it was turned
   * as well.
   */
  public int copies() {
    return copies;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "frame %d, %.3f s, %dx%d",
        index,
        timestampNanos / 1e9,
        image.width(),
        image.height());
  }
}
