package org.scanformer;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/**
 * What reading an image file may cost. A file that exceeds a limit is refused with {@link
 * ErrorCode#BAD_INPUT}, with what was found and the limit. The defaults take photographs of up to
 * 100 megapixels, and keep a hostile file of up to 5 MB within about 3 seconds of processor time
 * and 512 MB.
 *
 * <p>Immutable and thread-safe.
 */
public final class ImageLimits {
  /** The file size up to which {@link #decodeTime()} is for a whole file. */
  public static final int FULL_TIME_BYTES = 5_000_000;

  private static final ImageLimits DEFAULTS =
      new ImageLimits(256L << 20, 100_000_000, 100_000, 100, 100_000, 384L << 20, 2_500_000_000L);

  private final long encodedBytes;
  private final long pixels;
  private final int side;
  private final int scans;
  private final int parts;
  private final long memory;
  private final long decodeNanos;

  private ImageLimits(
      long encodedBytes,
      long pixels,
      int side,
      int scans,
      int parts,
      long memory,
      long decodeNanos) {
    this.encodedBytes = atLeastOne("encodedBytes", encodedBytes);
    this.pixels = atLeastOne("pixels", pixels);
    this.side = (int) atLeastOne("side", side);
    this.scans = (int) atLeastOne("scans", scans);
    this.parts = (int) atLeastOne("parts", parts);
    this.memory = atLeastOne("memory", memory);
    this.decodeNanos = atLeastOne("decodeTime", decodeNanos);
  }

  private static long atLeastOne(String name, long value) {
    if (value < 1) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "image limits: found a limit of " + value + " for " + name + ", expected at least 1");
    }
    return value;
  }

  /** The default limits. */
  public static ImageLimits defaults() {
    return DEFAULTS;
  }

  /** Bytes of the file to read at most. Default 256 MiB; never more than 2^31 - 1025. */
  public long encodedBytes() {
    return encodedBytes;
  }

  /**
   * Pixels, width * height, of the picture and of the canvas that it is on. Default 100,000,000;
   * never more than 2^29 - 1.
   */
  public long pixels() {
    return pixels;
  }

  /** Pixels of the longer side. Default 100,000. */
  public int side() {
    return side;
  }

  /** Scans of a JPEG picture; progressive files usually have 10. Default 100. */
  public int scans() {
    return scans;
  }

  /**
   * Parts of a file: segments, chunks, blocks, strips, tiles or frames, each kind counted for
   * itself. Default 100,000.
   */
  public int parts() {
    return parts;
  }

  /**
   * Bytes of memory that decoding may take besides the file itself, as estimated from the file's
   * header. Default 384 MiB. A larger file may take 8 bytes for each of its own.
   */
  public long memory() {
    return memory;
  }

  /**
   * Processor time that decoding may take, in proportion more for files of more than {@link
   * #FULL_TIME_BYTES}. Default 2.5 s. It is elapsed time where the JVM cannot tell a thread's
   * processor time. The time for which a stream blocks is not limited.
   */
  public Duration decodeTime() {
    return Duration.ofNanos(decodeNanos);
  }

  /** These limits with another one of {@link #encodedBytes()}, at least 1. */
  public ImageLimits withEncodedBytes(long most) {
    return new ImageLimits(most, pixels, side, scans, parts, memory, decodeNanos);
  }

  /** These limits with another one of {@link #pixels()}, at least 1. */
  public ImageLimits withPixels(long most) {
    return new ImageLimits(encodedBytes, most, side, scans, parts, memory, decodeNanos);
  }

  /** These limits with another one of {@link #side()}, at least 1. */
  public ImageLimits withSide(int most) {
    return new ImageLimits(encodedBytes, pixels, most, scans, parts, memory, decodeNanos);
  }

  /** These limits with another one of {@link #scans()}, at least 1. */
  public ImageLimits withScans(int most) {
    return new ImageLimits(encodedBytes, pixels, side, most, parts, memory, decodeNanos);
  }

  /** These limits with another one of {@link #parts()}, at least 1. */
  public ImageLimits withParts(int most) {
    return new ImageLimits(encodedBytes, pixels, side, scans, most, memory, decodeNanos);
  }

  /** These limits with another one of {@link #memory()}, at least 1. */
  public ImageLimits withMemory(long most) {
    return new ImageLimits(encodedBytes, pixels, side, scans, parts, most, decodeNanos);
  }

  /** These limits with another one of {@link #decodeTime()}, at least 1 ns, at most 292 years. */
  public ImageLimits withDecodeTime(Duration most) {
    long nanos;
    try {
      nanos = Objects.requireNonNull(most, "most").toNanos();
    } catch (ArithmeticException e) {
      nanos = Long.MAX_VALUE;
    }
    return new ImageLimits(encodedBytes, pixels, side, scans, parts, memory, nanos);
  }

  /** The limits, for messages. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "ImageLimits[encodedBytes=%d, pixels=%d, side=%d, scans=%d, parts=%d, memory=%d, decodeTime=%s]",
        encodedBytes,
        pixels,
        side,
        scans,
        parts,
        memory,
        decodeTime());
  }
}
