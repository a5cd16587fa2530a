package org.scanformer.internal.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.PatchMask;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.reference.RandomModel;

/** The rule that each selection policy is carried out by. */
class SelectionRuleTest {
  private static final int MANY = 1000;
  private static final Image IMAGE =
      Image.of(ByteBuffer.allocate(3 * 50 * 50), PixelFormat.RGB, 50, 50);

  @TempDir private Path directory;
  private ModelConfig config;
  private ModelConfig.Grid coarse;

  @BeforeEach
  void write() throws Exception {
    RandomModel.tiny().coarseGrid(2).scales(2).selectionThreshold(0.25).write(directory);
    config = ModelConfig.read(directory.resolve("config.json"));
    coarse = config.coarseGrid(IMAGE.width(), IMAGE.height());
  }

  private SelectionRule rule(SelectionPolicy policy) {
    return SelectionRule.of(policy, config);
  }

  private static void assertByLogits(float bound, int most, SelectionRule rule) {
    assertEquals(bound, rule.logitBound());
    assertEquals(most, rule.maxSelected());
    assertFalse(rule.isGiven(16, MANY));
  }

  @Test
  void aThresholdIsABoundOfTheLogits() {
    assertByLogits(
        (float) Math.log(0.25 / 0.75), Integer.MAX_VALUE, rule(SelectionPolicy.checkpoint()));
    assertByLogits(
        (float) Math.log(0.9 / (1 - 0.9)), Integer.MAX_VALUE, rule(SelectionPolicy.threshold(0.9)));
    assertByLogits(0, Integer.MAX_VALUE, rule(SelectionPolicy.threshold(0.5)));
  }

  @Test
  void theHighestAreSelectedWhateverTheirLogits() {
    assertByLogits(Float.NEGATIVE_INFINITY, 7, rule(SelectionPolicy.topK(7)));
  }

  @Test
  void noLogitIsGreaterThanInfinity() {
    assertByLogits(Float.POSITIVE_INFINITY, Integer.MAX_VALUE, rule(SelectionPolicy.none()));
  }

  @Test
  void allIsAMaskWhereverAllAreAllowed() {
    SelectionRule all = rule(SelectionPolicy.all());
    assertTrue(all.isGiven(16, 16));
    ByteBuffer mask = ByteBuffer.allocate(20);
    all.putMask(1, 16, mask, 3);
    for (int i = 0; i < 20; i++) {
      assertEquals(i >= 3 && i < 19 ? 1 : 0, mask.get(i), "entry " + i);
    }
    assertFalse(all.isGiven(16, 15));
    assertEquals(Float.NEGATIVE_INFINITY, all.logitBound());
  }

  @Test
  void givenMasksAreWrittenAsTheyAre() {
    byte[] bits = {1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1};
    SelectionRule given =
        rule(SelectionPolicy.masks(List.of(PatchMask.all(2, 2), PatchMask.of(4, 4, bits))));
    assertTrue(given.isGiven(16, 0), "masks are not bounded");
    ByteBuffer mask = ByteBuffer.allocate(16);
    given.putMask(1, 16, mask, 0);
    assertArrayEquals(bits, mask.array());
  }

  @Test
  void masksThatDoNotFitAreRefused() {
    assertRefused("2 scales, found 1", PatchMask.all(2, 2));
    assertRefused("scale 1 must be 4 x 4", PatchMask.all(2, 2), PatchMask.all(4, 5));
    assertRefused("selects 16 patches", PatchMask.all(2, 2), PatchMask.all(4, 4));
    assertRefused("scale 0 must select all", PatchMask.none(2, 2), PatchMask.none(4, 4));
    rule(SelectionPolicy.masks(List.of(PatchMask.all(2, 2), PatchMask.none(4, 4))))
        .requireFits(coarse, IMAGE, new int[] {4, 15});
    rule(SelectionPolicy.all()).requireFits(coarse, IMAGE, new int[] {4, 0});
  }

  private void assertRefused(String message, PatchMask... masks) {
    SelectionRule rule = rule(SelectionPolicy.masks(List.of(masks)));
    ScanFormerException refused =
        assertThrows(
            ScanFormerException.class, () -> rule.requireFits(coarse, IMAGE, new int[] {4, 15}));
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains(message), refused.getMessage());
  }

  @Test
  void aSlotRemembersTheLastPoliciesAndImages() {
    BatchSlot slot = new BatchSlot(config);
    List<SelectionRule> rules = new ArrayList<>();
    List<PixelSource> pixels = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    List<SelectionPolicy> policies = new ArrayList<>();
    for (int i = 0; i <= Recent.KEPT; i++) {
      images.add(Image.of(ByteBuffer.allocate(3), PixelFormat.RGB, 1, 1));
      policies.add(SelectionPolicy.topK(i));
      slot.set(images.get(i), new int[1], null, policies.get(i));
      assertEquals(i, slot.rule().maxSelected());
      rules.add(slot.rule());
      pixels.add(slot.pixels());
    }
    for (int i : new int[] {4, 2, 1, 3, 4, 2, 1, 3, 3}) {
      slot.set(images.get(i), new int[1], null, policies.get(i));
      assertSame(rules.get(i), slot.rule());
      assertSame(pixels.get(i), slot.pixels());
      assertSame(images.get(i), slot.image());
    }
    slot.set(images.get(0), new int[1], null, policies.get(0));
    assertNotSame(pixels.get(0), slot.pixels(), "the one that was used longest ago");
    slot.clear();
    slot.set(images.get(3), new int[1], null, policies.get(3));
    assertNotSame(pixels.get(3), slot.pixels(), "released");
    assertNotSame(rules.get(3), slot.rule(), "released");
  }
}
