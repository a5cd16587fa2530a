package org.scanformer.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.PatchMask;
import org.scanformer.Precision;
import org.scanformer.bench.Workload;
import org.scanformer.internal.model.ModelConfig;

/**
 * ONNX Runtime's CPU provider on the dense model, see {@link OnnxGraph}. All tensors that go in and
 * out are made once and used in every call. Not safe for use by several threads.
 */
public final class OnnxRuntimePeer implements Peer {
  /** See {@link #environment()}. */
  private static final long STACK_BYTES = 256L << 20;

  private final Workload work;
  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> outputs = new HashMap<>();
  private final FloatBuffer boxes;
  private OrtSession session;

  /**
   * Writes the graph, loads the model and, where the text is cached, runs the text.
   *
   * @throws IllegalArgumentException when a patch is not selected, or for a precision other than
   *     fp32
   * @throws IllegalStateException when ONNX Runtime reports an error
   */
  public OnnxRuntimePeer(Workload work) {
    requireSupported(work);
    this.work = work;
    this.boxes = floats(work.batch() * OnnxGraph.boxes(work) * 4);
    try {
      open(environment());
    } catch (OrtException e) {
      close();
      throw failure(e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static void requireSupported(Workload work) {
    if (work.precision() != Precision.FP32) {
      throw new IllegalArgumentException(
          "ONNX Runtime's CPU provider has products of FP32 only, asked for " + work.precision());
    }
    for (List<PatchMask> scales : work.masks()) {
      for (int s = 0; s < scales.size(); s++) {
        PatchMask mask = scales.get(s);
        if (mask.count() < mask.total()) {
          throw new IllegalArgumentException(
              "The ONNX graph selects every patch, asked for "
                  + mask.count()
                  + " of "
                  + mask.total()
                  + " at scale "
                  + s);
        }
      }
    }
  }

  /**
   * ONNX Runtime's environment, one a process. Version 1.29 matches the process's whole command
   * line with a recursive regular expression when it is made, unless the environment variable
   * ORT_DISABLE_TELEMETRY is set: a class path of a few thousand characters overflows the stack of
   * an ordinary thread and ends the process. So it is made on a thread of a large one.
   */
  private static OrtEnvironment environment() throws OrtException {
    Thread maker =
        new Thread(null, OrtEnvironment::getEnvironment, "onnxruntime-environment", STACK_BYTES);
    maker.start();
    boolean interrupted = false;
    while (maker.isAlive()) {
      try {
        maker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    environment.setTelemetry(false);
    return environment;
  }

  private void open(OrtEnvironment environment) throws OrtException {
    if (work.textCached()) {
      encodeText(environment);
    } else {
      inputs.put(OnnxGraph.IDS, ids(environment));
    }
    ModelConfig config = work.config();
    List<FloatBuffer> canvases = work.canvases();
    for (int s = 0; s < canvases.size(); s++) {
      long height = (long) work.mask(s).rows() * config.patchSize();
      long width = (long) work.mask(s).cols() * config.patchSize();
      long[] shape = {work.batch(), 3, height, width};
      inputs.put(OnnxGraph.pixels(s), OnnxTensor.createTensor(environment, canvases.get(s), shape));
    }
    long[] shape = {work.batch(), OnnxGraph.boxes(work), 4};
    outputs.put(OnnxGraph.BOXES, OnnxTensor.createTensor(environment, boxes, shape));
    session = session(environment, OnnxGraph.scan(work));
  }

  /** Adds the text's keys and values to the inputs. */
  private void encodeText(OrtEnvironment environment) throws OrtException {
    int length = work.ids().length;
    int hidden = work.config().hiddenSize();
    long[] shape = {work.batch(), length, hidden};
    for (int i = 0; i < work.config().numHiddenLayers(); i++) {
      for (String name : List.of(OnnxGraph.textKeys(i), OnnxGraph.textValues(i))) {
        FloatBuffer elements = floats(work.batch() * length * hidden);
        inputs.put(name, OnnxTensor.createTensor(environment, elements, shape));
      }
    }
    try (OrtSession text = session(environment, OnnxGraph.text(work));
        OnnxTensor ids = ids(environment)) {
      text.run(Map.of(OnnxGraph.IDS, ids), inputs).close();
    }
  }

  private OnnxTensor ids(OrtEnvironment environment) throws OrtException {
    int length = work.ids().length;
    LongBuffer ids = direct(work.batch() * length * Long.BYTES).asLongBuffer();
    while (ids.hasRemaining()) {
      ids.put(work.ids()[ids.position() % length]);
    }
    long[] shape = {work.batch(), length};
    return OnnxTensor.createTensor(environment, ids.rewind(), shape);
  }

  private OrtSession session(OrtEnvironment environment, byte[] graph) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setIntraOpNumThreads(work.threads());
      options.setInterOpNumThreads(1);
      options.setMemoryPatternOptimization(true);
      options.setCPUArenaAllocator(true);
      options.addConfigEntry(
          "session.model_external_initializers_file_folder_path",
          OnnxGraph.weightsFolder(work).toString());
      return environment.createSession(graph, options);
    }
  }

  private static FloatBuffer floats(int elements) {
    return direct(Math.multiplyExact(elements, Float.BYTES)).asFloatBuffer();
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException when ONNX Runtime reports an error
   */
  @Override
  public float[] locate() {
    try {
      session.run(inputs, outputs).close();
    } catch (OrtException e) {
      throw failure(e);
    }
    int count = OnnxGraph.boxes(work);
    float[] last = new float[work.batch() * 4];
    for (int r = 0; r < work.batch(); r++) {
      boxes.get((r * count + count - 1) * 4, last, r * 4, 4);
    }
    return last;
  }

  @Override
  public void close() {
    try {
      if (session != null) {
        session.close();
        session = null;
      }
    } catch (OrtException e) {
      throw failure(e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
      inputs.clear();
      outputs.values().forEach(OnnxTensor::close);
      outputs.clear();
    }
  }

  private static IllegalStateException failure(OrtException e) {
    return new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
  }
}
