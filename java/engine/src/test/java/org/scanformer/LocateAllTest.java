package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** Several expressions in several images by one call. */
class LocateAllTest {
  private static final List<String> TEXTS = List.of("red", "the blue one", "left of the star");

  private final List<Image> images =
      List.of(
          Image.of(RandomImages.structured(1, 60, 45)),
          Image.of(RandomImages.structured(2, 30, 60)),
          Image.of(RandomImages.structured(3, 50, 50)));

  private final List<Integer> batches = new ArrayList<>();
  private int texts;

  private final ScanFormerMetrics metrics =
      new ScanFormerMetrics() {
        @Override
        public void callDone(int requests, int scales, boolean deadlineMet, long nanos) {
          batches.add(requests);
        }

        @Override
        public void textEncoded(int tokens, long nanos) {
          texts++;
        }
      };

  @TempDir Path directory;

  @BeforeEach
  void writeModel() throws Exception {
    RandomModel.tiny().seed(3).coarseGrid(2).scales(3).write(directory);
  }

  private ScanFormer load() {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder()
            .backend(BackendKind.CPU)
            .precision(Precision.FP32)
            .maxBatch(4)
            .metrics(metrics)
            .build());
  }

  @Test
  void eachExpressionIsLocatedInEachImage() {
    try (ScanFormer model = load()) {
      List<List<Location>> all = model.locateAll(images, TEXTS);
      assertEquals(List.of(4, 4, 1), batches);
      assertEquals(3, texts);
      assertEquals(3, all.size());
      for (int i = 0; i < images.size(); i++) {
        assertEquals(3, all.get(i).size());
        for (int e = 0; e < TEXTS.size(); e++) {
          Location alone = model.locate(images.get(i), TEXTS.get(e));
          SessionFixture.assertBoxes(alone.normalizedBox(), all.get(i).get(e).normalizedBox());
          assertEquals(alone.score(), all.get(i).get(e).score(), 2e-4);
          assertEquals(alone.scales().get(2).mask(), all.get(i).get(e).scales().get(2).mask());
        }
      }
    }
  }

  @Test
  void oneImageTakesItsTextsAlong() {
    try (ScanFormer model = load()) {
      List<List<Location>> all = model.locateAll(images.subList(0, 1), TEXTS);
      assertEquals(List.of(3), batches);
      assertEquals(0, texts);
      SessionFixture.assertBoxes(
          model.locate(images.get(0), TEXTS.get(2)).normalizedBox(),
          all.get(0).get(2).normalizedBox());
    }
  }

  @Test
  void nothingIsLocatedWhenAnExpressionCannotBe() {
    try (ScanFormer model = load()) {
      assertThrows(
          ScanFormerException.class, () -> model.locateAll(images, List.of("red", " ", "blue")));
      assertEquals(List.of(), batches);
      assertEquals(List.of(List.of(), List.of(), List.of()), model.locateAll(images, List.of()));
      assertEquals(List.of(), model.locateAll(List.of(), TEXTS));
    }
  }
}
