package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
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
  private int textsBeforeFirst;

  private final ScanFormerMetrics metrics =
      new ScanFormerMetrics() {
        @Override
        public void callDone(int requests, int scales, boolean deadlineMet, long nanos) {
          textsBeforeFirst = batches.isEmpty() ? texts : textsBeforeFirst;
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
    RandomModel.tiny().seed(3).coarseGrid(2).scales(3).candidateHead().write(directory);
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
      for (int count : new int[] {1, 3}) {
        assertRefused(
            "Expression 1 of 3: The expression is blank",
            () -> model.locateAll(images.subList(0, count), List.of("red", " ", "blue")));
      }
      assertEquals(List.of(), batches);
      assertEquals(0, texts);
      assertEquals(List.of(List.of(), List.of(), List.of()), model.locateAll(images, List.of()));
      assertEquals(List.of(), model.locateAll(List.of(), TEXTS));
    }
  }

  @Test
  void whatIsNullIsNamed() {
    try (ScanFormer model = load()) {
      List<Image> withNull = Arrays.asList(images.get(0), null);
      assertEquals(
          "images[1]",
          assertThrows(NullPointerException.class, () -> model.locateAll(withNull, TEXTS))
              .getMessage());
      List<String> texts = Arrays.asList("red", "blue", null);
      assertEquals(
          "expressions[2]",
          assertThrows(NullPointerException.class, () -> model.locateAll(images, texts))
              .getMessage());
      List<Request> requests = Arrays.asList(Request.of(images.get(0), "red"), null);
      assertEquals(
          "requests[1]",
          assertThrows(NullPointerException.class, () -> model.locate(requests)).getMessage());
      List<Request> none = null;
      assertEquals(
          "requests",
          assertThrows(NullPointerException.class, () -> model.locate(none)).getMessage());
      List<PatchMask> masks = Arrays.asList((PatchMask) null);
      assertEquals(
          "masks[0]",
          assertThrows(NullPointerException.class, () -> SelectionPolicy.masks(masks))
              .getMessage());
    }
  }

  @Test
  void optionsAreThoseOfEachRequest() {
    Schedule schedule = Schedule.PER_SCALE;
    UnaryOperator<Request> options =
        request ->
            request
                .withFoundThreshold(0.999)
                .withCandidates(request.text().equals("red") ? 2 : 0)
                .withSelection(SelectionPolicy.topK(3));
    List<String> many = List.of("red", "blue", "star", "left of the star", "big", "the red one");
    try (ScanFormer model = load()) {
      List<List<Location>> all = model.locateAll(images, many, options, schedule);
      assertEquals(List.of(4, 4, 4, 4, 2), batches);
      assertEquals(4, textsBeforeFirst, "no more than a batch of expressions is held");
      assertEquals(6, texts);
      for (int e = 0; e < many.size(); e++) {
        try (Expression encoded = model.encode(many.get(e))) {
          for (int i = 0; i < images.size(); i++) {
            Request request = options.apply(Request.of(images.get(i), many.get(e)));
            Location alone =
                model.locate(List.of(request.withExpression(encoded)), schedule).get(0);
            assertSame(alone, all.get(i).get(e));
          }
        }
      }
      assertEquals(2, all.get(2).get(0).candidates().size());
    }
  }

  /** Bit by bit, but for the times. */
  private static void assertSame(Location expected, Location found) {
    assertEquals(expected.normalizedBox(), found.normalizedBox());
    assertEquals(expected.score(), found.score());
    assertEquals(expected.found(), found.found());
    assertEquals(expected.candidates(), found.candidates());
    assertEquals(expected.schedule(), found.schedule());
    for (int s = 0; s < 3; s++) {
      assertEquals(expected.scales().get(s).mask(), found.scales().get(s).mask());
      assertEquals(expected.scales().get(s).box(), found.scales().get(s).box());
    }
  }

  @Test
  void optionsThatDoNotFitAreToldWithTheirPlace() {
    // Of one finer scale, where there are two.
    SelectionPolicy masks = SelectionPolicy.masks(List.of(PatchMask.all(4, 4)));
    try (ScanFormer model = load()) {
      assertRefused(
          "Image 2 of 3, expression 0 of 3: ",
          () ->
              model.locateAll(
                  images,
                  TEXTS,
                  request ->
                      request.image() == images.get(2) ? request.withSelection(masks) : request,
                  Schedule.PER_SCALE));
      assertRefused(
          "Image 1 of 3, expression 0 of 3: The options give",
          () ->
              model.locateAll(
                  images,
                  TEXTS,
                  request -> Request.of(images.get(0), request.text()),
                  Schedule.PER_SCALE));
      assertEquals(List.of(), batches);
    }
  }

  private static void assertRefused(String words, Executable call) {
    ScanFormerException refused = assertThrows(ScanFormerException.class, call);
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().startsWith(words), refused.getMessage());
  }
}
