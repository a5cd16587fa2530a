package org.scanformer.internal.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import org.scanformer.ErrorCode;
import org.scanformer.ImageLimits;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/**
 * Decodes files and streams to upright 8-bit pixels.
 *
 * <p>Thread-safe: no state.
 */
public final class ImageDecoder {
  private ImageDecoder() {}

  /** Decodes a file; see org.scanformer.Image for what is accepted and thrown. */
  public static PackedPixels decode(Path file, ImageLimits limits) {
    String name = "image " + file;
    if (Files.isDirectory(file)) {
      throw badInput(name + ": found a directory, expected an image file", null);
    }
    if (!Files.exists(file)) {
      throw badInput(name + ": no such file", null);
    }
    try (InputStream stream = Files.newInputStream(file)) {
      return decode(stream, Files.size(file), name, limits);
    } catch (IOException e) {
      throw badInput(name + ": cannot be read: " + SystemMessages.reason(e), e);
    }
  }

  /** Decodes a stream, which stays open. */
  public static PackedPixels decode(InputStream stream, ImageLimits limits) {
    return decode(stream, 0, "image stream", limits);
  }

  private static PackedPixels decode(
      InputStream stream, long expected, String name, ImageLimits limits) {
    String format = "";
    try {
      EncodedBytes file = new EncodedBytes(stream, expected, limits.encodedBytes());
      if (!file.has(1)) {
        throw badInput(
            name + ": found no bytes, expected one of " + ImageReaders.knownFormats(), null);
      }
      format = FirstPicture.formatOf(file);
      if (format == null) {
        throw badInput(
            name
                + ": found "
                + FirstPicture.otherFormatOf(file)
                + ", expected one of "
                + ImageReaders.knownFormats(),
            null);
      }
      return decode(FirstPicture.in(file, format, limits), name, limits);
    } catch (ScanFormerException e) {
      throw e;
    } catch (LimitExceeded e) {
      throw badInput(name + ": found " + e.getMessage(), e);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      throw undecodable(name, format, e);
    } catch (OutOfMemoryError e) {
      throw outOfMemory(name, e);
    }
  }

  private static PackedPixels decode(FirstPicture picture, String name, ImageLimits limits)
      throws IOException {
    TimeBudget budget = new TimeBudget(limits, picture.encodedBytes());
    BudgetedStream stream =
        new BudgetedStream(picture.file(), budget, picture.format().equals("WebP"));
    ImageReader reader = reader(stream, picture.format(), name);
    try {
      // Without metadata: what a picture needs of them has been read.
      reader.setInput(stream, false, true);
      if (reader.getWidth(0) != picture.width() || reader.getHeight(0) != picture.height()) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "headers of %dx%d and of %dx%d pixels",
                picture.width(),
                picture.height(),
                reader.getWidth(0),
                reader.getHeight(0)));
      }
      PackedPixels pixels =
          PixelConversion.adopt(readPixels(reader, picture.floats(), budget), budget);
      budget.check();
      return pixels.onCanvas(picture.canvas()).upright(picture.orientation(), budget);
    } catch (TimeBudget.Exceeded e) {
      throw badInput(
          String.format(
              Locale.ROOT,
              "%s: found a %s picture of %dx%d pixels that takes longer to decode, expected at most"
                  + " %d ms (ImageLimits.decodeTime)",
              name,
              picture.format(),
              picture.width(),
              picture.height(),
              budget.millis()),
          e);
    } finally {
      reader.dispose();
    }
  }

  private static ImageReader reader(ImageInputStream stream, String format, String name)
      throws IOException {
    Optional<ImageReaderSpi> provider = ImageReaders.forContent(stream, format);
    if (provider.isEmpty() && ImageReaders.missing(format) != null) {
      throw badInput(name + ": " + ImageReaders.missing(format), null);
    }
    return provider
        .orElseThrow(() -> new IOException("no reader takes its header"))
        .createReaderInstance();
  }

  private static BufferedImage readPixels(ImageReader reader, boolean floats, TimeBudget budget)
      throws IOException {
    List<String> damages = new ArrayList<>();
    reader.addIIOReadWarningListener(
        (source, warning) -> {
          if (reportsDamage(warning)) {
            damages.add(warning);
          }
        });
    reader.addIIOReadProgressListener(new BudgetedProgress(budget));
    BufferedImage image;
    try {
      image = floats ? readFloats(reader) : reader.read(0, parameters(reader));
    } catch (IOException | RuntimeException e) {
      budget.check(); // a decoder may have wrapped what stopped it
      throw e;
    }
    budget.check();
    if (!damages.isEmpty()) {
      throw new IOException(damages.get(0));
    }
    return image;
  }

  /** Samples as they are stored: those of an image the reader would clamp to 0 to 1. */
  private static BufferedImage readFloats(ImageReader reader) throws IOException {
    ColorModel colors = reader.getRawImageType(0).getColorModel();
    WritableRaster raster = (WritableRaster) reader.readRaster(0, null);
    return new BufferedImage(colors, raster, colors.isAlphaPremultiplied(), null);
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

  private static ScanFormerException undecodable(String name, String format, Throwable failure) {
    Throwable cause = rootCause(failure);
    if (cause instanceof OutOfMemoryError) { // the JDK's PNG reader wraps it
      return outOfMemory(name, failure);
    }
    return badInput(
        format == null || format.isEmpty()
            ? name + ": cannot be read: " + SystemMessages.reason(failure)
            : String.format(
                Locale.ROOT,
                "%s: found %s data that cannot be decoded, expected a complete file: %s",
                name,
                format,
                SystemMessages.reason(cause)),
        failure);
  }

  private static ScanFormerException outOfMemory(String name, Throwable cause) {
    return new ScanFormerException(
        ErrorCode.OUT_OF_MEMORY, name + ": no room in the Java heap to decode it", cause);
  }

  private static ScanFormerException badInput(String message, Throwable cause) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, message, cause);
  }
}
