package org.scanformer.internal.image;

import com.drew.imaging.ImageProcessingException;
import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.imaging.tiff.TiffMetadataReader;
import com.drew.lang.ByteArrayReader;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifDirectoryBase;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import javax.imageio.stream.ImageInputStream;

/**
 * Finds the EXIF orientation of a file.
 *
 * <p>Only the chunk that holds it is read: a general metadata reader would also inflate compressed
 * text and profiles of any size.
 */
final class ExifOrientation {
  /** As stored; also for files without a readable orientation. */
  static final int UPRIGHT = 1;

  /** No camera writes as much; a chunk that claims more is not read. */
  private static final int MAX_EXIF_BYTES = 1 << 20;

  private static final byte[] EXIF_PREFIX = {'E', 'x', 'i', 'f', 0, 0};

  private ExifOrientation() {}

  /**
   * The orientation, 1 to 8 in a valid file. Damaged metadata is no reason to refuse an image, so
   * it counts as none; a stream that fails here fails again when the pixels are read.
   *
   * @param stream left at its position, in its byte order
   * @param format as {@link ImageReaders.Provider#format()} says
   */
  static int read(ImageInputStream stream, String format) throws IOException {
    long position = stream.getStreamPosition();
    ByteOrder order = stream.getByteOrder();
    try {
      stream.seek(0);
      ExifIFD0Directory directory =
          metadata(stream, format).getFirstDirectoryOfType(ExifIFD0Directory.class);
      Integer value =
          directory == null ? null : directory.getInteger(ExifDirectoryBase.TAG_ORIENTATION);
      return value == null ? UPRIGHT : value;
    } catch (ImageProcessingException | IOException | RuntimeException | StackOverflowError e) {
      return UPRIGHT;
    } finally {
      stream.seek(position);
      stream.setByteOrder(order);
    }
  }

  private static Metadata metadata(ImageInputStream stream, String format)
      throws IOException, ImageProcessingException {
    return switch (format) {
      case "JPEG" ->
          JpegMetadataReader.readMetadata(asInputStream(stream), List.of(new ExifReader()));
      case "TIFF" -> TiffMetadataReader.readMetadata(asInputStream(stream));
      case "PNG" -> parse(pngChunk(stream));
      case "WebP" -> parse(webpChunk(stream));
      default -> new Metadata();
    };
  }

  private static Metadata parse(byte[] exif) {
    // WebP files often carry the prefix of JPEG's segment.
    boolean prefixed =
        exif.length > EXIF_PREFIX.length
            && Arrays.equals(exif, 0, EXIF_PREFIX.length, EXIF_PREFIX, 0, EXIF_PREFIX.length);
    Metadata metadata = new Metadata();
    new ExifReader()
        .extract(new ByteArrayReader(exif), metadata, prefixed ? EXIF_PREFIX.length : 0);
    return metadata;
  }

  /**
   * The contents of the eXIf chunk. After the signature, chunks are length, name, contents,
   * checksum.
   */
  private static byte[] pngChunk(ImageInputStream stream) throws IOException {
    stream.setByteOrder(ByteOrder.BIG_ENDIAN);
    stream.seek(8);
    while (true) {
      long length = stream.readUnsignedInt();
      String name = readName(stream);
      if (name.equals("eXIf")) {
        return contents(stream, length);
      }
      stream.seek(stream.getStreamPosition() + length + 4);
    }
  }

  /**
   * The contents of the EXIF chunk. After the file's header, chunks are name, length, and contents
   * padded to an even length.
   */
  private static byte[] webpChunk(ImageInputStream stream) throws IOException {
    stream.setByteOrder(ByteOrder.LITTLE_ENDIAN);
    stream.seek(12);
    while (true) {
      String name = readName(stream);
      long length = stream.readUnsignedInt();
      if (name.equals("EXIF")) {
        return contents(stream, length);
      }
      stream.seek(stream.getStreamPosition() + length + (length & 1));
    }
  }

  private static String readName(ImageInputStream stream) throws IOException {
    byte[] name = new byte[4];
    stream.readFully(name);
    return new String(name, StandardCharsets.US_ASCII);
  }

  private static byte[] contents(ImageInputStream stream, long length) throws IOException {
    if (length > MAX_EXIF_BYTES) {
      throw new IOException("EXIF of " + length + " bytes");
    }
    byte[] contents = new byte[(int) length];
    stream.readFully(contents);
    return contents;
  }

  private static InputStream asInputStream(ImageInputStream stream) {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        return stream.read();
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        return stream.read(bytes, offset, length);
      }
    };
  }
}
