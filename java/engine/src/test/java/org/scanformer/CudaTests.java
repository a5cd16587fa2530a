package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.Linear;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.cuda.CudaBackend;
import org.scanformer.internal.cuda.CudaDevices;
import org.scanformer.reference.GoldenCase;
import org.scanformer.reference.RandomModel;

/** What the CUDA backend must do, on a device and with its kernels emulated on the host. */
abstract class CudaTests {
  static Stream<Arguments> casesSchedulesAndPrecisions() throws Exception {
    return GoldenCase.all().stream()
        .flatMap(
            golden ->
                Stream.of(Schedule.values())
                    .flatMap(
                        schedule ->
                            Stream.of(
                                Arguments.of(golden, schedule, Precision.TF32, 3e-3),
                                Arguments.of(golden, schedule, Precision.FP16, 3e-3),
                                Arguments.of(golden, schedule, Precision.BF16, 2e-2))));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("org.scanformer.GoldenRun#casesAndSchedules")
  void fp32AgreesWithTheFloat64Run(GoldenCase golden, Schedule schedule) {
    GoldenRun.checkFp32(golden, BackendKind.CUDA, schedule);
  }

  @ParameterizedTest(name = "{0}, {1}, {2}")
  @MethodSource("casesSchedulesAndPrecisions")
  void lowerPrecisionsAgreeUnderTheSameMasks(
      GoldenCase golden, Schedule schedule, Precision precision, double tolerance) {
    checkLower(golden, schedule, precision, tolerance);
  }

  void checkLower(GoldenCase golden, Schedule schedule, Precision precision, double tolerance) {
    GoldenRun.checkUnderTheSameMasks(golden, BackendKind.CUDA, precision, schedule, tolerance);
  }

  @Test
  void twoSessionsOnTwoThreadsGiveWhatOneGives() throws Exception {
    // A small one, which the emulation runs in seconds.
    GoldenCase golden = GoldenCase.all().get(3);
    Image image = Image.read(golden.imageFile());
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.CUDA)
            .precision(Precision.FP32)
            .maxBatch(1)
            .build();
    NormalizedBox alone;
    try (ScanFormer model = ScanFormer.load(golden.modelDirectory(), options)) {
      alone = model.locate(image, golden.text()).normalizedBox();
    }
    Callable<List<NormalizedBox>> session =
        () -> {
          List<NormalizedBox> boxes = new ArrayList<>();
          try (ScanFormer model = ScanFormer.load(golden.modelDirectory(), options)) {
            for (int call = 0; call < 3; call++) {
              boxes.add(model.locate(image, golden.text()).normalizedBox());
            }
          }
          return boxes;
        };
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (Future<List<NormalizedBox>> boxes : threads.invokeAll(List.of(session, session))) {
        assertEquals(List.of(alone, alone, alone), boxes.get());
      }
    } finally {
      threads.shutdown();
    }
  }

  private static final LaunchShape SHAPE = new LaunchShape();

  private static LaunchShape shape(int kind) {
    SHAPE.set(kind, 1, 1, 0, 1, 0);
    return SHAPE;
  }

  private static CudaBackend open() {
    return open(Precision.FP32);
  }

  private static CudaBackend open(Precision precision) {
    return CudaBackend.open(CudaDevices.probe(0), precision);
  }

  private static FloatBuffer direct(float... values) {
    return ByteBuffer.allocateDirect(Float.BYTES * values.length)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer()
        .put(values)
        .flip();
  }

  /** Rows of 7 halves are not aligned as cuBLAS's algorithms want them. */
  @Test
  void aProductOfOddSizesIsRight() {
    int in = 7;
    int out = 3;
    float[] weight = new float[out * in];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = i % 5 - 2; // exact in fp16, as all that follows
    }
    try (CudaBackend backend = open(Precision.FP16)) {
      Linear linear =
          backend.createLinear("odd", out, in, direct(weight), direct(1, 2, 3), ElementType.F16);
      Tensor x = new Tensor("x", ElementType.F16, backend.linearRows(1), in);
      Tensor y = new Tensor("y", ElementType.F32, backend.linearRows(1), out);
      backend.allocate(x);
      backend.allocate(y);
      ByteBuffer ones = ByteBuffer.allocateDirect(2 * in).order(ByteOrder.nativeOrder());
      while (ones.hasRemaining()) {
        ones.putShort((short) 0x3c00);
      }
      backend.upload(x, 0, ones.flip().order(ByteOrder.nativeOrder()).asShortBuffer());
      backend.linear(x, 1, linear, Activation.IDENTITY, y);
      FloatBuffer found = direct(new float[out]);
      backend.download(y, 0, found);
      for (int o = 0; o < out; o++) {
        float expected = o + 1;
        for (int i = 0; i < in; i++) {
          expected += weight[o * in + i];
        }
        assertEquals(expected, found.get(o), "output " + o);
      }
    }
  }

  /** A box made from NaN must not be returned. */
  @Test
  void reluLetsNaNThrough() {
    try (CudaBackend backend = open()) {
      Linear linear =
          backend.createLinear(
              "identity",
              4,
              4,
              direct(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1),
              direct(0, -5, 0, 0),
              ElementType.F32);
      Tensor x = new Tensor("x", ElementType.F32, backend.linearRows(1), 4);
      Tensor y = new Tensor("y", ElementType.F32, backend.linearRows(1), 4);
      backend.allocate(x);
      backend.allocate(y);
      FloatBuffer found = direct(new float[4]);
      backend.upload(x, 0, direct(1, 2, 3, 4));
      backend.linear(x, 1, linear, Activation.RELU, y);
      backend.download(y, 0, found);
      assertEquals(direct(1, 0, 3, 4), found.rewind());
      backend.upload(x, 0, direct(1, Float.NaN, 3, 4));
      backend.linear(x, 1, linear, Activation.RELU, y);
      backend.download(y, 0, found);
      assertTrue(Float.isNaN(found.get(1)), "ReLU of NaN is " + found.get(1));
    }
  }

  /** Work that adds y to x, and counts how often the host went through it. */
  private static final class Addition implements Runnable {
    private final CudaBackend backend;
    private final Tensor x = new Tensor("x", ElementType.F32, 1, 4);
    private final Tensor y = new Tensor("y", ElementType.F32, 1, 4);
    private final FloatBuffer host =
        ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder()).asFloatBuffer();
    private int runs;
    private boolean fails;

    Addition(CudaBackend backend) {
      this.backend = backend;
      backend.allocate(x);
      backend.allocate(y);
      backend.upload(x, 0, host.clear().put(new float[] {1, 2, 3, 4}).flip());
      backend.upload(y, 0, host.clear().put(new float[] {10, 20, 30, 40}).flip());
    }

    @Override
    public void run() {
      runs++;
      backend.residualLayerNorm(1, x, null, y, x, null, null, 0, null);
      if (fails) {
        throw new IllegalStateException("planted");
      }
    }

    float[] result() {
      float[] result = new float[4];
      backend.download(x, 0, host.clear());
      host.get(result);
      return result;
    }
  }

  @Test
  void workOfOneShapeIsRecordedTheSecondTimeAndThenReplayed() {
    try (CudaBackend backend = open()) {
      Addition work = new Addition(backend);
      for (int call = 1; call <= 5; call++) {
        assertEquals(
            call > 2, backend.replay(shape(0), work), "call " + call + "'s time is a later one's");
        assertArrayEquals(
            new float[] {1 + 10 * call, 2 + 20 * call, 3 + 30 * call, 4 + 40 * call},
            work.result());
        assertEquals(Math.min(call, 2), work.runs, "runs after call " + call);
      }
      backend.replay(shape(1), work);
      assertEquals(3, work.runs, "another shape is work of its own");
    }
  }

  @Test
  void theShapeNotMetForLongestIsForgotten() {
    try (CudaBackend backend = open()) {
      Addition work = new Addition(backend);
      backend.replay(shape(0), work);
      backend.replay(shape(0), work);
      for (int kind = 1; kind <= 300; kind++) {
        backend.replay(shape(kind), work);
        backend.replay(shape(kind), work);
      }
      int runs = work.runs;
      backend.replay(shape(300), work);
      assertEquals(runs, work.runs, "the last one is replayed");
      backend.replay(shape(0), work);
      assertEquals(runs + 1, work.runs, "the first one is not");
      assertArrayEquals(new float[] {6041, 12082, 18123, 24164}, work.result());
    }
  }

  @Test
  void workThatFailsWhileItIsRecordedLeavesTheBackendUsable() {
    try (CudaBackend backend = open()) {
      Addition work = new Addition(backend);
      backend.replay(shape(0), work);
      work.fails = true;
      assertThrows(IllegalStateException.class, () -> backend.replay(shape(0), work));
      work.fails = false;
      backend.replay(shape(0), work);
      backend.replay(shape(0), work);
      assertArrayEquals(new float[] {31, 62, 93, 124}, work.result());
    }
  }

  @Test
  void refusesWhatDoesNotFitWithTheBytesNeededAndAvailable(@TempDir Path directory)
      throws Exception {
    // A finest canvas of 4096 x 4096 pixels takes 268 MB with its pyramid; 4096 of them take a
    // terabyte.
    RandomModel.tiny().patchSize(64).coarseGrid(16).scales(3).write(directory);
    ScanFormerOptions options =
        ScanFormerOptions.builder().backend(BackendKind.CUDA).maxBatch(4096).build();
    ScanFormerException refused =
        assertThrows(ScanFormerException.class, () -> ScanFormer.load(directory, options).close());
    assertEquals(ErrorCode.OUT_OF_MEMORY, refused.code(), refused.getMessage());
    assertTrue(
        refused.getMessage().matches("(?s).*needs \\d+ bytes, \\d+ are available on the CUDA.*"),
        refused.getMessage());
  }
}
