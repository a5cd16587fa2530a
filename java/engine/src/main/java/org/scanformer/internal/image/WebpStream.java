package org.scanformer.internal.image;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Arrays;
import javax.imageio.IIOException;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A WebP file that cannot be read far past its end.
 *
 * <p>TwelveMonkeys' reader takes the end of the stream for bits of any value, so it decodes
 * truncated files without an error, and damaged ones for minutes. Here the file must be as long as
 * its header says, and a reader that runs past the bytes a bit reader may fetch ahead gets an
 * exception it does not catch.
 */
final class WebpStream extends ImageInputStreamImpl {
  /** What a bit reader may fetch ahead: two 64-bit words, with room to spare. */
  private static final int PADDING = 64;

  private final ImageInputStream file;
  private final long end;

  /**
   * @param file owned by the caller; every read moves its position
   * @throws IIOException when the file is shorter than its RIFF header says
   */
  WebpStream(ImageInputStream file) throws IOException {
    this.file = file;
    ByteOrder order = file.getByteOrder();
    file.setByteOrder(ByteOrder.LITTLE_ENDIAN);
    file.seek(4);
    end = 8 + file.readUnsignedInt();
    file.setByteOrder(order);
    file.seek(end - 1);
    if (file.read() < 0) {
      throw new IIOException("the file ends before the " + end + " bytes its header tells of");
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    read(one, 0, 1);
    return one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    bitOffset = 0;
    if (length > 0 && streamPos >= end + PADDING) {
      throw new IIOException("the data end before the picture does");
    }
    int count = (int) Math.min(length, end + PADDING - streamPos);
    int real = (int) Math.max(0, Math.min(count, end - streamPos));
    file.seek(streamPos);
    file.readFully(bytes, offset, real);
    Arrays.fill(bytes, offset + real, offset + count, (byte) 0);
    streamPos += count;
    return count;
  }
}
