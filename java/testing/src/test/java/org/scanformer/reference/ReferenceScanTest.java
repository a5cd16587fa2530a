package org.scanformer.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceScanTest {
  private static final int[] IDS = RandomExpression.of(3, RandomExpression.WORDS.size(), 6).ids();
  private static final double[][][] IMAGE =
      ReferencePyramid.pixels(RandomImages.structured(5, 120, 75));

  private static ReferenceModel model;
  private static List<ReferenceScale> byThreshold;

  @BeforeAll
  static void runByThreshold(@TempDir Path directory) throws IOException {
    model = ReferenceModel.load(RandomModel.tiny().seed(7).write(directory));
    byThreshold = run(ReferenceSelection.threshold(model.selectionThreshold));
  }

  private static List<ReferenceScale> run(ReferenceSelection selection) {
    return ReferenceScan.run(model, IDS, IMAGE, selection);
  }

  @Test
  void givenTheSelectedMasksTheResultIsTheSame() {
    List<ReferenceScale> byMasks =
        run(ReferenceSelection.masks(byThreshold.get(1).mask(), byThreshold.get(2).mask()));
    for (int scale = 0; scale < model.scales; scale++) {
      assertSame(byThreshold.get(scale), byMasks.get(scale));
    }
  }

  @Test
  void aScaleDoesNotDependOnWhatLaterScalesSelect() {
    List<ReferenceScale> none =
        run(ReferenceSelection.masks(byThreshold.get(1).mask(), new boolean[8 * 12]));
    assertSame(byThreshold.get(0), none.get(0));
    assertSame(byThreshold.get(1), none.get(1));
    assertFalse(Arrays.equals(byThreshold.get(2).box(), none.get(2).box()));
  }

  @Test
  void onlyChildrenOfSelectedPatchesWithLogitsAboveTheThresholdAreSelected() {
    for (int scale = 1; scale < model.scales; scale++) {
      ReferenceScale parents = byThreshold.get(scale - 1);
      ReferenceScale children = byThreshold.get(scale);
      for (int i = 0; i < children.rows(); i++) {
        for (int j = 0; j < children.cols(); j++) {
          int parent = i / 2 * parents.cols() + j / 2;
          double logit = parents.logits()[parent][i % 2 * 2 + j % 2];
          assertEquals(parents.mask()[parent], !Double.isNaN(logit));
          assertEquals(
              parents.mask()[parent] && logit > 0, children.mask()[i * children.cols() + j]);
        }
      }
    }
  }

  @Test
  void theRulesSelectAsManyAsTheySay() {
    List<ReferenceScale> all = run(ReferenceSelection.all());
    assertEquals(4 * 6, all.get(1).selected());
    assertEquals(8 * 12, all.get(2).selected());
    List<ReferenceScale> none = run(ReferenceSelection.none());
    assertEquals(6, none.get(0).selected());
    assertEquals(0, none.get(1).selected());
    assertEquals(0, none.get(2).selected());
    List<ReferenceScale> top = run(ReferenceSelection.topK(5));
    assertEquals(5, top.get(1).selected());
    assertEquals(5, top.get(2).selected());
  }

  @Test
  void topKTakesTheGreatestLogitsAndTheFirstOfEquals() {
    double[] logits = {1, 3, Double.NaN, 2, 3, 2};
    boolean[] three = {false, true, false, true, true, false};
    assertArrayEquals(three, ReferenceSelection.topK(3).select(1, logits));
    boolean[] candidates = {true, true, false, true, true, true};
    assertArrayEquals(candidates, ReferenceSelection.topK(100).select(1, logits));
  }

  @Test
  void aLogitAtTheThresholdIsNotSelected() {
    boolean[] mask = ReferenceSelection.threshold(0.5).select(1, new double[] {0, 1e-9, -1e-9});
    assertArrayEquals(new boolean[] {false, true, false}, mask);
  }

  @Test
  void tokenIdsMustFitTheModel() {
    ReferenceSelection all = ReferenceSelection.all();
    for (int[] ids : List.of(new int[0], new int[17])) {
      assertThrows(IllegalArgumentException.class, () -> ReferenceScan.run(model, ids, IMAGE, all));
    }
  }

  private static void assertSame(ReferenceScale expected, ReferenceScale actual) {
    assertArrayEquals(expected.mask(), actual.mask());
    assertArrayEquals(expected.logits(), actual.logits());
    assertArrayEquals(expected.box(), actual.box());
    assertEquals(expected.score(), actual.score());
    assertArrayEquals(expected.r(), actual.r());
    assertTrue(expected.rows() == actual.rows() && expected.cols() == actual.cols());
  }
}
