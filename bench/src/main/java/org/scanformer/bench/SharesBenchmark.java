package org.scanformer.bench;

import java.lang.reflect.Method;
import java.util.Locale;
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
import org.scanformer.Precision;
import org.scanformer.Schedule;
import org.scanformer.internal.backend.Backend;

/**
 * Where the time of a call goes: seconds of each kind of operation per second of calls. The rest,
 * up to 1, is spent between operations, in Java. On a GPU each operation is waited for, and none is
 * replayed from a graph, so that the sum is more than a call takes there.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
public class SharesBenchmark {
  /** One of {@link Models}. */
  @Param("vilt-b32")
  String model;

  /** Requests of a call. */
  @Param("1")
  int batch;

  /** Share of the patches selected at scales 1 and 2, in percent. */
  @Param({"50/25", "100/100"})
  String selection;

  /** The order of the scales through the encoder. */
  @Param("FINAL_ONLY")
  Schedule schedule;

  /** The type of matrix products. */
  @Param({"FP32", "BF16"})
  Precision precision;

  /** CPU threads. */
  @Param("2")
  int threads;

  /** The device: cpu or cuda. */
  @Param("cpu")
  String backend;

  private ObservedEngine engine;

  /** The counters of the running call. */
  private Shares current = new Shares();

  private Object time(Backend real, Method method, Object[] arguments) throws Throwable {
    long start = System.nanoTime();
    Object result = ObservedEngine.invoke(real, method, arguments);
    if (!method.getName().equals("close")) {
      real.synchronize();
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    switch (method.getName()) {
      case "buildPyramids" -> current.pyramid += seconds;
      case "gatherPatches" -> current.gather += seconds;
      case "embedPatches", "embedText" -> current.embed += seconds;
      case "linear", "linearToAdd", "linearAppendKv" -> current.linear += seconds;
      case "residualLayerNorm" -> current.norm += seconds;
      case "appendKv" -> current.append += seconds;
      case "attention" -> current.attention += seconds;
      case "compactPatches", "selectPatches" -> current.selection += seconds;
      default -> {
        // Anything else counts as time between operations.
      }
    }
    return result;
  }

  /** Seconds by kind of operation, reported per second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Shares {
    /** The image pyramid. */
    public double pyramid;

    /** The masked patch gather. */
    public double gather;

    /** Tokens of texts and patches. */
    public double embed;

    /** Linear layers. */
    public double linear;

    /** Residual additions with layer norms. */
    public double norm;

    /** The KV-cache append. */
    public double append;

    /** Attention. */
    public double attention;

    /** Compaction of masks and selection of patches. */
    public double selection;
  }

  /** Loads the model. */
  @Setup(Level.Trial)
  public void load() {
    engine =
        new ObservedEngine(
            Workload.of(
                Models.directory(model),
                batch,
                selection,
                Models.text(model),
                true,
                schedule,
                precision,
                threads),
            BackendKind.valueOf(backend.toUpperCase(Locale.ROOT)),
            this::time);
  }

  /** The call. */
  @Benchmark
  public Object locate(Shares shares) {
    current = shares;
    return engine.locate();
  }

  /** Frees what was loaded. */
  @TearDown(Level.Trial)
  public void close() {
    engine.close();
  }
}
