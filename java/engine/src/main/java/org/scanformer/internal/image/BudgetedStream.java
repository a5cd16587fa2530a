package org.scanformer.internal.image;

import java.util.Arrays;
import javax.imageio.IIOException;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A file in memory as decoders read it: the point that all of them pass again and again, and so
 * where they are stopped when their time is up.
 *
 * <p>TwelveMonkeys' WebP reader takes the end of the stream for bits of any value, so it decodes
 * truncated files without an error, and damaged ones for minutes. With padding a reader may fetch
 * some bytes ahead, and then gets an exception it does not catch.
 */
final class BudgetedStream extends ImageInputStreamImpl {
  /** What a bit reader may fetch ahead: two 64-bit words, with room to spare. */
  private static final int PADDING = 64;

  /** Bytes read, a call counting as one more, after which the time is looked at. */
  private static final int CHECK_EVERY = 1024;

  private final byte[] file;
  private final TimeBudget budget;
  private final boolean padded;
  private int untilCheck = CHECK_EVERY;

  BudgetedStream(byte[] file, TimeBudget budget, boolean padded) {
    this.file = file;
    this.budget = budget;
    this.padded = padded;
  }

  private void use(int bytes) {
    untilCheck -= bytes + 1;
    if (untilCheck < 0) {
      untilCheck = CHECK_EVERY;
      budget.check();
    }
  }

  @Override
  public int read() throws IIOException {
    bitOffset = 0;
    use(1);
    if (streamPos < file.length) {
      return file[(int) streamPos++] & 0xff;
    }
    if (!padded) {
      return -1;
    }
    requirePadding();
    streamPos++;
    return 0;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IIOException {
    bitOffset = 0;
    use(length);
    if (length == 0) {
      return 0;
    }
    int real = (int) Math.max(0, Math.min(length, file.length - streamPos));
    if (real > 0) {
      System.arraycopy(file, (int) streamPos, bytes, offset, real);
    } else if (!padded) {
      return -1;
    }
    int count = real;
    if (padded && real < length) {
      requirePadding();
      count = (int) Math.min(length, file.length + PADDING - streamPos);
      Arrays.fill(bytes, offset + real, offset + count, (byte) 0);
    }
    streamPos += count;
    return count;
  }

  private void requirePadding() throws IIOException {
    if (streamPos >= file.length + PADDING) {
      throw new IIOException("the data end before the picture does");
    }
  }

  @Override
  public long length() {
    return file.length;
  }

  /** Keeps all: readers go back to what they have passed. */
  @Override
  public void flushBefore(long position) {}
}
