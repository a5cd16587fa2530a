package org.scanformer.bench;

import java.util.ArrayList;
import java.util.List;
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
import org.scanformer.Expression;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.bench.peers.OnnxRuntimePeer;
import org.scanformer.bench.peers.Peer;
import org.scanformer.bench.peers.PyTorchDensePeer;
import org.scanformer.bench.peers.PyTorchSelectedPeer;

/**
 * One call that answers a batch of 640 x 480 frames, by ScanFormer or by a peer that does the same
 * {@link Workload}. ScanFormer's call is the one that a program makes and includes the pyramids;
 * peers get them ready-made. A peer is timed only if its boxes agree with ScanFormer's. Each thread
 * of the benchmark ({@code -t}) has an engine of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-Xmx2g",
      "-Dorg.bytedeco.javacpp.maxBytes=0",
      "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"
    })
public class LocateBenchmark {
  /** Whose call: scanformer; onnxruntime, pytorch, pytorch-plain (all dense); pytorch-selected. */
  @Param("scanformer")
  String by;

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
  @Param({"FINAL_ONLY", "PER_SCALE"})
  Schedule schedule;

  /** The type of matrix products. */
  @Param({"FP32", "BF16"})
  Precision precision;

  /** "cached" when the text was encoded before, "given" when it is encoded in every call. */
  @Param("cached")
  String text;

  /** The kind of device. */
  @Param("cpu")
  String backend;

  /** CPU threads; ignored by a GPU. */
  @Param("2")
  int threads;

  private Workload workload;
  private Ours ours;
  private Peer peer;
  private double gigaFlops;

  /** Turns calls into other rates. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Rates {
    /** GFLOP done; reported per second. */
    public double gigaFlops;

    /** Seconds that went to the pyramids; reported per second, which is their share of the time. */
    public double pyramid;
  }

  /** ScanFormer with the workload's requests. */
  private static final class Ours implements AutoCloseable {
    final ScanFormer scanFormer;
    final List<Request> requests = new ArrayList<>();
    final Schedule schedule;

    Ours(Workload workload, String backend) {
      schedule = workload.schedule();
      scanFormer =
          ScanFormer.load(
              workload.directory(),
              ScanFormerOptions.builder()
                  .backend(BackendKind.valueOf(backend.toUpperCase(Locale.ROOT)))
                  .precision(workload.precision())
                  .threads(workload.threads())
                  .maxBatch(workload.batch())
                  .build());
      Expression expression = workload.textCached() ? scanFormer.encode(workload.text()) : null;
      for (int r = 0; r < workload.batch(); r++) {
        Request request =
            expression != null
                ? Request.of(workload.images().get(r), expression)
                : Request.of(workload.images().get(r), workload.text());
        requests.add(request.withSelection(SelectionPolicy.masks(workload.masks().get(r))));
      }
    }

    List<Location> locate() {
      return scanFormer.locate(requests, schedule);
    }

    @Override
    public void close() {
      scanFormer.close();
    }
  }

  /** Loads the model, and compares a peer's boxes with ScanFormer's. */
  @Setup(Level.Trial)
  public void load() {
    workload =
        Workload.of(
            Models.directory(model),
            batch,
            selection,
            Models.text(model),
            text.equals("cached"),
            schedule,
            precision,
            threads);
    gigaFlops = workload.flops() / 1e9;
    ours = new Ours(workload, backend);
    if (by.equals("scanformer")) {
      return;
    }
    List<Location> expected = ours.locate();
    ours.close();
    peer = open();
    requireSame(expected, peer.locate());
  }

  private Peer open() {
    return switch (by) {
      case "onnxruntime" -> new OnnxRuntimePeer(workload);
      case "pytorch" -> new PyTorchDensePeer(workload, true);
      case "pytorch-plain" -> new PyTorchDensePeer(workload, false);
      case "pytorch-selected" -> new PyTorchSelectedPeer(workload);
      default ->
          throw new IllegalArgumentException(
              "by = "
                  + by
                  + ", expected scanformer, onnxruntime, pytorch, pytorch-plain or pytorch-selected");
    };
  }

  private void requireSame(List<Location> expected, float[] boxes) {
    double tolerance = precision == Precision.FP32 ? 2e-4 : 2e-2;
    for (int r = 0; r < expected.size(); r++) {
      NormalizedBox box = expected.get(r).normalizedBox();
      double[] right = {box.centerX(), box.centerY(), box.width(), box.height()};
      for (int i = 0; i < right.length; i++) {
        if (!(Math.abs(right[i] - boxes[4 * r + i]) <= tolerance)) {
          throw new IllegalStateException(
              by
                  + ", request "
                  + r
                  + ", box["
                  + i
                  + "]: found "
                  + boxes[4 * r + i]
                  + ", expected "
                  + right[i]
                  + " within "
                  + tolerance);
        }
      }
    }
  }

  /** The call. */
  @Benchmark
  public Object locate(Rates rates) {
    rates.gigaFlops += gigaFlops;
    if (peer != null) {
      return peer.locate();
    }
    List<Location> found = ours.locate();
    rates.pyramid += found.get(0).timings().pyramid() * 1e-9;
    return found;
  }

  /** Frees what was loaded. */
  @TearDown(Level.Trial)
  public void close() {
    ours.close();
    if (peer != null) {
      peer.close();
    }
  }
}
