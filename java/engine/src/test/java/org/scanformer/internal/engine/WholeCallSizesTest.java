package org.scanformer.internal.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ModelInfo;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.LaunchSizes;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.reference.RandomModel;

/** The sizes that the device chooses from: those that the host would launch with, and no others. */
class WholeCallSizesTest {
  private final Backend backend = HostMemory.backend();

  /** What the device chooses: the first size that holds all. */
  private static int[] chosen(LaunchSizes sizes, int rows, int patches) {
    int size = 0;
    while (sizes.rows(size) < rows || sizes.patches(size) < patches) {
      size++;
    }
    return new int[] {sizes.rows(size), sizes.patches(size)};
  }

  @Test
  void everyNumberOfPatchesFindsTheSizeThatTheHostRoundsTo() {
    int[] totals = {6, 24, 96};
    for (int most : new int[] {0, 1, 7, 23, 24, 50, 96}) {
      LaunchSizes[] sizes = WholeCallSizes.of(backend, totals, new int[] {6, most, most});
      int least = 7 + 2 + 2;
      int tokens = 7;
      for (int s = 1; s < totals.length; s++) {
        int selected = 0;
        int rows = 0;
        for (; selected <= Math.min(most, totals[s]); selected++) {
          rows = 1 + selected + (selected < totals[s] ? 1 : 0);
          int[] expected = {backend.passRows(rows), backend.passRows(selected)};
          String what = selected + " of " + totals[s];
          assertArrayEquals(expected, chosen(sizes[s - 1], rows, selected), what);
        }
        tokens += rows;
      }
      for (int rows = least; rows <= tokens; rows++) {
        assertEquals(backend.passRows(rows), chosen(sizes[2], rows, 1 << 20)[0], rows + " rows");
      }
      assertEquals(backend.passRows(least), sizes[2].rows(0));
      assertEquals(backend.passRows(tokens), sizes[2].rows(sizes[2].count() - 1));
    }
  }

  @Test
  void onlyOneOfThemIsLeftAlone() {
    LaunchSizes sizes = new LaunchSizes(new int[][] {{16, 0}, {32, 16}});
    assertEquals(2, sizes.count());
    LaunchSizes second = sizes.only(1);
    assertArrayEquals(
        new int[] {1, 32, 16}, new int[] {second.count(), second.rows(0), second.patches(0)});
  }

  /** Memory for the bodies of the largest grids is reserved where calls are recorded as a whole. */
  @Test
  void thePlanOfMemoryCountsTheBodies(@TempDir Path directory) throws Exception {
    ModelConfig config = config(directory, 2, 3);
    assertEquals(0, bytes(config, new Limits(1, 0, 0, 8, false)));
    int[] totals = {4, 16, 64};
    int[] selected = {4, 8, 8};
    int bodies = 0;
    for (LaunchSizes sizes : WholeCallSizes.of(backend, totals, selected)) {
      bodies += sizes.count();
    }
    long bytes = bytes(config, new Limits(1, 0, 0, 8, true));
    assertTrue(bytes >= (long) bodies * HostMemory.BODY_BYTES, bytes + " of " + bodies);
    assertTrue(bytes(config, new Limits(1, 0, 0, 64, true)) > bytes);
  }

  private long bytes(ModelConfig config, Limits limits) {
    MemoryPlan plan = new MemoryPlan();
    Workspace.declare(config, limits, backend, plan);
    List<ModelInfo.Reservation> reservations = plan.reservations();
    return reservations.stream()
        .filter(reservation -> reservation.purpose().equals("recorded calls"))
        .mapToLong(ModelInfo.Reservation::bytes)
        .sum();
  }

  /** Grids of 64, 256 and 1024 patches: of the last there are 1 + 2 * 256 sizes. */
  @Test
  void oneScaleOrTooManySizesAreSaidAndNotPlannedFor(@TempDir Path directory) throws Exception {
    assertNotWhole("the model has one scale", config(directory, 2, 1), Integer.MAX_VALUE);
    ModelConfig large = config(directory, 8, 3);
    assertNotWhole("the sizes of a scale are more than 128", large, Integer.MAX_VALUE);
    Limits few = new Limits(1, 0, 0, 100, true);
    assertNull(whyNot(large, few));
    assertTrue(bytes(large, few) > 0);
  }

  private void assertNotWhole(String why, ModelConfig config, int maxPatches) {
    Limits limits = new Limits(1, 0, 0, maxPatches, true);
    assertEquals(why, whyNot(config, limits));
    assertEquals(0, bytes(config, limits));
  }

  private static ModelConfig config(Path directory, int coarseGrid, int scales) throws Exception {
    RandomModel.tiny().coarseGrid(coarseGrid).scales(scales).write(directory);
    return ModelConfig.read(directory.resolve("config.json"));
  }

  private String whyNot(ModelConfig config, Limits limits) {
    Workspace work = Workspace.declare(config, limits, backend, new MemoryPlan());
    work.reserve(backend);
    return new WholeCall(backend, work, new BatchPacker(config, work), null).whyNot();
  }
}
