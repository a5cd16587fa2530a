package org.scanformer.internal.image;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Finds the orientation in EXIF, which is a TIFF file of its own. Only the entries of the first
 * directory are read: a general metadata reader follows any number of directories.
 */
final class ExifOrientation {
  /** As stored; also for files without a readable orientation. */
  static final int UPRIGHT = 1;

  private static final int TAG = 0x112;
  private static final int SHORT = 3;
  private static final String PREFIX = "Exif\0\0";

  private ExifOrientation() {}

  /**
   * The orientation, 1 to 8 in a valid file. Damaged metadata is no reason to refuse an image, so
   * it counts as none.
   *
   * @param exif with or without the prefix of JPEG's segment, which WebP files often have too
   */
  static int of(byte[] exif) {
    int start = startsWithPrefix(exif) ? PREFIX.length() : 0;
    ByteBuffer tiff = ByteBuffer.wrap(exif, start, exif.length - start).slice();
    try {
      short order = tiff.getShort();
      if (order == 0x4949) {
        tiff.order(ByteOrder.LITTLE_ENDIAN);
      } else if (order != 0x4d4d) {
        return UPRIGHT;
      }
      int directory = tiff.getInt(4);
      int entries = tiff.getShort(directory) & 0xffff;
      for (int i = 0; i < entries; i++) {
        int entry = directory + 2 + 12 * i;
        if ((tiff.getShort(entry) & 0xffff) == TAG) {
          int type = tiff.getShort(entry + 2);
          return type == SHORT ? tiff.getShort(entry + 8) & 0xffff : tiff.getInt(entry + 8);
        }
      }
      return UPRIGHT;
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      return UPRIGHT;
    }
  }

  private static boolean startsWithPrefix(byte[] exif) {
    if (exif.length < PREFIX.length()) {
      return false;
    }
    for (int i = 0; i < PREFIX.length(); i++) {
      if (exif[i] != PREFIX.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
