package org.scanformer.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.SwitchingWork;
import org.scanformer.natives.api.Api;
import org.scanformer.natives.cuda.CudaApi;

/**
 * The CUDA graphs of a stream in which the device chooses between bodies: each is recorded when its
 * shape is first met, and kept. Used by one thread at a time.
 */
final class CudaSwitchGraphs implements AutoCloseable {
  /** Shapes that are recorded: recording takes too long for others to take turns. */
  static final int MAX_GRAPHS = 4;

  private final NativeStream stream;
  private final Consumer<Pointer> free;

  /** Why there are no such graphs, or null. */
  private volatile String refusal;

  /** Whether there was no memory for another one. */
  private boolean full;

  private final Map<LaunchShape, Pointer> graphs = new HashMap<>();

  CudaSwitchGraphs(NativeStream stream) {
    this(stream, CudaApi::sf_graph_destroy);
  }

  /**
   * The graphs of a stream.
   *
   * @param free frees a graph or a body
   */
  CudaSwitchGraphs(NativeStream stream, Consumer<Pointer> free) {
    this.stream = stream;
    this.free = free;
    if (CudaApi.sf_graph_can_switch(stream.pointer()) == 0) {
      refusal = "the driver is older than CUDA 12.8";
    }
  }

  /** Why the device refuses to choose, or null. */
  String refusal() {
    return refusal;
  }

  /** Enqueues work of a shape, unless there is no room for it or the driver refuses it. */
  boolean replay(LaunchShape shape, SwitchingWork work) {
    Pointer graph = graphs.get(shape);
    if (graph != null) {
      launch(graph);
      return true;
    }
    return !full && graphs.size() < MAX_GRAPHS && begin(shape, work);
  }

  private void launch(Pointer graph) {
    stream.check(CudaApi.sf_graph_launch(stream.pointer(), graph));
  }

  /**
   * Rehearses, records and launches for the first time, when a graph comes to the device. What it
   * refuses of that is no fault of the call, which can do without.
   */
  private boolean begin(LaunchShape shape, SwitchingWork work) {
    Pointer graph = null;
    try {
      work.rehearse();
      graph = record(work);
      launch(graph);
    } catch (ScanFormerException e) {
      if (graph != null) {
        free.accept(graph);
      }
      if (e.code() == ErrorCode.BAD_INPUT) {
        throw e;
      }
      // Throws where the device is lost.
      stream.check(stream.synchronize());
      refuse(e);
      return false;
    }
    graphs.put(shape.copy(), graph);
    return true;
  }

  private void refuse(ScanFormerException reason) {
    if (reason.code() == ErrorCode.OUT_OF_MEMORY && !graphs.isEmpty()) {
      full = true;
    } else {
      close();
      refusal = reason.getMessage();
    }
  }

  private Pointer record(SwitchingWork work) {
    Pointer[][] bodies = new Pointer[work.parts()][];
    try {
      for (int p = 0; p < bodies.length; p++) {
        int part = p;
        bodies[p] = new Pointer[work.sizes(p)];
        for (int i = 0; i < bodies[p].length; i++) {
          int size = i;
          bodies[p][i] = record(() -> work.enqueueBody(part, size), CudaApi::sf_graph_end_body);
        }
      }
      Pointer[] arrays = new Pointer[bodies.length];
      for (int p = 0; p < bodies.length; p++) {
        arrays[p] = array(bodies[p]);
      }
      return record(() -> enqueue(work, bodies, arrays), CudaApi::sf_graph_end);
    } finally {
      destroy(bodies);
    }
  }

  /** Addresses as C has them, in memory of Java's: JavaCPP may refuse its own. */
  private static Pointer array(Pointer[] pointers) {
    ByteBuffer array =
        ByteBuffer.allocateDirect(Long.BYTES * pointers.length).order(ByteOrder.nativeOrder());
    for (Pointer pointer : pointers) {
      array.putLong(pointer.address());
    }
    return new Pointer(array.flip());
  }

  private void enqueue(SwitchingWork work, Pointer[][] bodies, Pointer[] arrays) {
    work.enqueueFirst();
    for (int p = 0; p < bodies.length; p++) {
      long[] condition = new long[1];
      stream.check(CudaApi.sf_graph_condition(stream.pointer(), condition));
      work.enqueueChoice(p, condition[0]);
      stream.check(
          CudaApi.sf_graph_switch(
              stream.pointer(), condition[0], new PointerPointer<>(arrays[p]), bodies[p].length));
    }
    work.enqueueLast();
  }

  /** The end of a recording. */
  private interface End {
    int of(Pointer stream, Pointer graph);
  }

  private Pointer record(Runnable work, End end) {
    stream.check(CudaApi.sf_graph_begin(stream.pointer()));
    Pointer graph = new Pointer();
    try {
      work.run();
    } catch (Throwable e) {
      if (CudaApi.sf_graph_end_body(stream.pointer(), graph) == Api.SF_OK) {
        free.accept(graph);
      }
      throw e;
    }
    stream.check(end.of(stream.pointer(), graph));
    return graph;
  }

  private void destroy(Pointer[][] bodies) {
    for (Pointer[] ofPart : bodies) {
      if (ofPart == null) {
        return;
      }
      for (Pointer body : ofPart) {
        if (body != null) {
          free.accept(body);
        }
      }
    }
  }

  /** Frees the graphs, when the stream's work is done. */
  @Override
  public void close() {
    graphs.values().forEach(free);
    graphs.clear();
  }
}
