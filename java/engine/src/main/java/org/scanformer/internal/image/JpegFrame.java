package org.scanformer.internal.image;

import java.io.IOException;
import java.util.Arrays;
import org.scanformer.ImageLimits;

/** What a JPEG file's frame header says, and what of it the scans so far hold. Not thread-safe. */
final class JpegFrame {
  private static final int COEFFICIENTS = 64;

  /** A coefficient's two bytes and a twentieth for what a decoder keeps beside them. */
  private static final double COEFFICIENT_BYTES = 2.1;

  /** A sample's number in the decoder of lossless files, and the second byte of its result. */
  private static final double LOSSLESS_BYTES = 5;

  /**
   * What a pixel of one component costs at least, in a scan and for the result, with a quarter of
   * that for what the JVM does beside. A scan may go over all of a picture with hardly a bit of
   * data, and a decoder that reads no data cannot be stopped.
   */
  private static final double SCAN_NANOS = 7.5;

  private static final double RESULT_NANOS = 5;

  /** Of {@link #missingBits}: a coefficient of which no scan has been seen. */
  private static final int UNSEEN = 255;

  private final boolean progressive;
  private final boolean lossless;
  private final int width;
  private final int height;
  private final int[] ids;
  private final int[] samplings;

  /** Bits that later scans have to add, [component][coefficient]. */
  private final int[][] missingBits;

  private int scans;

  /** Samples of all scans, for as many pixels as the most sampled component has samples. */
  private double scanned;

  /** Whether a decoder keeps the whole picture's coefficients: a scan has not all of them. */
  private boolean inSeveralScans;

  /** Reads the contents of a frame header, from its precision on. */
  JpegFrame(EncodedBytes file, long at, int marker) throws IOException {
    progressive = marker == 0xc2 || marker == 0xc6 || marker == 0xca || marker == 0xce;
    lossless = marker == 0xc3;
    height = file.u16(at + 1);
    width = file.u16(at + 3);
    int components = file.u8(at + 5);
    ids = new int[components];
    samplings = new int[components];
    missingBits = new int[components][COEFFICIENTS];
    for (int c = 0; c < components; c++) {
      ids[c] = file.u8(at + 6 + 3L * c);
      int factors = file.u8(at + 7 + 3L * c);
      samplings[c] = (factors >> 4) * (factors & 15);
      Arrays.fill(missingBits[c], UNSEEN);
    }
  }

  /** Records a scan header, from its number of components on. */
  void addScan(EncodedBytes file, long at, ImageLimits limits) throws IOException {
    LimitExceeded.check(++scans, "scans or more", limits.scans(), "scans");
    int components = file.u8(at);
    inSeveralScans |= progressive || scans > 1 || components < ids.length;
    long spectrum = at + 1 + 2L * components;
    int first = progressive ? file.u8(spectrum) : 0;
    int last = progressive ? file.u8(spectrum + 1) : COEFFICIENTS - 1;
    int low = progressive ? file.u8(spectrum + 2) & 15 : 0;
    for (int i = 0; i < components; i++) {
      int id = file.u8(at + 1 + 2L * i);
      for (int c = 0; c < ids.length; c++) {
        scanned += ids[c] == id ? (double) samplings[c] / most() : 0;
        for (int k = first; ids[c] == id && k <= last && k < COEFFICIENTS; k++) {
          missingBits[c][k] = low;
        }
      }
    }
  }

  /** Whether the scans so far have every bit of every component. */
  boolean isComplete() {
    return Arrays.stream(missingBits).flatMapToInt(Arrays::stream).allMatch(bits -> bits == 0);
  }

  private int most() {
    return Math.max(1, Arrays.stream(samplings).max().orElse(1));
  }

  /** Compares size, memory and time with the limits. */
  void check(int orientation, long encoded, ImageLimits limits) throws IOException {
    FirstPicture.checkSize(width, height, limits);
    double result = (ids.length == 1 ? 1.0 : 3.0) * width * height;
    FirstPicture.checkMemory(decodingBytes(), result, orientation, encoded, limits);
    FirstPicture.checkTime(decodingNanos(), encoded, limits);
  }

  /**
   * Bytes of memory that decoding takes. A decoder keeps all coefficients of a picture in several
   * scans, also where most of these are missing. Converting CMYK takes a raster of its own.
   */
  double decodingBytes() {
    double bytes = ids.length == 4 ? 4 + 3 + 3 : ids.length;
    if (inSeveralScans) {
      bytes += COEFFICIENT_BYTES * Arrays.stream(samplings).sum() / most();
    }
    if (lossless) {
      bytes += LOSSLESS_BYTES * ids.length;
    }
    return bytes * width * height;
  }

  /** Processor time that the scans of a picture in several take, whatever they hold; else 0. */
  double decodingNanos() {
    double samples = (double) Arrays.stream(samplings).sum() / most();
    double nanos = SCAN_NANOS * scanned + RESULT_NANOS * samples;
    return inSeveralScans ? nanos * width * height : 0;
  }

  int components() {
    return ids.length;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  int scans() {
    return scans;
  }
}
