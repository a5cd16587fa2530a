package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    GoldenRun.checkUnderTheSameMasks(golden, BackendKind.CUDA, precision, schedule, tolerance);
  }

  @Test
  void twoSessionsOnTwoThreadsGiveWhatOneGives() throws Exception {
    GoldenCase golden = GoldenCase.all().get(0);
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

  @Test
  void refusesWhatDoesNotFitWithTheBytesNeededAndAvailable(@TempDir Path directory)
      throws Exception {
    // 48,384 patches a request: over 250 GB for the largest batch.
    RandomModel.tiny().coarseGrid(48).scales(3).write(directory);
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
