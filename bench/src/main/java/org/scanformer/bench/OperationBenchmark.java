package org.scanformer.bench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.Locale;
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
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.Precision;
import org.scanformer.Schedule;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.PyramidBatch;
import org.scanformer.reference.RandomImages;

/**
 * One operation of a backend, repeated with the arguments that a call passes at the finest scale.
 * Bytes and floating-point operations are counted from the shapes: every array once, whatever is in
 * a cache. On a GPU many are enqueued before they are waited for, each with a launch of its own.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
public class OperationBenchmark {
  /** So many that waiting for them costs little beside them. */
  private static final int ENQUEUED = 64;

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

  /** The device: cpu or cuda. */
  @Param("cpu")
  String backend;

  private ObservedEngine engine;
  private Backend device;
  private int repeats = 1;
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
    BackendKind kind = BackendKind.valueOf(backend.toUpperCase(Locale.ROOT));
    repeats = kind == BackendKind.CPU ? 1 : ENQUEUED;
    giga = shape.work() * repeats * 1e-9;
    engine =
        new ObservedEngine(
            workload,
            kind,
            (real, called, with) -> {
              if (shape.methods().contains(called.getName()) && shape.matches().test(with)) {
                device = real;
                method = called;
                arguments = kept(with);
              }
              return ObservedEngine.invoke(real, called, with);
            });
    engine.locate();
    if (method == null) {
      throw new IllegalStateException("The call had no operation " + operation);
    }
  }

  /** Arguments as they are now: a call forgets its images when their pyramids are enqueued. */
  private static Object[] kept(Object[] arguments) {
    Object[] kept = arguments.clone();
    if (kept[0] instanceof PyramidBatch batch) {
      PyramidBatch images = new PyramidBatch(batch.size());
      for (int i = 0; i < batch.size(); i++) {
        images.add(batch.image(i), batch.coarseRows(i), batch.coarseCols(i), batch.place(i));
      }
      kept[0] = images;
    }
    return kept;
  }

  /** The operation. */
  @Benchmark
  public Object run(Work work) throws Throwable {
    work.giga += giga;
    if (jpeg != null) {
      return Image.read(new ByteArrayInputStream(jpeg));
    }
    Object result = null;
    for (int i = 0; i < repeats; i++) {
      result = ObservedEngine.invoke(device, method, arguments);
    }
    device.synchronize();
    return result;
  }

  /** Frees what was loaded. */
  @TearDown(Level.Trial)
  public void close() {
    if (engine != null) {
      engine.close();
    }
  }
}
