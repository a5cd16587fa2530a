package org.scanformer.internal.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Decodes files and streams to upright 8-bit pixels.
 *
 * <p>Thread-safe: no state.
 */
public final class ImageDecoder {
  private ImageDecoder() {}

  /** Decodes a file; see org.scanformer.Image for what is accepted and thrown. */
  public static PackedPixels decode(Path file, long maxPixels) {
    String name = "image " + file;
    if (Files.isDirectory(file)) {
      throw badInput(name + ": found a directory, expected an image file", null);
    }
    if (!Files.exists(file)) {
      throw badInput(name + ": no such file", null);
    }
    try (InputStream stream = Files.newInputStream(file)) {
      return decode(stream, name, maxPixels);
    } catch (IOException e) {
      throw badInput(name + ": cannot be read: " + e, e);
    }
  }

  /** Decodes a stream, which stays open. */
  public static PackedPixels decode(InputStream stream, long maxPixels) {
    return decode(stream, "image stream", maxPixels);
  }

  private static PackedPixels decode(InputStream encoded, String name, long maxPixels) {
    if (maxPixels < 1) {
      throw badInput(
          name + ": found a limit of " + maxPixels + " pixels, expected at least 1", null);
    }
    try (ImageInputStream stream = new EncodedStream(encoded)) {
      if (stream.read() < 0) {
        throw badInput(
            name + ": found no bytes, expected one of " + ImageReaders.knownFormats(), null);
      }
      stream.seek(0);
      ImageReaders.Provider provider =
          ImageReaders.forContent(stream)
              .orElseThrow(
                  () ->
                      badInput(
                          name
                              + ": found an unknown format, expected one of "
                              + ImageReaders.knownFormats(),
                          null));
      return decode(stream, provider, name, maxPixels);
    } catch (ScanFormerException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw badInput(name + ": cannot be read: " + e, e);
    } catch (OutOfMemoryError e) {
      throw outOfMemory(name, e);
    }
  }

  private static PackedPixels decode(
      ImageInputStream stream, ImageReaders.Provider provider, String name, long maxPixels)
      throws IOException {
    ImageReader reader = provider.spi().createReaderInstance();
    try {
      // Not forward only, as the orientation is read in between; without metadata, which may be
      // compressed text of any size.
      reader.setInput(
          provider.format().equals("WebP") ? new WebpStream(stream) : stream, false, true);
      checkSize(reader.getWidth(0), reader.getHeight(0), name, maxPixels);
      int orientation = ExifOrientation.read(stream, provider.format());
      return PackedPixels.of(readPixels(reader)).upright(orientation);
    } catch (ScanFormerException e) {
      throw e;
    } catch (IOException | RuntimeException | StackOverflowError e) {
      Throwable cause = rootCause(e);
      if (cause instanceof OutOfMemoryError) { // the JDK's PNG reader wraps it
        throw outOfMemory(name, e);
      }
      throw badInput(
          String.format(
              "%s: found %s data that cannot be decoded, expected a complete file: %s",
              name, provider.format(), cause),
          e);
    } finally {
      reader.dispose();
    }
  }

  private static void checkSize(int width, int height, String name, long maxPixels) {
    long limit = Math.min(maxPixels, PackedPixels.MAX_PIXELS);
    long pixels = (long) width * height;
    if (pixels > limit) {
      throw badInput(
          String.format(
              "%s: found %dx%d = %d pixels, expected at most %d",
              name, width, height, pixels, limit),
          null);
    }
  }

  private static BufferedImage readPixels(ImageReader reader) throws IOException {
    List<String> damages = new ArrayList<>();
    reader.addIIOReadWarningListener(
        (source, warning) -> {
          if (reportsDamage(warning)) {
            damages.add(warning);
          }
        });
    BufferedImage image = reader.read(0, parameters(reader));
    if (!damages.isEmpty()) {
      throw new IOException(damages.get(0));
    }
    return image;
  }

  /**
   * Asks for samples in the file's own colour space where a reader would apply an embedded profile
   * on the way to its default type. CMYK is left to the default type, which is RGB.
   */
  private static ImageReadParam parameters(ImageReader reader) throws IOException {
    ImageReadParam parameters = reader.getDefaultReadParam();
    ImageTypeSpecifier raw = reader.getRawImageType(0);
    if (raw != null) {
      ColorSpace space = raw.getColorModel().getColorSpace();
      ImageTypeSpecifier standard = reader.getImageTypes(0).next();
      if (space.getType() == ColorSpace.TYPE_RGB
          && !space.equals(standard.getColorModel().getColorSpace())) {
        parameters.setDestinationType(raw);
      }
    }
    return parameters;
  }

  /**
   * Whether a reader's warning means that pixels were made up. JPEG decoders only warn of data that
   * ends early or is invalid, and fill the rest with gray. Superfluous bytes between segments,
   * which some cameras write, cost no pixel.
   */
  private static boolean reportsDamage(String warning) {
    return warning.contains("Truncated File")
        || warning.contains("Premature end")
        || (warning.startsWith("Corrupt JPEG data") && !warning.contains("extraneous bytes"));
  }

  private static Throwable rootCause(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  private static ScanFormerException outOfMemory(String name, Throwable cause) {
    return new ScanFormerException(
        ErrorCode.OUT_OF_MEMORY, name + ": no room in the Java heap to decode it", cause);
  }

  private static ScanFormerException badInput(String message, Throwable cause) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, message, cause);
  }

  /**
   * The encoded bytes, kept in memory: ImageIO's choice between that and temporary files is a
   * global setting, and small reads of files are slow.
   */
  private static final class EncodedStream extends MemoryCacheImageInputStream {
    EncodedStream(InputStream encoded) {
      super(encoded);
    }

    /**
     * Keeps the bytes that readers have passed and discard: the orientation is read after their
     * header.
     */
    @Override
    public void flushBefore(long position) {}
  }
}
