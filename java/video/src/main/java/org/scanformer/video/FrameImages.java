package org.scanformer.video;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.scanformer.Image;
import org.scanformer.PixelFormat;

/**
 * Makes images of decoded frames: views of the decoder's memory, or of memory of its own where a
 * frame has to be own or turned. Not safe for use by several threads.
 */
final class FrameImages implements AutoCloseable {
  private Converter converter;
  private OwnFrame own;
  private final Turned turned = new Turned();

  /**
   * A frame's image, valid as long as the frame's memory and until the next call.
   *
   * @param turnUpright whether it is turned by the slot's rotation
   */
  VideoFrame of(FrameSlot slot, boolean turnUpright) {
    AVFrame frame = slot.frame;
    if (CudaFrames.isCuda(frame)) {
      return new VideoFrame(CudaFrames.view(frame), slot, slot.rotation, 0);
    }
    boolean turn = turnUpright && slot.rotation != 0;
    int copies = 0;
    Image image = isUsable(frame, turn) ? view(frame) : null;
    if (image == null) {
      image = toOwn(frame, turn);
      copies++;
    }
    if (turn) {
      image = turned.of(image, slot.rotation);
      copies++;
    }
    return new VideoFrame(image, slot, turnUpright ? 0 : slot.rotation, copies);
  }

  /** Whether a frame has one of the library's formats, and one that can be turned. */
  private static boolean isUsable(AVFrame frame, boolean turn) {
    PixelFormat format = PixelFormats.of(frame.format());
    return format != null && frame.linesize(0) > 0 && !(turn && isPairedAcross(format));
  }

  private static boolean isPairedAcross(PixelFormat format) {
    return format == PixelFormat.YUYV || format == PixelFormat.UYVY;
  }

  /** A copy, in RGB where the frame's own format cannot be used. */
  private Image toOwn(AVFrame frame, boolean turn) {
    boolean usable = isUsable(frame, turn);
    PixelFormat format = usable ? PixelFormats.of(frame.format()) : PixelFormat.RGB;
    if (own == null
        || own.frame.width() != frame.width()
        || own.frame.height() != frame.height()
        || own.image.format() != format) {
      closeOwn();
      own = new OwnFrame(frame.width(), frame.height(), format);
    }
    if (usable) {
      own.copy(frame);
    } else {
      if (converter == null) {
        converter = new Converter();
      }
      converter.convert(frame, own.frame);
    }
    return own.image;
  }

  private void closeOwn() {
    if (own != null) {
      own.close();
      own = null;
    }
  }

  /** A view of a decoder's frame; null when it is in memory that a view would not keep alive. */
  static Image view(AVFrame frame) {
    PixelFormat format = PixelFormats.of(frame.format());
    int width = frame.width();
    int height = frame.height();
    ByteBuffer[] planes = new ByteBuffer[format.planes()];
    int[] strides = new int[planes.length];
    for (int p = 0; p < planes.length; p++) {
      strides[p] = frame.linesize(p);
      int rows = p == 0 ? height : (height + 1) / 2;
      int rowBytes = avutil.av_image_get_linesize(frame.format(), width, p);
      planes[p] = FrameMemory.view(frame, p, (rows - 1) * strides[p] + rowBytes);
      if (planes[p] == null) {
        return null;
      }
    }
    return format.isYuv()
        ? Image.yuv(
            planes,
            strides,
            format,
            width,
            height,
            PixelFormats.color(frame.format(), frame.colorspace(), frame.color_range(), height))
        : Image.of(planes[0], format, width, height, strides[0]);
  }

  @Override
  public void close() {
    if (converter != null) {
      converter.close();
    }
    closeOwn();
  }
}
