package org.scanformer.datasets;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/**
 * The size of an image file's pixels as stored, and the EXIF orientation that turns them upright.
 * Immutable.
 *
 * @param width pixels per stored row
 * @param height stored rows
 * @param orientation 1 to 8; 1 where pixels are stored upright
 */
record ImageHeader(int width, int height, int orientation) {
  private static final long PNG_SIGNATURE = 0x89504e470d0a1a0aL;
  private static final int JPEG_SIGNATURE = 0xffd8;
  private static final int MAX_CHUNKS = 10_000;
  private static final int BUFFER_BYTES = 1 << 12;
  private static final byte[] EXIF_PREFIX = {'E', 'x', 'i', 'f', 0, 0};
  private static final int ORIENTATION_TAG = 0x0112;
  private static final int SHORT_TYPE = 3;

  /**
   * Reads the header of a file. Of formats other than JPEG and PNG, which are rare in datasets, the
   * pixels are decoded for their upright size.
   *
   * @throws ScanFormerException BAD_INPUT when the file is not an image that can be read
   */
  static ImageHeader read(Path path) {
    // Buffered, as a file may have millions of superfluous bytes before its size.
    try (DataInputStream file =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES))) {
      ImageHeader header = null;
      file.mark(Long.BYTES);
      byte[] signature = file.readNBytes(Long.BYTES);
      if (signature.length == Long.BYTES) {
        long value = ByteBuffer.wrap(signature).getLong();
        if (value == PNG_SIGNATURE) {
          header = png(file);
        } else if (value >>> 48 == JPEG_SIGNATURE) {
          file.reset();
          header = jpeg(file);
        }
      }
      if (header == null) {
        Image image = Image.read(path);
        return new ImageHeader(image.width(), image.height(), 1);
      }
      if (header.width < 1 || header.height < 1) {
        throw new IOException("a size of " + header.width + "x" + header.height);
      }
      return header;
    } catch (IOException e) {
      String found =
          e instanceof EOFException ? "the file ends within its header" : SystemMessages.reason(e);
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "image " + path + ": its size cannot be read: " + found, e);
    }
  }

  /** Whether turning the pixels upright swaps width and height. */
  boolean swapsSides() {
    return orientation >= 5;
  }

  /** Pixels per row of the upright image. */
  int uprightWidth() {
    return swapsSides() ? height : width;
  }

  /** Rows of the upright image. */
  int uprightHeight() {
    return swapsSides() ? width : height;
  }

  /** Chunks are length, name, contents, checksum; the first one holds the size. */
  private static ImageHeader png(DataInputStream file) throws IOException {
    file.skipNBytes(8);
    int width = file.readInt();
    int height = file.readInt();
    long rest = 9; // of the first chunk
    for (int i = 0; i < MAX_CHUNKS; i++) {
      byte[] head;
      try {
        file.skipNBytes(rest);
        head = file.readNBytes(8);
      } catch (EOFException e) {
        break;
      }
      if (head.length < 8) {
        break;
      }
      ByteBuffer chunk = ByteBuffer.wrap(head);
      long length = Integer.toUnsignedLong(chunk.getInt());
      if (chunk.getInt() == 0x65584966) { // eXIf
        return new ImageHeader(width, height, orientation(bytes(file, length), 0));
      }
      rest = length + 4;
    }
    return new ImageHeader(width, height, 1);
  }

  /** Segments are a marker, and for all that may come before the size a length and contents. */
  private static ImageHeader jpeg(DataInputStream file) throws IOException {
    int orientation = 1;
    file.skipNBytes(2);
    for (int i = 0; i < MAX_CHUNKS; i++) {
      int marker = file.readUnsignedByte();
      while (marker != 0xff) { // superfluous bytes between segments
        marker = file.readUnsignedByte();
      }
      while (marker == 0xff) {
        marker = file.readUnsignedByte();
      }
      int rest = Math.max(0, file.readUnsignedShort() - 2);
      if (isFrame(marker)) {
        file.readUnsignedByte(); // bits per sample
        int height = file.readUnsignedShort();
        return new ImageHeader(file.readUnsignedShort(), height, orientation);
      }
      if (marker == 0xda || marker == 0xd9) {
        throw new IOException("no frame header before the pixels");
      }
      if (marker == 0xe1 && orientation == 1) {
        byte[] contents = bytes(file, rest);
        if (contents.length > EXIF_PREFIX.length
            && ByteBuffer.wrap(contents, 0, EXIF_PREFIX.length)
                .equals(ByteBuffer.wrap(EXIF_PREFIX))) {
          orientation = orientation(contents, EXIF_PREFIX.length);
        }
      } else {
        file.skipNBytes(rest);
      }
    }
    throw new IOException("no frame header");
  }

  /** SOF0 to SOF15, without DHT, JPG and DAC, which lie between them. */
  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  private static byte[] bytes(DataInputStream file, long length) throws IOException {
    byte[] bytes = new byte[(int) Math.max(0, Math.min(length, 1 << 20))];
    file.readFully(bytes);
    return bytes;
  }

  /** The orientation in a TIFF structure; damaged metadata counts as none. */
  private static int orientation(byte[] bytes, int start) {
    try {
      ByteBuffer tiff = ByteBuffer.wrap(bytes, start, bytes.length - start).slice();
      tiff.order(tiff.getShort(0) == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
      int directory = tiff.getInt(4);
      int entries = tiff.getShort(directory) & 0xffff;
      for (int i = 0; i < entries; i++) {
        int entry = directory + 2 + 12 * i;
        if ((tiff.getShort(entry) & 0xffff) == ORIENTATION_TAG
            && tiff.getShort(entry + 2) == SHORT_TYPE) {
          int value = tiff.getShort(entry + 8);
          return value >= 1 && value <= 8 ? value : 1;
        }
      }
    } catch (IndexOutOfBoundsException e) {
      return 1;
    }
    return 1;
  }
}
