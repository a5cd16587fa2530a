package org.scanformer.bench;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Random;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.Precision;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.Option;

/**
 * The options for the model that a harness measures, and frames for it. Not safe for use by several
 * threads.
 */
final class BenchModel {
  static final int WIDTH = 640;
  static final int HEIGHT = 480;

  @Option(
      names = "--model",
      paramLabel = "NAME|DIR",
      defaultValue = "vilt-b32",
      description = {
        "vilt-b32 or vilt-s (their geometry with random weights), shapes (the bundled model), tiny,",
        "or a model directory. Default: ${DEFAULT-VALUE}."
      })
  private String model;

  @Option(names = "--backend", defaultValue = "cpu", description = "cpu or cuda. Default: cpu.")
  private String backend;

  @Option(names = "--precision", description = "fp32, tf32, fp16 or bf16. Default: the device's.")
  private String precision;

  @Option(names = "--threads", defaultValue = "0", description = "CPU threads; 0 for all.")
  int threads;

  /** Loads the model for batches of up to that many requests. */
  ScanFormer load(int maxBatch) {
    return ScanFormer.load(
        Models.directoryOf(model),
        ScanFormerOptions.builder()
            .backend(BackendKind.valueOf(backend.toUpperCase(Locale.ROOT)))
            .precision(
                precision == null ? null : Precision.valueOf(precision.toUpperCase(Locale.ROOT)))
            .threads(threads)
            .maxBatch(maxBatch)
            .build());
  }

  /** An expression for it. */
  String text() {
    return Models.text(model);
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
}
