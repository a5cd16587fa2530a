package org.scanformer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.internal.cpu.CpuBackend;
import org.scanformer.internal.cpu.CpuProbe;
import org.scanformer.reference.GoldenCase;

/** The golden cases end to end, from the files to the box, on the CPU. */
class GoldenLocateTest {
  private static final double BF16_TOLERANCE = 2e-2;

  static Stream<Arguments> casesAndInstructionSets() throws Exception {
    // The numbers of the instruction sets of a processor, by its best.
    Map<String, List<Integer>> upTo =
        Map.of(
            "armv8-a", List.of(1),
            "x86-64", List.of(1),
            "x86-64-v3", List.of(1, 3),
            "x86-64-v4", List.of(1, 3, 4));
    String best =
        CpuProbe.probe().details().stream()
            .filter(detail -> detail.startsWith("isa="))
            .findFirst()
            .orElseThrow()
            .substring("isa=".length());
    return GoldenCase.all().stream()
        .flatMap(golden -> upTo.get(best).stream().map(isa -> Arguments.of(golden, isa)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("org.scanformer.GoldenRun#casesAndSchedules")
  void fp32AgreesWithTheFloat64Run(GoldenCase golden, Schedule schedule) {
    GoldenRun.checkFp32(golden, BackendKind.CPU, schedule);
  }

  @ParameterizedTest(name = "{0}, instruction set {1}")
  @MethodSource("casesAndInstructionSets")
  void everyInstructionSetAgrees(GoldenCase golden, int isa) {
    System.setProperty(CpuBackend.ISA_PROPERTY, Integer.toString(isa));
    try {
      GoldenRun.checkFp32(golden, BackendKind.CPU, Schedule.PER_SCALE);
    } finally {
      System.clearProperty(CpuBackend.ISA_PROPERTY);
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("org.scanformer.GoldenRun#casesAndSchedules")
  void bf16AgreesUnderTheSameMasks(GoldenCase golden, Schedule schedule) {
    assumeTrue(CpuProbe.probe().details().contains("bf16=true"), "needs AVX512-BF16");
    GoldenRun.checkUnderTheSameMasks(
        golden, BackendKind.CPU, Precision.BF16, schedule, BF16_TOLERANCE);
    GoldenRun.reportFlips(golden, BackendKind.CPU, Precision.BF16, schedule);
  }
}
