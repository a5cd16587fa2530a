package org.scanformer.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.reference.RandomModel;

/** The runs of a warm-up meet every size that a run can have. */
class WarmUpSelectionsTest {
  private static final int COARSE = 5 * 5;
  private static final int MIDDLE = 10 * 10;
  private static final int FINE = 20 * 20;

  @TempDir private Path directory;
  private ModelConfig config;

  @BeforeEach
  void write() throws Exception {
    RandomModel.tiny().coarseGrid(5).scales(3).write(directory);
    config = ModelConfig.read(directory.resolve("config.json"));
  }

  /** A backend that rounds rows up to sixteens. */
  private static Backend backend(boolean records) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "recordsWork" -> records;
                  case "passRows" -> bucket((int) arguments[0]);
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private static int bucket(int rows) {
    return (rows + 15) / 16 * 16;
  }

  private static int rows(int selected, int of) {
    return 1 + selected + (selected < of ? 1 : 0);
  }

  /** What a run that selects that many patches of the finer two scales is launched with. */
  private static void addSizes(int middle, int fine, Set<List<Integer>> to) {
    int middleRows = rows(middle, MIDDLE);
    int fineRows = rows(fine, FINE);
    to.add(List.of(1, bucket(middle), bucket(middleRows)));
    to.add(List.of(2, bucket(fine), bucket(fineRows)));
    to.add(List.of(bucket(1 + COARSE + middleRows + fineRows)));
  }

  @Test
  void everySizeIsMet() {
    ModelConfig.Grid coarse = new ModelConfig.Grid(5, 5);
    int[] selections = WarmUpSelections.of(config, backend(true), Integer.MAX_VALUE, coarse);
    Set<List<Integer>> met = new HashSet<>();
    for (int best : selections) {
      addSizes(Math.min(best, MIDDLE), Math.min(best, FINE), met);
    }
    for (int middle = 0; middle <= MIDDLE; middle++) {
      for (int fine = 0; fine <= 4 * middle; fine++) {
        Set<List<Integer>> sizes = new HashSet<>();
        addSizes(middle, fine, sizes);
        assertTrue(met.containsAll(sizes), middle + " and " + fine + " patches");
      }
    }
    assertTrue(selections.length <= FINE / 4, selections.length + " runs");
  }

  @Test
  void noMoreIsSelectedThanMayBe() {
    ModelConfig.Grid coarse = new ModelConfig.Grid(5, 5);
    int[] selections = WarmUpSelections.of(config, backend(true), 20, coarse);
    assertEquals(20, selections[0]);
    assertEquals(0, selections[selections.length - 1]);
  }

  @Test
  void aBackendThatRecordsNothingNeedsNone() {
    ModelConfig.Grid coarse = new ModelConfig.Grid(5, 5);
    assertEquals(0, WarmUpSelections.of(config, backend(false), 20, coarse).length);
  }
}
