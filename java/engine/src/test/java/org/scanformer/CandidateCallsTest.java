package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scanformer.reference.RandomModel;

/** Who may ask for candidates, and what the answers hold. */
class CandidateCallsTest extends SessionFixture {
  private List<Candidate> expected(Schedule schedule, int most) {
    Request request = Request.of(image(2), expression).withCandidates(most);
    return model.locate(List.of(request), schedule).get(0).candidates();
  }

  @Test
  void theBestComeFirstAndDoNotOverlap() {
    List<Candidate> all = expected(Schedule.FINAL_ONLY, 100);
    assertTrue(all.size() > 2, all.toString());
    for (int i = 1; i < all.size(); i++) {
      assertTrue(all.get(i).score() <= all.get(i - 1).score());
      for (Candidate better : all.subList(0, i)) {
        assertTrue(better.box().intersectionOverUnion(all.get(i).box()) < 0.5);
      }
    }
    assertEquals(all.subList(0, 2), expected(Schedule.FINAL_ONLY, 2));
    assertEquals(List.of(), expected(Schedule.FINAL_ONLY, 0));
  }

  @Test
  void theAnswerIsTheSameWithAndWithoutThem() {
    Request request = Request.of(image(2), expression);
    for (Schedule schedule : Schedule.values()) {
      Location plain = model.locate(List.of(request), schedule).get(0);
      Location with = model.locate(List.of(request.withCandidates(3)), schedule).get(0);
      assertBoxes(plain.normalizedBox(), with.normalizedBox());
      assertEquals(plain.score(), with.score(), 2e-4);
      assertEquals(List.of(), plain.candidates());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSessionGivesThemToo(Schedule schedule) {
    LocateOptions asking = options().schedule(schedule).candidates(4).build();
    session.locate(image(2), expression, asking, result);
    assertEquals(expected(schedule, 4), result.candidates());
    assertFalse(result.candidates().isEmpty());
    session.locate(image(2), expression, options().schedule(schedule).build(), result);
    assertEquals(List.of(), result.candidates());
  }

  /** A run that stops early has those of its last scale. */
  @Test
  void theyAreOfTheLastScaleThatWasRun() {
    LocateOptions early = options().candidates(100).stopAtScore(0).build();
    session.locate(image(2), expression, early, result);
    assertEquals(1, result.completedScales());
    List<Candidate> coarse = result.candidates();
    assertTrue(coarse.size() <= result.selected(0) && !coarse.isEmpty(), coarse.toString());
    LocateOptions late =
        options().candidates(100).schedule(Schedule.FINAL_ONLY).budget(Duration.ZERO).build();
    session.locate(image(2), expression, late, result);
    assertEquals(1, result.completedScales());
    assertEquals(coarse.size(), result.candidates().size());
    for (int i = 0; i < coarse.size(); i++) {
      assertBoxes(coarse.get(i).normalizedBox(), result.candidates().get(i).normalizedBox());
    }
  }

  @Test
  void eachRequestOfABatchHasItsOwnNumber() {
    try (Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      for (Locator locator : List.of(model, session, batcher)) {
        Request request = Request.of(image(2), expression);
        assertEquals(List.of(), locator.locate(request).candidates());
        assertEquals(2, locator.locate(request.withCandidates(2)).candidates().size());
      }
      Request request = Request.of(image(2), expression);
      List<Location> found = model.locate(List.of(request.withCandidates(2), request));
      assertEquals(2, found.get(0).candidates().size());
      assertEquals(List.of(), found.get(1).candidates());
    }
  }

  @Test
  void aModelWithoutTheHeadRefusesThem(@TempDir Path other) throws Exception {
    RandomModel.tiny().coarseGrid(2).write(other);
    String words = "candidates needs a model with the tensor candidate_head.weight";
    ScanFormerOptions options = ScanFormerOptions.builder().backend(backend()).build();
    assertFalse(ScanFormer.inspect(other, options).candidateHead());
    assertTrue(ScanFormer.inspect(directory, options).candidateHead());
    try (ScanFormer without = ScanFormer.load(other, options);
        Session line = without.openSession(SessionOptions.defaults());
        Batcher batcher = without.openBatcher(BatcherOptions.defaults())) {
      Request request = Request.of(image(1), TEXT).withCandidates(1);
      for (Locator locator : List.of(without, line, batcher)) {
        assertRefused(words, () -> locator.locate(request));
      }
      LocateOptions asking = options().candidates(1).build();
      SessionResult unfilled = line.newResult();
      assertRefused(words, () -> line.locate(image(1), TEXT, asking, unfilled));
      assertEquals(List.of(), without.locate(request.withCandidates(0)).candidates());
    }
    assertRefused("candidates must be 0 or more, found -1", () -> options().candidates(-1));
    assertThrows(ScanFormerException.class, () -> Request.of(image(1), TEXT).withCandidates(-1));
  }
}
