package org.scanformer.bench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
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
import org.scanformer.Image;
import org.scanformer.Precision;
import org.scanformer.Schedule;
import org.scanformer.internal.backend.Backend;
import org.scanformer.reference.RandomImages;

/**
 * One operation of the CPU backend, repeated with the arguments that a call passes at the finest
 * scale. Bytes and floating-point operations are counted from the shapes: every array once,
 * whatever is in a cache.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
public class OperationBenchmark {
  /** The operation; those in FLOP are the linear layers and attention, the others count bytes. */
  @Param({
    "decode",
    "pyramid",
    "gather",
    "linear-patch",
    "linear-qkv",
    "append",
    "attention",
    "linear-projection",
    "norm",
    "linear-fc1",
    "linear-fc2"
  })
  String operation;

  /** One of {@link Models}. */
  @Param("vilt-b32")
  String model;

  /** Requests of a call. */
  @Param("1")
  int batch;

  /** Share of the patches selected at scales 1 and 2, in percent. */
  @Param("50/25")
  String selection;

  /** The type of matrix products. */
  @Param({"FP32", "BF16"})
  Precision precision;

  /** CPU threads. */
  @Param("2")
  int threads;

  private ObservedEngine engine;
  private Backend backend;
  private Method method;
  private Object[] arguments;
  private byte[] jpeg;
  private double giga;

  /** Turns calls into the work that they do. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    /** GFLOP, or GB read and written; reported per second. */
    public double giga;
  }

  /** Loads the model, runs a call and keeps the operation's last arguments in it. */
  @Setup(Level.Trial)
  public void load() throws IOException {
    if (operation.equals("decode")) {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      ImageIO.write(RandomImages.structured(1, BenchModel.WIDTH, BenchModel.HEIGHT), "jpeg", file);
      jpeg = file.toByteArray();
      giga = 3.0 * BenchModel.WIDTH * BenchModel.HEIGHT * 1e-9;
      return;
    }
    Workload workload =
        Workload.of(
            Models.directory(model),
            batch,
            selection,
            Models.text(model),
            true,
            Schedule.PER_SCALE,
            precision,
            threads);
    OperationShape shape = OperationShape.of(operation, workload);
    giga = shape.work() * 1e-9;
    engine =
        new ObservedEngine(
            workload,
            (real, called, with) -> {
              if (called.getName().equals(shape.method()) && shape.matches().test(with)) {
                backend = real;
                method = called;
                arguments = with;
              }
              return ObservedEngine.invoke(real, called, with);
            });
    engine.locate();
    if (method == null) {
      throw new IllegalStateException("The call had no operation " + operation);
    }
  }

  /** The operation. */
  @Benchmark
  public Object run(Work work) throws Throwable {
    work.giga += giga;
    if (jpeg != null) {
      return Image.read(new ByteArrayInputStream(jpeg));
    }
    return ObservedEngine.invoke(backend, method, arguments);
  }

  /** Frees what was loaded. */
  @TearDown(Level.Trial)
  public void close() {
    if (engine != null) {
      engine.close();
    }
  }
}
