package org.scanformer.video;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;
import org.scanformer.YuvColor;

/**
 * A frame of FFmpeg whose pixels are in direct buffers, so that a view of them that is kept for too
 * long shows old pixels at worst. Not safe for use by several threads.
 */
final class OwnFrame implements AutoCloseable {
  /** FFmpeg's vector code reads and writes whole registers, also at the end of a row. */
  private static final int ALIGNMENT = 64;

  final AVFrame frame = avutil.av_frame_alloc();
  final ByteBuffer[] planes;
  final int[] strides;
  final Image image;

  /** A frame of zeros. */
  OwnFrame(int width, int height, PixelFormat format) {
    frame.width(width);
    frame.height(height);
    frame.format(PixelFormats.toFfmpeg(format));
    YuvColor color = null;
    if (format.isYuv()) {
      color = height >= 720 ? YuvColor.BT709_LIMITED : YuvColor.BT601_LIMITED;
      frame.colorspace(PixelFormats.matrix(color));
      frame.color_range(PixelFormats.range(color));
    }
    planes = new ByteBuffer[format.planes()];
    strides = new int[planes.length];
    try {
      for (int p = 0; p < planes.length; p++) {
        int rowBytes = avutil.av_image_get_linesize(frame.format(), width, p);
        strides[p] = (rowBytes + 2 * ALIGNMENT - 1) & -ALIGNMENT;
        int rows = p == 0 ? height : (height + 1) / 2;
        ByteBuffer memory = DirectMemory.allocate(strides[p] * rows + 2 * ALIGNMENT, width, height);
        planes[p] = memory.alignedSlice(ALIGNMENT).limit(strides[p] * rows).slice();
        frame.data(p, new BytePointer(planes[p]));
        frame.linesize(p, strides[p]);
      }
    } catch (ScanFormerException e) {
      avutil.av_frame_free(frame);
      throw e;
    }
    image =
        format.isYuv()
            ? Image.yuv(planes, strides, format, width, height, color)
            : Image.of(planes[0], format, width, height, strides[0]);
  }

  /** Copies the pixels of a frame of the same size and format. */
  void copy(AVFrame from) {
    for (int p = 0; p < planes.length; p++) {
      avutil.av_image_copy_plane(
          frame.data(p),
          strides[p],
          from.data(p),
          from.linesize(p),
          avutil.av_image_get_linesize(frame.format(), frame.width(), p),
          p == 0 ? frame.height() : (frame.height() + 1) / 2);
    }
  }

  @Override
  public void close() {
    avutil.av_frame_free(frame);
  }
}
