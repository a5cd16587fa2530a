package org.scanformer.internal.image;

import java.io.IOException;
import java.util.Locale;
import org.scanformer.ImageLimits;

/**
 * Reduces a WebP file to its picture or, of an animation, to the first frame's. After the file's
 * header, chunks are name, length, and contents padded to an even length.
 */
final class WebpFile {
  private static final int HEADER = 12;

  /** No camera writes as much; a chunk that claims more is not read. */
  private static final int MAX_EXIF_BYTES = 1 << 20;

  /** Bytes that the decoder needs for a pixel besides its result: of lossy data, macroblocks. */
  private static final double LOSSY_BYTES = 15;

  private static final double LOSSLESS_BYTES = 1;

  /**
   * What a pixel of lossless data costs at most, of which the decoder may not need to read a bit.
   */
  private static final double LOSSLESS_NANOS = 80;

  /** The signature, and the size with a version. */
  private static final int LOSSLESS_HEADER = 5;

  private static final int ALPHA_HEADER = 1;
  private static final int ALPHA_COMPRESSION = 3;
  private static final int ALPHA_LOSSLESS = 1;

  private final EncodedBytes file;
  private final ImageLimits limits;
  private int chunks;
  private int orientation = ExifOrientation.UPRIGHT;
  private FirstPicture.Canvas canvas;
  private long alpha = -1;
  private long picture = -1;

  private WebpFile(EncodedBytes file, ImageLimits limits) {
    this.file = file;
    this.limits = limits;
  }

  static FirstPicture firstPicture(EncodedBytes file, ImageLimits limits) throws IOException {
    long end = 8 + file.u32le(4);
    LimitExceeded.check(end, "bytes", limits.encodedBytes(), "encodedBytes");
    if (!file.has(end)) {
      throw new IOException("the file ends before the " + end + " bytes its header tells of");
    }
    WebpFile webp = new WebpFile(file, limits);
    webp.find(HEADER, end);
    return webp.picture();
  }

  /** Finds the first picture among the chunks there. */
  private void find(long from, long end) throws IOException {
    long next;
    for (long at = from; at + 8 <= end; at = next) {
      LimitExceeded.check(++chunks, "chunks or more", limits.parts(), "parts");
      long length = file.u32le(at + 4);
      long contents = at + 8;
      next = contents + length + (length & 1);
      if (contents + length > end) {
        throw new IOException("a chunk of " + length + " bytes that ends after the file");
      }
      if (file.isAt(at, "EXIF")) {
        if (length <= MAX_EXIF_BYTES) {
          orientation = ExifOrientation.of(file.copy(contents, length));
        }
      } else if (picture >= 0) {
        continue;
      } else if (file.isAt(at, "VP8X") && canvas == null) {
        canvas = new FirstPicture.Canvas(0, 0, file.u24le(at + 12) + 1, file.u24le(at + 15) + 1);
      } else if (file.isAt(at, "ANMF") && canvas != null) {
        canvas =
            new FirstPicture.Canvas(
                2 * file.u24le(contents),
                2 * file.u24le(contents + 3),
                canvas.width(),
                canvas.height());
        find(contents + 16, contents + length);
      } else if (file.isAt(at, "ALPH")) {
        alpha = at;
      } else if (file.isAt(at, "VP8 ") || file.isAt(at, "VP8L")) {
        picture = at;
      }
    }
  }

  private FirstPicture picture() throws IOException {
    if (picture < 0) {
      throw new IOException("no picture");
    }
    boolean lossless = file.isAt(picture, "VP8L");
    long data = picture + 8;
    int width;
    int height;
    if (lossless) {
      long bits = file.u32le(data + 1);
      width = (int) (bits & 0x3fff) + 1;
      height = (int) (bits >> 14 & 0x3fff) + 1;
    } else {
      width = file.u16le(data + 6) & 0x3fff;
      height = file.u16le(data + 8) & 0x3fff;
    }
    FirstPicture.checkSize(width, height, limits);
    FirstPicture.Canvas place =
        canvas == null ? new FirstPicture.Canvas(0, 0, width, height) : canvas;
    if (place.x() + (long) width > place.width() || place.y() + (long) height > place.height()) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "a picture of %dx%d at (%d, %d) of a canvas of %dx%d",
              width,
              height,
              place.x(),
              place.y(),
              place.width(),
              place.height()));
    }
    FirstPicture.checkSize(place.width(), place.height(), limits);
    boolean hasAlpha = lossless || alpha >= 0;
    boolean fills = place.width() == width && place.height() == height;
    double bytes = (lossless ? LOSSLESS_BYTES : LOSSY_BYTES) + (hasAlpha ? 4 + 3 : 3);
    if (!lossless && hasAlpha) {
      bytes += 4 + LOSSLESS_BYTES;
    }
    double head = head(lossless, width, height);
    FirstPicture.checkMemory(
        head + bytes * width * height + (fills ? 0 : 3.0 * place.width() * place.height()),
        3.0 * place.width() * place.height(),
        orientation,
        file.length(),
        limits);
    return new FirstPicture(
        "WebP", write(width, height, lossless), width, height, place, orientation, false);
  }

  /** The bytes that the codes of lossless data take, of a picture or of its alpha; else 0. */
  private double head(boolean lossless, int width, int height) throws IOException {
    long chunk = lossless ? picture : alpha;
    if (chunk < 0) {
      return 0;
    }
    long data = chunk + 8;
    long end = data + file.u32le(chunk + 4);
    if (!lossless && (file.u8(data) & ALPHA_COMPRESSION) != ALPHA_LOSSLESS) {
      FirstPicture.checkTime(LOSSLESS_NANOS * width * height, file.length(), limits);
      return 0;
    }
    long from = data + (lossless ? LOSSLESS_HEADER : ALPHA_HEADER);
    return Vp8lHead.memory(file, from, end, width, height, LOSSLESS_NANOS, limits);
  }

  private byte[] write(int width, int height, boolean lossless) throws IOException {
    EncodedWriter out = new EncodedWriter(file.length());
    out.text("RIFF").u32le(0).text("WEBP");
    if (alpha >= 0 && !lossless) {
      out.text("VP8X").u32le(10).u32le(0x10).u24le(width - 1).u24le(height - 1);
      copyChunk(alpha, out);
    }
    copyChunk(picture, out);
    out.setU32le(4, out.length() - 8);
    return out.toArray();
  }

  private void copyChunk(long at, EncodedWriter out) throws IOException {
    long length = file.u32le(at + 4);
    file.copyTo(out, at, 8 + length);
    if ((length & 1) != 0) {
      out.u8(0);
    }
  }
}
