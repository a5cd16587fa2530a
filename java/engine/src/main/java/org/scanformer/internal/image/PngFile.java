package org.scanformer.internal.image;

import java.io.IOException;
import org.scanformer.ImageLimits;

/**
 * Reduces a PNG file to its header, palette, transparency and compressed samples, these in as few
 * chunks as possible. After the signature, chunks are length, name, contents, checksum.
 */
final class PngFile {
  private static final int SIGNATURE = 8;

  /** No camera writes as much; a chunk that claims more is not read. */
  private static final int MAX_EXIF_BYTES = 1 << 20;

  private PngFile() {}

  static FirstPicture firstPicture(EncodedBytes file, ImageLimits limits) throws IOException {
    if (!file.isAt(SIGNATURE + 4, "IHDR")) {
      throw new IOException("no header");
    }
    long width = file.u32(SIGNATURE + 8);
    long height = file.u32(SIGNATURE + 12);
    FirstPicture.checkSize(width, height, limits);
    EncodedWriter out = new EncodedWriter(file.length());
    file.copyTo(out, 0, SIGNATURE);
    int orientation = ExifOrientation.UPRIGHT;
    int chunks = 0;
    int data = -1;
    boolean hasTransparency = false;
    long at = SIGNATURE;
    while (true) {
      LimitExceeded.check(++chunks, "chunks or more", limits.parts(), "parts");
      long length = file.u32(at);
      long contents = at + 8;
      boolean isData = file.isAt(at + 4, "IDAT");
      if (data >= 0 && !isData) {
        close(out, data);
        data = -1;
      }
      if (file.isAt(at + 4, "IEND")) {
        break;
      } else if (isData) {
        if (data < 0) {
          data = out.length();
          out.u32(0).text("IDAT");
        }
        file.copyTo(out, contents, length);
      } else if (file.isAt(at + 4, "IHDR")
          || file.isAt(at + 4, "PLTE")
          || file.isAt(at + 4, "tRNS")) {
        file.copyTo(out, at, length + 12);
        hasTransparency |= file.isAt(at + 4, "tRNS");
      } else if (file.isAt(at + 4, "eXIf") && length <= MAX_EXIF_BYTES) {
        orientation = ExifOrientation.of(file.copy(contents, length));
      }
      at = contents + length + 4;
    }
    file.copyTo(out, at, 8);
    out.u32(0xae426082);
    checkMemory(file, width * height, hasTransparency, orientation, limits);
    return FirstPicture.of("PNG", out.toArray(), (int) width, (int) height, orientation);
  }

  /** Fills in the length of the chunk that begins there, and appends its checksum. */
  private static void close(EncodedWriter out, int chunk) {
    out.setU32(chunk, out.length() - chunk - 8);
    out.u32(out.crc(chunk + 4));
  }

  /** What the decoder's samples take, and their copy of 8 bits where they are not used as such. */
  private static void checkMemory(
      EncodedBytes file, long pixels, boolean hasTransparency, int orientation, ImageLimits limits)
      throws IOException {
    int depth = file.u8(SIGNATURE + 16);
    int type = file.u8(SIGNATURE + 17);
    int channels = type == 2 ? 3 : type == 4 ? 2 : type == 6 ? 4 : 1;
    boolean transparent = type == 4 || type == 6;
    if (hasTransparency && (type == 0 || type == 2)) {
      channels++; // a decoder gives each pixel an alpha
      transparent = true;
    }
    int result = type == 3 || depth < 8 ? 4 : type == 0 || type == 4 ? 1 : 3;
    double bytes = channels * depth / 8.0;
    if (depth != 8 || type == 3 || transparent) {
      bytes += result;
    }
    FirstPicture.checkMemory(
        bytes * pixels, (double) result * pixels, orientation, file.length(), limits);
  }
}
