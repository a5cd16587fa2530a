package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scanformer.reference.RandomImages;

/** Bounds of a call, early exits, and what a session is declared for. */
class SessionLimitsTest extends SessionFixture {
  @Test
  void looksAtNoMorePatchesThanAllowed() {
    for (SelectionPolicy policy :
        List.of(SelectionPolicy.all(), SelectionPolicy.topK(50), SelectionPolicy.topK(5))) {
      session.locate(
          image(1), expression, options().selection(policy).maxPatches(5).build(), result);
      Request request = Request.of(image(1), expression).withSelection(SelectionPolicy.topK(5));
      assertSame(model.locate(List.of(request), Schedule.PER_SCALE).get(0), result);
    }
    session.locate(image(1), expression, options().maxPatches(0).build(), result);
    assertEquals(0, result.selected(1));
    assertEquals(4, result.selected(0));
  }

  @Test
  void stopsAtAScore() {
    session.locate(image(1), expression, result);
    float[] scores = {result.score(0), result.score(1), result.score(2)};
    for (float bound : new float[] {0, scores[0], scores[1], scores[2], 1}) {
      int expected = scores[0] > bound ? 1 : scores[1] > bound ? 2 : 3;
      session.locate(image(1), expression, options().stopAtScore(bound).build(), result);
      assertEquals(expected, result.completedScales(), "over " + bound);
    }
  }

  @Test
  void stopsWhereTwoScalesAgree() {
    session.locate(image(1), expression, result);
    double first = result.normalizedBox(0).intersectionOverUnion(result.normalizedBox(1));
    assertTrue(first > 0.01 && first < 0.99, "boxes that overlap in part, by " + first);
    session.locate(image(1), expression, options().stopAtAgreement(first - 0.001).build(), result);
    assertEquals(2, result.completedScales());
    session.locate(image(1), expression, options().stopAtAgreement(first + 0.001).build(), result);
    assertEquals(3, result.completedScales());
  }

  @Test
  void refusesOptionsThatMakeNoSense() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> options().stopAtScore(1.5),
            () -> options().stopAtScore(Double.NaN),
            () -> options().stopAtAgreement(-1),
            () -> options().maxPatches(-1),
            () -> options().budget(Duration.ofMillis(-1)),
            () -> options().schedule(Schedule.FINAL_ONLY).stopAtScore(0.5).build(),
            () -> SessionOptions.builder().textCache(0),
            () -> SessionOptions.builder().frameSize(0, 10))) {
      ScanFormerException refused = assertThrows(ScanFormerException.class, wrong::run);
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("found"), refused.getMessage());
    }
  }

  /** Before the frames of a declared size. */
  void warmUp(Session declared) {
    declared.warmUp();
  }

  @Test
  void aDeclaredFrameIsAllThatFits() {
    SessionOptions declared = SessionOptions.builder().frameSize(60, 30).build();
    try (Session small = model.openSession(declared)) {
      warmUp(small);
      // 2 x 1 patches in the coarsest grid, or 1 x 2.
      for (Image image :
          List.of(
              Image.of(RandomImages.structured(2, 60, 30)),
              Image.of(RandomImages.structured(3, 20, 80)))) {
        SessionResult own = small.newResult();
        small.locate(image, expression, own);
        assertSame(
            model.locate(List.of(Request.of(image, expression)), Schedule.PER_SCALE).get(0), own);
      }
      assertRefused(
          "The image of 60x45 pixels needs a coarsest grid of 4 patches, expected at most the 2 of"
              + " the declared frames of 60x30 pixels",
          () -> small.locate(image(1), expression, small.newResult()));
    }
  }

  /** Numbers of patches that a session is declared for, of the 64 of the finest grid. */
  int[] declaredPatches() {
    return new int[] {0, 1, 5, 16, 63, 64};
  }

  @Test
  void noMorePatchesThanDeclared() {
    for (int most : declaredPatches()) {
      SessionOptions declared = SessionOptions.builder().maxPatches(most).build();
      try (Session small = model.openSession(declared)) {
        for (SelectionPolicy policy :
            List.of(
                SelectionPolicy.all(), SelectionPolicy.topK(100), SelectionPolicy.checkpoint())) {
          LocateOptions options = options().selection(policy).build();
          LocateOptions capped = options().selection(policy).maxPatches(most).build();
          session.locate(image(1), expression, capped, result);
          SessionResult own = small.newResult();
          small.locate(image(1), expression, options, own);
          for (int s = 0; s < 3; s++) {
            assertEquals(result.mask(s), own.mask(s), most + " patches");
            assertBoxes(result.normalizedBox(s), own.normalizedBox(s));
          }
        }
        List<PatchMask> masks =
            List.of(PatchMask.all(2, 2), PatchMask.all(4, 4), PatchMask.none(8, 8));
        LocateOptions given = options().selection(SelectionPolicy.masks(masks)).build();
        if (most < 16) {
          assertRefused(
              "expected at most the declared " + most,
              () -> small.locate(image(1), expression, given, small.newResult()));
        } else {
          small.locate(image(1), expression, given, small.newResult());
        }
      }
    }
  }

  @Test
  void aSmallerMaximumTakesLessMemory() {
    long any = reserved(SessionOptions.defaults());
    long declared = reserved(SessionOptions.builder().frameSize(60, 30).build());
    long few = reserved(SessionOptions.builder().maxPatches(4).build());
    long four = reserved(SessionOptions.builder().maxBatch(4).build());
    assertTrue(declared < any && few < any && any < four, declared + " " + few + " " + any);
  }

  private long reserved(SessionOptions options) {
    return model.sessionBytes(options);
  }
}
