package org.scanformer.internal.image;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.scanformer.ImageLimits;

/**
 * Reduces a TIFF file to its first page: a new directory is put after the file, with the entries
 * that the page is decoded from and no successor. Samples stay where they are.
 */
final class TiffFile {
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int COMPRESSION = 259;
  private static final int PHOTOMETRIC = 262;
  private static final int STRIP_OFFSETS = 273;
  private static final int ORIENTATION = 274;
  private static final int SAMPLES = 277;
  private static final int ROWS_PER_STRIP = 278;
  private static final int STRIP_BYTES = 279;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_BYTES = 325;
  private static final int SAMPLE_FORMAT = 339;
  private static final int JPEG_TABLES = 347;
  private static final int JPEG_OFFSET = 513;
  private static final int JPEG_BYTES = 514;
  private static final int PROFILE = 34675;

  private static final int FLOAT = 3;
  private static final int OLD_JPEG = 6;
  private static final int JPEG = 7;
  private static final int BLACK_IS_ZERO = 1;
  private static final int RGB = 2;
  private static final int CMYK = 5;

  /** The tags that say how samples are stored and what they mean. */
  private static final Set<Integer> KEPT =
      Set.of(
          WIDTH,
          HEIGHT,
          BITS,
          COMPRESSION,
          PHOTOMETRIC,
          263,
          266,
          STRIP_OFFSETS,
          SAMPLES,
          ROWS_PER_STRIP,
          STRIP_BYTES,
          284,
          292,
          293,
          317,
          320,
          TILE_WIDTH,
          TILE_HEIGHT,
          TILE_OFFSETS,
          TILE_BYTES,
          332,
          334,
          338,
          SAMPLE_FORMAT,
          340,
          341,
          JPEG_TABLES,
          512,
          JPEG_OFFSET,
          JPEG_BYTES,
          515,
          517,
          518,
          519,
          520,
          521,
          529,
          530,
          531,
          532,
          PROFILE);

  /**
   * Values of a tag other than those that have one for each strip or tile: colour maps are longest.
   */
  private static final int MAX_VALUES = 3 << 16;

  private static final int MAX_PROFILE_BYTES = 1 << 24;

  /** The decoder's stream for a strip or tile, which waits for the finalizer when it is read. */
  private static final int PART_BYTES = 8 << 10;

  private final EncodedBytes file;
  private final ImageLimits limits;
  private final TiffDirectory directory;
  private final long width;
  private final long height;

  /** Bytes that decoding a strip or tile of JPEG takes, the most of any. */
  private double nestedBytes;

  /** Processor time that all strips or tiles of JPEG take. */
  private double nestedNanos;

  private TiffFile(EncodedBytes file, ImageLimits limits) throws IOException {
    this.file = file;
    this.limits = limits;
    directory = new TiffDirectory(file);
    width = directory.value(WIDTH, 0, 0);
    height = directory.value(HEIGHT, 0, 0);
  }

  static boolean isTiff(EncodedBytes file) throws IOException {
    return file.isAt(0, "II*\0")
        || file.isAt(0, "MM\0*")
        || file.isAt(0, "II+\0")
        || file.isAt(0, "MM\0+");
  }

  static FirstPicture firstPicture(EncodedBytes file, ImageLimits limits) throws IOException {
    TiffFile tiff = new TiffFile(file, limits);
    FirstPicture.checkSize(tiff.width, tiff.height, limits);
    file.readAll();
    tiff.checkParts();
    tiff.checkMemory();
    int width = (int) tiff.width;
    int height = (int) tiff.height;
    return new FirstPicture(
        "TIFF",
        tiff.reduce(),
        width,
        height,
        new FirstPicture.Canvas(0, 0, width, height),
        tiff.orientation(),
        tiff.hasFloats());
  }

  private boolean hasFloats() throws IOException {
    long photometric = directory.value(PHOTOMETRIC, 0, 0);
    return directory.value(SAMPLE_FORMAT, 0, 1) == FLOAT
        && (photometric == BLACK_IS_ZERO || photometric == RGB);
  }

  private int orientation() throws IOException {
    return (int) directory.value(ORIENTATION, 0, ExifOrientation.UPRIGHT);
  }

  /** Compares strips or tiles, and what decoding all of them takes, with the limits. */
  private void checkParts() throws IOException {
    boolean tiled = directory.entry(TILE_WIDTH) != null;
    long across = tiled ? directory.value(TILE_WIDTH, 0, 0) : width;
    long down = tiled ? directory.value(TILE_HEIGHT, 0, 0) : directory.value(ROWS_PER_STRIP, 0, 0);
    if (across < 1 || (tiled && down < 1)) {
      throw new IOException("tiles of " + across + "x" + down + " pixels");
    }
    down = down < 1 ? height : tiled ? down : Math.min(down, height);
    long columns = (width + across - 1) / across;
    long rows = (height + down - 1) / down;
    FirstPicture.checkSize(across, down, limits.withSide(Integer.MAX_VALUE));
    double decoded = (double) columns * across * rows * down;
    LimitExceeded.check((long) decoded, "pixels in all tiles", limits.pixels(), "pixels");
    int offsets = tiled ? TILE_OFFSETS : STRIP_OFFSETS;
    int lengths = tiled ? TILE_BYTES : STRIP_BYTES;
    long parts = Math.max(columns * rows, directory.count(offsets));
    LimitExceeded.check(parts, "strips or tiles", limits.parts(), "parts");
    LimitExceeded.check(directory.count(lengths), "strips or tiles", limits.parts(), "parts");
    checkContents(offsets, lengths, across, down);
  }

