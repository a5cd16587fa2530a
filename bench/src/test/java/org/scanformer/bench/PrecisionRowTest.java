package org.scanformer.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.scanformer.BackendKind;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.PatchMask;
import org.scanformer.Precision;
import org.scanformer.ScaleResult;
import org.scanformer.Schedule;

class PrecisionRowTest {
  private static final NormalizedBox BOX = new NormalizedBox(0.5f, 0.5f, 0.5f, 0.5f);
  /* Moved by half its width: a third of the union is common. */
  private static final NormalizedBox MOVED = new NormalizedBox(0.75f, 0.5f, 0.5f, 0.5f);

  private static Location location(NormalizedBox box, String mask) {
    return new Location(
        null,
        box,
        Float.NaN,
        true,
        List.of(),
        List.of(),
        false,
        Schedule.FINAL_ONLY,
        BackendKind.CPU,
        Precision.FP32,
        List.of(
            new ScaleResult(0, PatchMask.all(1, 2), null, Float.NaN, false, 0),
            new ScaleResult(1, PatchMask.parse(2, 4, mask), box, Float.NaN, true, 0)),
        null);
  }

  @Test
  void countsFlipsAndComparesBoxes() {
    Location exact = location(BOX, "11000000");
    Location flipped = location(MOVED, "10010000");
    PrecisionRow row =
        PrecisionRow.of(
            Precision.BF16,
            0.5,
            List.of(exact, exact),
            List.of(exact, flipped),
            List.of(exact, location(new NormalizedBox(0.5f, 0.5f, 0.5f, 0.25f), "11000000")));
    assertEquals(16, row.patches(), "the coarsest scale is always looked at");
    assertEquals(2, row.flippedPatches(), "one more, one less");
    assertEquals(1, row.flippedScenes());
    assertEquals((1 + 1.0 / 3) / 2, row.meanIou(), 1e-6);
    assertEquals(1.0 / 3, row.leastIou(), 1e-6);
    assertEquals(1.0 / 3, row.firstPercentileIou(), 1e-6);
    assertEquals(0.75, row.meanIouSameMasks(), 1e-6);
    assertEquals(0.5, row.leastIouSameMasks(), 1e-6);
    assertEquals(0.25, row.largestDifferenceSameMasks(), 1e-6);
  }
}
