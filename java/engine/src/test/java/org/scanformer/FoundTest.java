package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** Whether an object is taken to be there, and the scales that its absence saves. */
class FoundTest {
  private static final String TEXT = "the red circle";

  private final Image image = Image.of(RandomImages.structured(1, 60, 45));

  @TempDir Path directory;

  private static RandomModel random() {
    return RandomModel.tiny().seed(7).coarseGrid(2).scales(3);
  }

  private ScanFormer load(RandomModel model) throws Exception {
    model.write(directory);
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder().backend(BackendKind.CPU).precision(Precision.FP32).build());
  }

  private Location locate(RandomModel random, Schedule schedule) throws Exception {
    try (ScanFormer model = load(random)) {
      return model.locate(List.of(Request.of(image, TEXT)), schedule).get(0);
    }
  }

  @Test
  void everyBoxIsFoundWithoutAThreshold() throws Exception {
    for (RandomModel random : List.of(random(), random().scoreHead(false))) {
      Location perScale = locate(random, Schedule.PER_SCALE);
      assertTrue(perScale.found());
      assertTrue(perScale.scales().stream().allMatch(ScaleResult::found));
      Location last = locate(random, Schedule.FINAL_ONLY);
      assertTrue(last.found());
      assertEquals(
          List.of(false, false, true), last.scales().stream().map(ScaleResult::found).toList());
    }
  }

  @ParameterizedTest
  @EnumSource
  void theModelsThresholdIsComparedWithEachScalesScore(Schedule schedule) throws Exception {
    List<Float> scores =
        locate(random(), Schedule.PER_SCALE).scales().stream().map(ScaleResult::score).toList();
    List<Boolean> seen = new ArrayList<>();
    for (double threshold : scores.stream().mapToDouble(score -> score + 1e-4).toArray()) {
      Location found = locate(random().foundThreshold(threshold), schedule);
      for (ScaleResult scale : found.scales()) {
        boolean expected = scale.box() != null && scale.score() >= (float) threshold;
        assertEquals(expected, scale.found());
        seen.add(expected);
      }
      assertEquals(found.score() >= (float) threshold, found.found());
    }
    assertTrue(seen.contains(true) && seen.contains(false), seen.toString());
  }

  @Test
  void aRequestsThresholdComesBeforeTheModels() throws Exception {
    try (ScanFormer model = load(random().foundThreshold(0.999));
        Expression expression = model.encode(TEXT);
        Session session = model.openSession(SessionOptions.defaults());
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      Request request = Request.of(image, TEXT);
      float score = model.locate(request).score();
      for (Locator locator : List.of(model, session, batcher)) {
        assertFalse(locator.locate(request).found());
        assertTrue(locator.locate(request.withFoundThreshold(score - 1e-3)).found());
        assertFalse(locator.locate(request.withFoundThreshold(score + 1e-3)).found());
      }
      assertTrue(model.locate(request.withFoundThreshold(score)).found(), "the bound itself");
      assertFalse(model.locate(request.withFoundThreshold(Math.nextUp(score))).found());
      SessionResult result = session.newResult();
      session.locate(image, expression, result);
      assertFalse(result.found());
      LocateOptions own = LocateOptions.builder().foundThreshold(0).build();
      session.locate(image, expression, own, result);
      assertTrue(result.found() && result.found(0) && result.found(2));
    }
  }

  @Test
  void calibrationScalesAndShiftsTheLogit() throws Exception {
    float plain = locate(random(), Schedule.FINAL_ONLY).score();
    double logit = Math.log(plain / (1 - plain));
    float calibrated = locate(random().scoreCalibration(2.5, -0.75), Schedule.FINAL_ONLY).score();
    assertEquals(1 / (1 + Math.exp(-(2.5 * logit - 0.75))), calibrated, 1e-5);
    assertNotEquals(plain, calibrated, 0.01f);
  }

  @Test
  void aCallStopsWhenItsObjectIsAbsent() throws Exception {
    LocateOptions options = LocateOptions.builder().stopWhenAbsent(0.9).build();
    for (double bias : new double[] {-20, 20}) {
      try (ScanFormer model = load(random().scoreCalibration(1, bias));
          Session session = model.openSession(SessionOptions.defaults())) {
        SessionResult result = session.newResult();
        session.locate(image, TEXT, options, result);
        assertEquals(bias < 0 ? 1 : 3, result.completedScales());
        assertEquals(bias > 0, result.found(), "no threshold but that of the stop");
        assertTrue(result.width() > 0, "the box is given in any case");
        session.locate(image, TEXT, LocateOptions.defaults(), result);
        assertEquals(3, result.completedScales());
        assertTrue(result.found());
      }
    }
  }

  /** A box may have a low score at a coarse scale though the object is there. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aCallStopsByTheProbabilityThatTheObjectIsThereAndNotByTheScore(int scale) throws Exception {
    double plain = locate(random(), Schedule.PER_SCALE).scales().get(scale).score();
    double there = 1 / (1 + Math.exp(-(1.5 * Math.log(plain / (1 - plain)) + 0.25)));
    double[][] absence = {{1, 30}, {1, 30}, {1, 30}};
    absence[scale] = new double[] {1.5, 0.25};
    RandomModel random = random().scoreCalibration(2.5, -9).absenceCalibration(absence);
    try (ScanFormer model = load(random);
        Session session = model.openSession(SessionOptions.defaults())) {
      SessionResult result = session.newResult();
      double absent = 1 - there;
      session.locate(
          image, TEXT, LocateOptions.builder().stopWhenAbsent(absent - 1e-3).build(), result);
      assertEquals(scale + 1, result.completedScales());
      assertFalse(result.found());
      assertTrue(scale == 0 || result.found(0));
      session.locate(
          image, TEXT, LocateOptions.builder().stopWhenAbsent(absent + 1e-3).build(), result);
      assertEquals(3, result.completedScales());
      assertTrue(result.found());
      for (double never : new double[] {1, 0.999}) {
        session.locate(image, TEXT, LocateOptions.builder().stopWhenAbsent(never).build(), result);
        assertEquals(3, result.completedScales());
      }
      session.locate(image, TEXT, LocateOptions.builder().stopWhenAbsent(0).build(), result);
      assertEquals(1, result.completedScales());
    }
  }

  @Test
  void imagesOfOneCallStopTogetherEachForItsOwnReason() throws Exception {
    try (ScanFormer model = load(random());
        Expression one = model.encode(TEXT);
        Expression other = model.encode("the dog");
        Session session = model.openSession(SessionOptions.builder().maxBatch(2).build())) {
      List<SessionResult> results = List.of(session.newResult(), session.newResult());
      locate(session, one, other, LocateOptions.defaults(), results);
      float low = Math.min(results.get(0).score(0), results.get(1).score(0));
      float high = Math.max(results.get(0).score(0), results.get(1).score(0));
      assertTrue(high - low > 1e-3, low + " and " + high);
      double middle = (low + high) / 2;
      locate(
          session, one, other, LocateOptions.builder().stopWhenAbsent(1 - middle).build(), results);
      assertTrue(results.get(0).completedScales() > 1, "only one is absent at scale 0");
      LocateOptions either =
          LocateOptions.builder().stopWhenAbsent(1 - middle).stopAtScore(middle).build();
      locate(session, one, other, either, results);
      for (SessionResult result : results) {
        assertEquals(1, result.completedScales());
        assertEquals(result.score() > middle, result.found());
      }
    }
  }

  private void locate(
      Session session,
      Expression one,
      Expression other,
      LocateOptions options,
      List<SessionResult> results) {
    session.locate(List.of(image, image), List.of(one, other), options, Long.MAX_VALUE, results);
  }

  @Test
  void aModelWithoutScoresRefusesWhatNeedsThem() throws Exception {
    try (ScanFormer model = load(random().scoreHead(false));
        Session session = model.openSession(SessionOptions.defaults());
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      Request request = Request.of(image, TEXT).withFoundThreshold(0.5);
      SessionResult result = session.newResult();
      for (Locator locator : List.of(model, session, batcher)) {
        assertRefused("foundThreshold needs a model with a score head", locator, request);
      }
      for (LocateOptions stop :
          List.of(
              LocateOptions.builder().stopWhenAbsent(0.5).build(),
              LocateOptions.builder().stopAtScore(0.5).build())) {
        ScanFormerException refused =
            assertThrows(
                ScanFormerException.class, () -> session.locate(image, TEXT, stop, result));
        assertEquals(ErrorCode.BAD_INPUT, refused.code());
        assertTrue(refused.getMessage().contains("needs a model with a score head"));
      }
    }
    assertThrows(
        ScanFormerException.class,
        () -> LocateOptions.builder().schedule(Schedule.FINAL_ONLY).stopWhenAbsent(0.5).build());
    assertThrows(ScanFormerException.class, () -> Request.of(image, TEXT).withFoundThreshold(1.5));
  }

  private static void assertRefused(String words, Locator locator, Request request) {
    ScanFormerException refused =
        assertThrows(ScanFormerException.class, () -> locator.locate(request));
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
  }
}