  /** Strips that overlap would be decoded again and again; JPEG files are looked into. */
  private void checkContents(int offsets, int lengths, long across, long down) throws IOException {
    long compression = directory.value(COMPRESSION, 0, 1);
    long total = 0;
    for (long i = 0; i < directory.count(offsets); i++) {
      long at = directory.value(offsets, i, 0);
      long length = Math.min(directory.value(lengths, i, 0), Math.max(0, file.length() - at));
      total += length;
      if (total > 2L * file.length()) {
        throw new IOException("strips or tiles of more bytes than the file has");
      }
      if (compression == JPEG && length > 0) {
        checkJpeg(at, length, across, down);
      }
    }
    if (compression == OLD_JPEG && directory.entry(JPEG_OFFSET) != null) {
      long at = directory.value(JPEG_OFFSET, 0, 0);
      long rest = Math.max(0, file.length() - at);
      long length = Math.min(rest, directory.value(JPEG_BYTES, 0, rest));
      checkJpeg(at, length, across, Math.max(down, height));
    }
  }

  private void checkJpeg(long at, long length, long across, long down) throws IOException {
    JpegFrame frame = JpegFile.inspect(file.copy(at, length), limits);
    if (frame.width() > across + 15 || frame.height() > down + 15) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "a JPEG strip or tile of %dx%d pixels in place of %dx%d",
              frame.width(),
              frame.height(),
              across,
              down));
    }
    nestedBytes = Math.max(nestedBytes, frame.decodingBytes());
    nestedNanos += frame.decodingNanos();
    FirstPicture.checkTime(nestedNanos, file.length(), limits);
  }

  /**
   * What the decoder's samples take, their copy of 8 bits, one strip or tile (of JPEG, with all
   * that its own decoder has for it), and the streams of all.
   */
  private void checkMemory() throws IOException {
    long samples = directory.value(SAMPLES, 0, 1);
    long bits = 0;
    for (long i = 0; i < Math.max(1, directory.count(BITS)); i++) {
      bits = Math.max(bits, directory.value(BITS, i, 1));
    }
    long compression = directory.value(COMPRESSION, 0, 1);
    // The raster of floats is copied once more.
    double stored = samples * Math.max(1, (bits + 7) / 8) * (hasFloats() ? 2 : 1);
    long photometric = directory.value(PHOTOMETRIC, 0, 0);
    boolean gray = samples == 1 && photometric == BLACK_IS_ZERO;
    boolean plain = bits == 8 && (gray || (samples == 3 && photometric == RGB));
    int result = gray ? 1 : samples < 3 ? 4 : 3;
    double copy = plain ? 0 : photometric == CMYK ? 6 : result;
    double part = 1;
    if (directory.entry(TILE_WIDTH) != null) {
      part = (double) directory.value(TILE_WIDTH, 0, 0) * directory.value(TILE_HEIGHT, 0, 0);
    } else if (compression == JPEG || compression == OLD_JPEG) {
      part = (double) width * Math.min(height, directory.value(ROWS_PER_STRIP, 0, height));
    }
    double parts = Math.max(directory.count(STRIP_OFFSETS), directory.count(TILE_OFFSETS));
    FirstPicture.checkMemory(
        (stored + copy) * width * height
            + Math.max(stored * part, nestedBytes)
            + PART_BYTES * parts,
        (double) result * width * height,
        orientation(),
        file.length(),
        limits);
  }

  private byte[] reduce() throws IOException {
    List<TiffDirectory.Entry> entries = new ArrayList<>();
    for (int tag : KEPT.stream().sorted().toList()) {
      TiffDirectory.Entry entry = directory.entry(tag);
      if (entry == null || (tag == PROFILE && directory.value(PHOTOMETRIC, 0, 0) != CMYK)) {
        continue;
      }
      boolean perPart =
          tag == STRIP_OFFSETS || tag == STRIP_BYTES || tag == TILE_OFFSETS || tag == TILE_BYTES;
      if (!perPart) {
        LimitExceeded.check(
            entry.count(),
            "values of tag " + tag,
            tag == PROFILE ? MAX_PROFILE_BYTES : MAX_VALUES,
            "parts");
      }
      directory.requireValues(entry);
      entries.add(entry);
    }
    return write(entries);
  }

  private byte[] write(List<TiffDirectory.Entry> entries) throws IOException {
    boolean big = directory.isBig();
    int start = (file.length() + 7) / 8 * 8;
    int room = big ? 8 : 4;
    EncodedWriter out = new EncodedWriter(start + 16 + entries.size() * (big ? 20 : 12));
    file.copyTo(out, 0, file.length());
    while (out.length() < start) {
      out.u8(0);
    }
    number(out, entries.size(), big ? 8 : 2);
    for (TiffDirectory.Entry entry : entries) {
      number(out, entry.tag(), 2);
      number(out, entry.type(), 2);
      number(out, entry.count(), room);
      int bytes = TiffDirectory.bytes(entry);
      if (bytes <= room) {
        file.copyTo(out, entry.at(), bytes);
        number(out, 0, room - bytes);
      } else {
        number(out, entry.at(), room);
      }
    }
    number(out, 0, room);
    byte[] whole = out.toArray();
    EncodedWriter first = new EncodedWriter(8);
    number(first, start, room);
    System.arraycopy(first.toArray(), 0, whole, big ? 8 : 4, room);
    return whole;
  }

  /** A number of some bytes in the file's byte order. */
  private void number(EncodedWriter out, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.u8((int) (value >> 8 * (directory.isLittle() ? i : bytes - 1 - i)));
    }
  }
}
