package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.scanformer.reference.GoldenCase;
import org.scanformer.reference.ReferenceScale;

/** Runs golden cases end to end on a device and compares what comes out with the float64 run. */
final class GoldenRun {
  private static final double FP32_TOLERANCE = 2e-4;

  private GoldenRun() {}

  static Stream<Arguments> casesAndSchedules() throws Exception {
    return GoldenCase.all().stream()
        .flatMap(golden -> Stream.of(Schedule.values()).map(s -> Arguments.of(golden, s)));
  }

  /** In fp32 the run's own selection, its logits, boxes and scores are the float64 run's. */
  static void checkFp32(GoldenCase golden, BackendKind backend, Schedule schedule) {
    Result result = run(golden, backend, Precision.FP32, schedule, SelectionPolicy.checkpoint());
    for (int s = 0; s < golden.scales().size(); s++) {
      ReferenceScale expected = golden.scales().get(s);
      assertEquals(mask(expected), result.location.scales().get(s).mask(), "mask of scale " + s);
    }
    checkBoxes(golden, schedule, result, FP32_TOLERANCE);
    for (int s = 0; s < golden.scales().size() - 1; s++) {
      assertArrayEquals(
          selectedLogits(golden.scales().get(s)),
          result.logits.get(s),
          (float) FP32_TOLERANCE * 10,
          "selection logits of scale " + s);
    }
  }

  /** In a lower precision boxes and scores agree when the float64 run's masks are given. */
  static void checkUnderTheSameMasks(
      GoldenCase golden,
      BackendKind backend,
      Precision precision,
      Schedule schedule,
      double tolerance) {
    List<PatchMask> masks = golden.scales().stream().map(GoldenRun::mask).toList();
    Result result = run(golden, backend, precision, schedule, SelectionPolicy.masks(masks));
    checkBoxes(golden, schedule, result, tolerance);
  }

  /**
   * Tells how many patches a lower precision's own selection has otherwise than the float64 run's.
   * This is not judged: a logit near the threshold may fall on either side.
   */
  static void reportFlips(
      GoldenCase golden, BackendKind backend, Precision precision, Schedule schedule) {
    List<PatchMask> masks = golden.scales().stream().map(GoldenRun::mask).toList();
    Location free =
        run(golden, backend, precision, schedule, SelectionPolicy.checkpoint()).location();
    int flipped = 0;
    int patches = 0;
    for (int s = 1; s < masks.size(); s++) {
      byte[] expected = masks.get(s).toBytes();
      byte[] found = free.scales().get(s).mask().toBytes();
      for (int i = 0; i < expected.length; i++) {
        flipped += expected[i] ^ found[i];
      }
      patches += expected.length;
    }
    System.out.println(
        golden
            + ", "
            + schedule
            + ": "
            + precision.name().toLowerCase(Locale.ROOT)
            + " flipped "
            + flipped
            + " of "
            + patches
            + " selections");
  }

  private static void checkBoxes(
      GoldenCase golden, Schedule schedule, Result result, double tolerance) {
    int last = golden.scales().size() - 1;
    for (int s = 0; s <= last; s++) {
      ScaleResult found = result.location.scales().get(s);
      if (schedule == Schedule.FINAL_ONLY && s < last) {
        assertNull(found.box(), "final-only has no box at scale " + s);
        continue;
      }
      ReferenceScale expected = golden.scales().get(s);
      NormalizedBox box = found.box();
      assertArrayEquals(
          expected.box(),
          new double[] {box.centerX(), box.centerY(), box.width(), box.height()},
          tolerance,
          "box of scale " + s);
      assertEquals(expected.score(), found.score(), tolerance, "score of scale " + s);
      double[] reg = result.regs.get(schedule == Schedule.FINAL_ONLY ? 0 : s);
      for (int i = 0; i < reg.length; i++) {
        assertEquals(
            expected.r()[i] / expected.largestR(),
            reg[i] / expected.largestR(),
            tolerance,
            "r[" + i + "] of scale " + s);
      }
    }
    assertEquals(result.location.scales().get(last).box(), result.location.normalizedBox());
    Image image = Image.read(golden.imageFile());
    assertEquals(
        (golden.scales().get(last).box()[0] - golden.scales().get(last).box()[2] / 2)
            * image.width(),
        result.location.box().x(),
        2 * tolerance * image.width());
    assertTrue(result.location.timings().total() > 0);
  }

  static PatchMask mask(ReferenceScale scale) {
    byte[] bytes = new byte[scale.mask().length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (scale.mask()[i] ? 1 : 0);
    }
    return PatchMask.of(scale.rows(), scale.cols(), bytes);
  }

  private static float[] selectedLogits(ReferenceScale scale) {
    float[] logits = new float[4 * scale.selected()];
    int row = 0;
    for (int i = 0; i < scale.mask().length; i++) {
      if (scale.mask()[i]) {
        for (int c = 0; c < 4; c++) {
          logits[4 * row + c] = (float) scale.logits()[i][c];
        }
        row++;
      }
    }
    return logits;
  }

  /** An answer with the inner results on its way. */
  private record Result(Location location, List<float[]> logits, List<double[]> regs) {}

  private static Result run(
      GoldenCase golden,
      BackendKind backend,
      Precision precision,
      Schedule schedule,
      SelectionPolicy selection) {
    ScanFormerOptions options =
        ScanFormerOptions.builder().backend(backend).precision(precision).maxBatch(1).build();
    try (ScanFormer scanFormer = ScanFormer.load(golden.modelDirectory(), options)) {
      RecordingTrace trace = new RecordingTrace();
      Request request =
          Request.of(Image.read(golden.imageFile()), golden.text()).withSelection(selection);
      Location location = scanFormer.locate(List.of(request), schedule, trace).get(0);
      List<double[]> regs = new ArrayList<>();
      for (float[] reg : trace.regs) {
        double[] wide = new double[reg.length];
        for (int i = 0; i < reg.length; i++) {
          wide[i] = reg[i];
        }
        regs.add(wide);
      }
      return new Result(location, trace.logits, regs);
    }
  }
}
