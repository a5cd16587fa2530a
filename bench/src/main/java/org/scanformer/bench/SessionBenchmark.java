package org.scanformer.bench;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
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
import org.scanformer.LocateOptions;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.Session;
import org.scanformer.SessionOptions;
import org.scanformer.SessionResult;

/**
 * A frame of a stream through a session: at most a quarter of the finest patches, with the text
 * encoded before or given as a string. JMH's gc profiler shows what a call allocates on the heap.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
public class SessionBenchmark {
  /** One of {@link Models}. */
  @Param({"tiny", "vilt-b32"})
  String model;

  /** The order of the scales through the encoder. */
  @Param({"FINAL_ONLY", "PER_SCALE"})
  Schedule schedule;

  /** The kind of device. */
  @Param("cpu")
  String backend;

  /** Whether a call is one CUDA graph. */
  @Param("false")
  boolean oneGraph;

  private ScanFormer scanFormer;
  private Expression expression;
  private Session session;
  private SessionResult result;
  private LocateOptions options;
  private final Image frame = BenchModel.frame(2);

  /**
   * Loads the model and opens the session.
   *
   * @throws IllegalStateException when one graph a call is asked for and not used
   */
  @Setup(Level.Trial)
  public void open() {
    scanFormer =
        ScanFormer.load(
            Models.directory(model),
            ScanFormerOptions.builder()
                .backend(BackendKind.valueOf(backend.toUpperCase(Locale.ROOT)))
                .maxBatch(1)
                .build());
    expression = scanFormer.encode(Models.text(model));
    session =
        scanFormer.openSession(
            SessionOptions.builder()
                .frameSize(BenchModel.WIDTH, BenchModel.HEIGHT)
                .oneGraph(oneGraph)
                .build());
    session.warmUp();
    if (oneGraph) {
      requireOneGraph();
    }
    result = session.newResult();
    session.locate(frame, expression, result);
    int finest = result.mask(result.completedScales() - 1).total();
    options =
        LocateOptions.builder()
            .schedule(schedule)
            .selection(SelectionPolicy.topK(finest / 4))
            .build();
  }

  /** What was measured otherwise would be taken for what it gains. The warm-up has recorded it. */
  private void requireOneGraph() {
    String said = session.toString();
    if (!said.endsWith(", oneGraph used")) {
      close();
      throw new IllegalStateException("one graph a call is asked for and not used: " + said);
    }
  }

  /** With the expression encoded before. */
  @Benchmark
  public SessionResult encodedText() {
    session.locate(frame, expression, options, result);
    return result;
  }

  /** With its text, which the session has encoded in an earlier call. */
  @Benchmark
  public SessionResult sameText() {
    session.locate(frame, Models.text(model), options, result);
    return result;
  }

  /** Closes the session and the model. */
  @TearDown(Level.Trial)
  public void close() {
    session.close();
    scanFormer.close();
  }
}
