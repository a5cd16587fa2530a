package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.Box;

class PairCollectorTest {
  /** To compare each target with all before it would take minutes. */
  @Test
  @Timeout(20)
  void takesManyTargetsOfAnExpression() {
    int count = 200_000;
    PairCollector collector = new PairCollector("data", ImageFolders.of(Path.of("none"), null));
    ImageFile image = new ImageFile(Path.of("a.jpg"), count, 10, List.of());
    for (int i = 0; i < count; i++) {
      collector.add("a.jpg", "line " + i, image, "dogs", null, new Box(i, 0, 1, 10));
    }
    Box known = new Box(5, 0, 1, 10);
    assertThrows(
        RecordFault.class, () -> collector.add("a.jpg", "line", image, "dogs", null, known));
    List<Box> targets = collector.dataset("data").pair(0).targets();
    assertEquals(count, targets.size());
    assertEquals(known, targets.get(5));
  }

  @Test
  void anExpressionInAnotherCaseIsTheSame() {
    PairCollector collector = new PairCollector("data", ImageFolders.of(Path.of("none"), null));
    ImageFile image = new ImageFile(Path.of("a.jpg"), 40, 10, List.of());
    collector.add("a.jpg", "line 1", image, "Left dog", null, new Box(0, 0, 1, 10));
    collector.add("a.jpg", "line 2", image, "left dog", null, new Box(9, 0, 1, 10));
    ReferringDataset dataset = collector.dataset("data");
    assertEquals(List.of("Left dog"), TestPictures.expressions(dataset));
    assertEquals(2, dataset.pair(0).targets().size());
  }
}
