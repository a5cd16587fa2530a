package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.internal.cuda.CudaLibrary;
import org.scanformer.reference.GoldenCase;

/**
 * The golden cases end to end on the CUDA backend, its kernels emulated on the host: all of the
 * engine's orchestration, its tables and the cache's layout are those of a device.
 */
@Tag("emulation")
class EmulatedCudaTest {
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

  @Test
  void runsOnTheEmulation() {
    List<String> details = CudaLibrary.probe(0).details();
    assertTrue(details.contains("name=emulation on the host"), details.toString());
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
}
