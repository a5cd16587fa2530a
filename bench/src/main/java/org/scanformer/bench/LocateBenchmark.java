package org.scanformer.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.scanformer.BackendKind;
import org.scanformer.Expression;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.PatchMask;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.engine.Flops;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.reference.RandomModel;

/**
 * One call of {@code locate} on a 640 x 480 frame: ViLT-B/32 geometry, random weights, an encoded
 * expression of 20 tokens, masks given. The pyramid is part of the call.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
public class LocateBenchmark {
  private static final int TEXT_TOKENS = 20;

  /** Share of the patches selected at scales 1 and 2. */
  @Param({"50/25", "100/100"})
  String selection;

  /** The order of the scales through the encoder. */
  @Param({"FINAL_ONLY", "PER_SCALE"})
  Schedule schedule;

  /** The type of matrix products. */
  @Param({"FP32", "BF16"})
  Precision precision;

  /** The device family. */
  @Param("cpu")
  String backend;

  /** CPU threads; a GPU does not ask. */
  @Param("2")
  int threads;

  private Path directory;
  private ScanFormer scanFormer;
  private Expression expression;
  private List<Request> requests;
  private double gigaFlops;

  /** Turns calls into floating-point operations a second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Rate {
    /** GFLOP done; reported a second. */
    public double gigaFlops;
  }

  /** Writes the model and loads it. */
  @Setup(Level.Trial)
  public void load() throws IOException {
    directory = Files.createTempDirectory("scanformer-bench");
    RandomModel.viltB32().seed(1).write(directory);
    scanFormer =
        ScanFormer.load(
            directory,
            ScanFormerOptions.builder()
                .backend(BackendKind.valueOf(backend.toUpperCase(Locale.ROOT)))
                .precision(precision)
                .threads(threads)
                .maxBatch(1)
                .build());
    expression = scanFormer.encode(BenchModel.TEXT);
    Image frame = BenchModel.frame(2);
    List<PatchMask> masks = masks(ModelConfig.read(directory.resolve("config.json")), frame);
    requests = List.of(Request.of(frame, expression).withSelection(SelectionPolicy.masks(masks)));
  }

  /** Random masks of the given shares, and the operations that a call with them takes. */
  private List<PatchMask> masks(ModelConfig config, Image frame) {
    String[] shares = selection.split("/");
    ModelConfig.Grid coarse = config.coarseGrid(frame.width(), frame.height());
    Flops flops = new Flops(config);
    List<PatchMask> masks = new ArrayList<>();
    Random random = new Random(3);
    int keys = TEXT_TOKENS;
    double operations = 0;
    for (int s = 0; s < config.numScales(); s++) {
      int rows = coarse.rows() << s;
      int cols = coarse.cols() << s;
      double share = s == 0 ? 1 : Integer.parseInt(shares[Math.min(s, shares.length) - 1]) / 100.0;
      int selected = (int) Math.round(rows * cols * share);
      byte[] mask = new byte[rows * cols];
      for (int left = selected; left > 0; ) {
        int at = random.nextInt(mask.length);
        if (mask[at] == 0) {
          mask[at] = 1;
          left--;
        }
      }
      masks.add(PatchMask.of(rows, cols, mask));
      int tokens = 1 + selected + (selected < rows * cols ? 1 : 0);
      keys += tokens;
      operations += flops.scale(selected, tokens, keys, s < config.numScales() - 1);
    }
    gigaFlops = operations / 1e9;
    return masks;
  }

  /** The call that a user makes. */
  @Benchmark
  public Location locate(Rate rate) {
    rate.gigaFlops += gigaFlops;
    return scanFormer.locate(requests, schedule).get(0);
  }

  /** Frees the engine and removes the model. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    scanFormer.close();
    BenchModel.delete(directory);
  }
}
