package org.scanformer.video;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;

/**
 * Pixels of one size and format in memory of their own, to keep a frame, to draw on it and to write
 * it: a frame's own pixels are the decoder's and must not be drawn on.
 *
 * <p>Not safe for use by several threads.
 */
public final class Picture implements AutoCloseable {
  private final OwnFrame own;
  private final PixelFormat format;
  private final Converter converter = new Converter();
  private boolean closed;

  private Picture(int width, int height, PixelFormat format) {
    this.own = new OwnFrame(width, height, format);
    this.format = format;
  }

  /**
   * A picture that is black, or green where its format is YUV.
   *
   * @param format one that {@link Overlay} draws in: RGB, BGR, RGBA, BGRA, GRAY, NV12 or I420
   * @throws ScanFormerException BAD_INPUT for a size that is not 1x1 to 16384x16384, or another
   *     format; OUT_OF_MEMORY when there is no memory for it
   */
  public static Picture of(int width, int height, PixelFormat format) {
    if (width < 1 || height < 1 || width > 1 << 14 || height > 1 << 14) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "A picture of " + width + "x" + height + " found, expected 1x1 to 16384x16384");
    }
    Overlay.requireDrawable(format);
    Ffmpeg.start();
    return new Picture(width, height, format);
  }

  /**
   * Copies an image, scaled to the picture's size and converted to its format and colours.
   *
   * @param source in host memory
   * @throws ScanFormerException UNSUPPORTED when it is in a device's memory
   */
  public void set(Image source) {
    requireOpen();
    if (source.isOnDevice()) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED, "The image is on a device, expected one in host memory");
    }
    int count = source.format().planes();
    ByteBuffer[] from = new ByteBuffer[count];
    AVFrame view = avutil.av_frame_alloc();
    try {
      view.width(source.width());
      view.height(source.height());
      view.format(PixelFormats.toFfmpeg(source.format()));
      if (source.color() != null) {
        view.colorspace(PixelFormats.matrix(source.color()));
        view.color_range(PixelFormats.range(source.color()));
      }
      for (int p = 0; p < count; p++) {
        from[p] = direct(source.plane(p), source);
        view.data(p, new BytePointer(from[p]));
        view.linesize(p, source.stride(p));
      }
      converter.convert(view, own.frame);
    } finally {
      avutil.av_frame_free(view);
      java.lang.ref.Reference.reachabilityFence(from);
    }
  }

  private static ByteBuffer direct(ByteBuffer pixels, Image source) {
    if (pixels.isDirect()) {
      return pixels;
    }
    ByteBuffer copy = DirectMemory.allocate(pixels.remaining(), source.width(), source.height());
    return copy.put(pixels).flip();
  }

  /** A view of the picture's pixels, which follows what is set and drawn later. */
  public Image image() {
    requireOpen();
    return own.image;
  }

  /** Draws on the picture, in its own pixels. */
  public Overlay overlay() {
    requireOpen();
    return Overlay.on(
        own.planes, own.strides, format, own.image.width(), own.image.height(), own.image.color());
  }

  /**
   * A copy for Java2D.
   *
   * @return of type 3BYTE_BGR
   */
  public BufferedImage toBufferedImage() {
    requireOpen();
    int width = own.image.width();
    int height = own.image.height();
    BufferedImage copy = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
    byte[] bytes = ((DataBufferByte) copy.getRaster().getDataBuffer()).getData();
    try (OwnFrame bgr = new OwnFrame(width, height, PixelFormat.BGR)) {
      converter.convert(own.frame, bgr.frame);
      for (int y = 0; y < height; y++) {
        bgr.planes[0].get(y * bgr.strides[0], bytes, y * 3 * width, 3 * width);
      }
    }
    return copy;
  }

  AVFrame frame() {
    requireOpen();
    return own.frame;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The picture is closed");
    }
  }

  /** Frees the pixels. Idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      converter.close();
      own.close();
    }
  }
}
