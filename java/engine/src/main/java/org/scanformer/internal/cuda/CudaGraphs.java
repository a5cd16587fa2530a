package org.scanformer.internal.cuda;

import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.natives.api.Api;
import org.scanformer.natives.cuda.CudaApi;

/**
 * The CUDA graphs of a stream: work is recorded by shape and then launched as a whole, which costs
 * the host one call in place of one a kernel. Used by one thread at a time.
 */
final class CudaGraphs implements AutoCloseable {
  /** Work is enqueued kernel by kernel, to compare the two. */
  private static final String PLAIN_LAUNCHES_PROPERTY = "org.scanformer.cuda.plainLaunches";

  /** With more shapes than this, the one that was met longest ago is dropped. */
  static final int MAX_GRAPHS = 256;

  /** What a kernel takes on the device in a graph; NVIDIA's cccl reckons with as much (#3768). */
  static final long NODE_BYTES = 10 << 10;

  /** Failures that plain launches would meet too, or that end with the call. */
  private static final Set<ErrorCode> NO_REFUSALS =
      EnumSet.of(ErrorCode.BAD_INPUT, ErrorCode.DEVICE_LOST);

  private static final System.Logger LOG = System.getLogger("org.scanformer");

  /** Stands for a shape that was met once. */
  private static final Pointer NONE = new Pointer();

  private final NativeStream stream;
  private final boolean plainLaunches = Boolean.getBoolean(PLAIN_LAUNCHES_PROPERTY);

  /** Why nothing is recorded any more, or null. */
  private volatile String refusal;

  /** Whether there was no memory for another graph; those that there are stay. */
  private boolean full;

  private final Map<LaunchShape, Pointer> graphs = new LinkedHashMap<>(16, 0.75f, true);

  CudaGraphs(NativeStream stream) {
    this.stream = stream;
  }

  /** Whether work is to be recorded. */
  boolean wanted() {
    return !plainLaunches;
  }

  /** Why the device refuses to record, or null. */
  String refusal() {
    return refusal;
  }

  /** Bytes of the device that all graphs take, if each is of that many operations. */
  long bytes(int operations) {
    return plainLaunches ? 0 : MAX_GRAPHS * operations * NODE_BYTES;
  }

  /**
   * Enqueues work of a shape. The first time it runs as it is: libraries load their kernels and
   * choose their algorithms, which a recording could not hold, and a shape that never comes again
   * costs no recording. The second time it is recorded, and from then on replayed. Once the device
   * has refused a recording, all work runs as it is; where it had no memory for one, all work
   * without a recording.
   *
   * @return whether it was replayed from an earlier recording, or never will be
   */
  boolean replay(LaunchShape shape, Runnable work) {
    if (plainLaunches || refusal != null) {
      work.run();
      return true;
    }
    Pointer graph = graphs.getOrDefault(shape, NONE);
    if (graph != NONE) {
      launch(graph);
      return true;
    }
    if (full) {
      work.run();
      return true;
    }
    if (graphs.containsKey(shape)) {
      begin(shape, work);
    } else {
      work.run();
      makeRoom();
      graphs.put(shape.copy(), NONE);
    }
    return false;
  }

  private void launch(Pointer graph) {
    stream.check(CudaApi.sf_graph_launch(stream.pointer(), graph));
  }

  /**
   * Records and launches for the first time, when a graph comes to the device. What it refuses of
   * that is no fault of the call, which does without.
   */
  private void begin(LaunchShape shape, Runnable work) {
    Pointer graph = null;
    try {
      graph = record(work);
      launch(graph);
    } catch (ScanFormerException e) {
      if (graph != null) {
        CudaApi.sf_graph_destroy(graph);
      }
      if (NO_REFUSALS.contains(e.code())) {
        throw e;
      }
      // Throws where the device is lost.
      stream.check(stream.synchronize());
      // Throws where it was not the recording that there is no memory for.
      work.run();
      refuse(e);
      return;
    }
    graphs.put(shape.copy(), graph);
  }

  private void refuse(ScanFormerException reason) {
    full =
        reason.code() == ErrorCode.OUT_OF_MEMORY
            && graphs.values().stream().anyMatch(graph -> graph != NONE);
    if (!full) {
      close(); // None is under way since the recording failed.
      refusal = reason.getMessage();
    }
    LOG.log(
        System.Logger.Level.WARNING,
        (full ? "Other work" : "Work")
            + " is launched without CUDA graphs from now on: "
            + reason.getMessage());
  }

  private Pointer record(Runnable work) {
    stream.check(CudaApi.sf_graph_begin(stream.pointer()));
    Pointer graph = new Pointer();
    try {
      work.run();
    } catch (Throwable e) {
      if (CudaApi.sf_graph_end(stream.pointer(), graph) == Api.SF_OK) {
        CudaApi.sf_graph_destroy(graph);
      }
      throw e;
    }
    stream.check(CudaApi.sf_graph_end(stream.pointer(), graph));
    return graph;
  }

  private void makeRoom() {
    if (graphs.size() < MAX_GRAPHS) {
      return;
    }
    Iterator<Pointer> oldest = graphs.values().iterator();
    Pointer graph = oldest.next();
    if (graph != NONE) {
      // It may be under way.
      stream.check(stream.synchronize());
      CudaApi.sf_graph_destroy(graph);
    }
    oldest.remove();
  }

  /** Frees the graphs, when the stream's work is done. */
  @Override
  public void close() {
    for (Pointer graph : graphs.values()) {
      if (graph != NONE) {
        CudaApi.sf_graph_destroy(graph);
      }
    }
    graphs.clear();
  }
}
