package org.scanformer.internal.image;

import java.io.IOException;
import org.scanformer.ImageLimits;

/**
 * Reduces a JPEG file to the segments that its picture is decoded from, with one end marker after
 * them.
 *
 * <p>Some cameras and recorders fill up the end of a file in place of the end marker. Such a file
 * is complete if its scans are, which decoders tell once they meet an end marker: without one they
 * cannot tell it from a truncated file.
 */
final class JpegFile {
  private static final int START = 0xd8;
  private static final int END = 0xd9;
  private static final int SCAN = 0xda;

  /** Bytes 0 of the filling that stay, as the last of the picture's own may be among them. */
  private static final int KEPT_ZEROS = 2;

  /** An EXIF segment without entries: that there is one can decide on a file's colours. */
  private static final byte[] EMPTY_EXIF = {
    'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0
  };

  private final EncodedBytes file;
  private final ImageLimits limits;
  private final EncodedWriter out;
  private final EncodedWriter profile = new EncodedWriter(0);
  private JpegFrame frame;
  private int segments;
  private int orientation = ExifOrientation.UPRIGHT;
  private boolean exif;
  private boolean jfif;

  private JpegFile(EncodedBytes file, ImageLimits limits) {
    this.file = file;
    this.limits = limits;
    this.out = new EncodedWriter(file.length());
  }

  static FirstPicture firstPicture(EncodedBytes file, ImageLimits limits) throws IOException {
    JpegFile jpeg = new JpegFile(file, limits);
    jpeg.reduce();
    JpegFrame frame = jpeg.frame;
    return FirstPicture.of("JPEG", jpeg.toArray(), frame.width(), frame.height(), jpeg.orientation);
  }

  /** The frame of a JPEG stream within another file, compared with the limits. */
  static JpegFrame inspect(byte[] stream, ImageLimits limits) throws IOException {
    JpegFile jpeg = new JpegFile(new EncodedBytes(stream), limits);
    jpeg.reduce();
    return jpeg.frame;
  }

  private void reduce() throws IOException {
    out.u16(0xff00 | START);
    long at = 2;
    boolean ended = false;
    while (!ended) {
      at = marker(at);
      if (!file.has(at + 1)) {
        break;
      }
      int marker = file.u8(at++);
      if (marker == END) {
        ended = true;
      } else if (hasContents(marker)) {
        at = segment(at, marker);
      }
    }
    if (frame == null || frame.scans() == 0) {
      throw new IOException("the file ends before its picture");
    }
    if (!ended && !frame.isComplete()) {
      throw new IOException("the file ends before its last scan");
    }
    frame.check(orientation, file.length(), limits);
    out.u16(0xff00 | END);
  }

  /** Past the next byte 0xff and its repetitions, which may fill up the space between segments. */
  private long marker(long from) throws IOException {
    long at = from;
    while (file.has(at + 1) && file.u8(at) != 0xff) {
      at++;
    }
    while (file.has(at + 1) && file.u8(at) == 0xff) {
      at++;
    }
    return at;
  }

  private static boolean hasContents(int marker) {
    return marker >= 0xc0 && marker != START && !isRestart(marker);
  }

  private static boolean isRestart(int marker) {
    return marker >= 0xd0 && marker <= 0xd7;
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  /** Handles the segment whose length is there, and returns where it or its scan ends. */
  private long segment(long at, int marker) throws IOException {
    LimitExceeded.check(++segments, "segments or more", limits.parts(), "parts");
    int length = file.u16(at);
    if (length < 2) {
      throw new IOException("a segment of " + length + " bytes");
    }
    long end = at + length;
    if (isFrame(marker)) {
      if (frame != null) {
        throw new IOException("two frame headers");
      }
      frame = new JpegFrame(file, at + 2, marker);
      FirstPicture.checkSize(frame.width(), Math.max(1, frame.height()), limits);
    }
    if (keeps(marker, at + 2, length - 2)) {
      out.u8(0xff).u8(marker);
      file.copyTo(out, at, length);
    }
    if (marker != SCAN) {
      return end;
    }
    if (frame == null) {
      throw new IOException("a scan before the frame header");
    }
    frame.addScan(file, at + 2, limits);
    return scan(end);
  }

  /** Whether a segment is for decoding; takes what is needed of the others. */
  private boolean keeps(int marker, long at, int length) throws IOException {
    switch (marker) {
      case 0xe0: // APP0
        boolean first = !jfif && file.isAt(at, "JFIF\0");
        jfif |= first;
        return first;
      case 0xe1: // APP1
        if (!exif && length >= 6 && file.isAt(at, "Exif\0\0")) {
          exif = true;
          orientation = ExifOrientation.of(file.copy(at, length));
          out.u16(0xffe1).u16(2 + EMPTY_EXIF.length).put(EMPTY_EXIF);
        }
        return false;
      case 0xe2: // APP2
        if (file.isAt(at, "ICC_PROFILE\0")) {
          profile.u16(0xffe2).u16(length + 2);
          file.copyTo(profile, at, length);
        }
        return false;
      case 0xee: // APP14
        return file.isAt(at, "Adobe");
      default:
        return marker < 0xe0;
    }
  }

  /** Copies a scan's coded data and returns where the marker after them is. */
  private long scan(long from) throws IOException {
    long at = from;
    while (file.has(at + 1)) {
      if (file.u8(at) != 0xff) {
        at++;
        continue;
      }
      if (!file.has(at + 2)) {
        break;
      }
      int next = file.u8(at + 1);
      if (next != 0 && !isRestart(next)) {
        break;
      }
      at += 2;
    }
    long end = at;
    if (!file.has(afterFill(at) + 1)) {
      while (end - KEPT_ZEROS > from && file.u8(end - 1 - KEPT_ZEROS) == 0) {
        end--;
      }
    }
    file.copyTo(out, from, end - from);
    return at;
  }

  private long afterFill(long from) throws IOException {
    long at = from;
    while (file.has(at + 1) && file.u8(at) == 0xff) {
      at++;
    }
    return at;
  }

  /** The file; the colours of CMYK need their profile, which comes right after the start marker. */
  private byte[] toArray() {
    byte[] bytes = out.toArray();
    if (frame.components() != 4 || profile.length() == 0) {
      return bytes;
    }
    return new EncodedWriter(bytes.length + profile.length())
        .put(bytes, 0, 2)
        .put(profile.toArray())
        .put(bytes, 2, bytes.length - 2)
        .toArray();
  }
}
