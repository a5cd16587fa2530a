package org.scanformer.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.Precision;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.reference.RandomModel;
import picocli.CommandLine.Option;

/** The model that a harness measures, and its frames. Not safe for use by several threads. */
final class BenchModel implements AutoCloseable {
  static final int WIDTH = 640;
  static final int HEIGHT = 480;

  /** An expression of 20 tokens. */
  static final String TEXT = "the ".repeat(18);

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "A model directory. Default: ViLT-B/32's geometry with random weights.")
  private Path directory;

  @Option(names = "--backend", defaultValue = "cpu", description = "cpu or cuda. Default: cpu.")
  private String backend;

  @Option(names = "--precision", description = "fp32, tf32, fp16 or bf16. Default: the device's.")
  private String precision;

  @Option(names = "--threads", defaultValue = "0", description = "CPU threads; 0 for all.")
  int threads;

  /** A random model's directory, which is removed in the end; else null. */
  private Path written;

  /** Loads the model with room for so many requests at a time. */
  ScanFormer load(int maxBatch) throws IOException {
    if (directory == null && written == null) {
      written = Files.createTempDirectory("scanformer-bench");
      RandomModel.viltB32().seed(1).write(written);
    }
    return ScanFormer.load(
        directory != null ? directory : written,
        ScanFormerOptions.builder()
            .backend(BackendKind.valueOf(backend.toUpperCase(Locale.ROOT)))
            .precision(
                precision == null ? null : Precision.valueOf(precision.toUpperCase(Locale.ROOT)))
            .threads(threads)
            .maxBatch(maxBatch)
            .build());
  }

  /** A frame of noise in a direct buffer. */
  static Image frame(long seed) {
    ByteBuffer pixels = ByteBuffer.allocateDirect(3 * WIDTH * HEIGHT);
    Random random = new Random(seed);
    while (pixels.hasRemaining()) {
      pixels.put((byte) random.nextInt());
    }
    return Image.of(pixels.flip(), PixelFormat.RGB, WIDTH, HEIGHT);
  }

  @Override
  public void close() throws IOException {
    if (written != null) {
      delete(written);
    }
  }

  /** Removes a directory with all that is in it. */
  static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(
              file -> {
                try {
                  Files.delete(file);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
