package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** Deadlines, by a clock of the test's own: a scale takes the time that the listener lets pass. */
class SessionDeadlineTest extends SessionFixture {
  private static final long MILLI = 1_000_000;
  private static final long[] SCALE_MILLIS = {10, 20, 40};

  /** A clock that stands still until it is moved. */
  private static final class ManualClock implements LongSupplier {
    private long now =
        Long.MAX_VALUE - 50 * MILLI; // soon beyond the largest long, as nanoTime may be

    @Override
    public long getAsLong() {
      return now;
    }
  }

  private final ManualClock clock = new ManualClock();

  private LocateOptions.Builder timed() {
    return options()
        .selection(SelectionPolicy.all())
        .listener(soFar -> clock.now += SCALE_MILLIS[soFar.completedScales() - 1] * MILLI);
  }

  private Session timedSession() {
    Session opened = model.openSession(SessionOptions.builder().clock(clock).build());
    measureOnce(opened, timed().build());
    assertEquals(3, result.completedScales(), "without a deadline");
    assertEquals(70 * MILLI, result.totalNanos());
    assertEquals(20 * MILLI, result.nanos(1));
    return opened;
  }

  /** Calls until one has a typical time: a GPU's first call launches, its second one records. */
  private void measureOnce(Session opened, LocateOptions options) {
    int calls = backend() == BackendKind.CUDA ? 3 : 1;
    for (int call = 0; call < calls; call++) {
      opened.locate(image(1), expression, options, result);
    }
  }

  @Test
  void stopsBeforeAScaleThatDoesNotFit() {
    Session timedSession = timedSession();
    // What a scale took once is reckoned with a quarter more: 25 and 50 ms for the finer two.
    long[][] budgetsAndScales = {{34, 1}, {35, 2}, {79, 2}, {80, 3}, {10, 1}, {1000, 3}};
    for (long[] expected : budgetsAndScales) {
      // The clock is the same for all: no call learns anything new.
      LocateOptions options = timed().budget(Duration.ofMillis(expected[0])).build();
      timedSession.locate(image(1), expression, options, result);
      assertEquals(expected[1], result.completedScales(), "scales in " + expected[0] + " ms");
      assertTrue(result.deadlineMet());
      assertEquals(expected[1] == 1 ? 10 : expected[1] == 2 ? 30 : 70, result.totalNanos() / MILLI);
    }
  }

  @Test
  void answersFromTheCoarsestScaleWhenTheDeadlineIsPast() {
    Session timedSession = timedSession();
    for (LocateOptions options :
        List.of(
            timed().budget(Duration.ZERO).build(), timed().budget(Duration.ofMillis(9)).build())) {
      timedSession.locate(image(1), expression, options, result);
      assertEquals(1, result.completedScales());
      assertFalse(result.deadlineMet());
    }
    timedSession.locate(image(1), expression, timed().build(), clock.now - 1, result);
    assertEquals(1, result.completedScales());
    assertFalse(result.deadlineMet());
  }

  @Test
  void theEarlierOfDeadlineAndBudgetCounts() {
    Session timedSession = timedSession();
    LocateOptions budget = timed().budget(Duration.ofMillis(36)).build();
    timedSession.locate(image(1), expression, budget, clock.now + 12 * MILLI, result);
    assertEquals(1, result.completedScales());
    timedSession.locate(image(1), expression, budget, clock.now + 500 * MILLI, result);
    assertEquals(2, result.completedScales());
  }

  /** A budget is of the call: what encodes its text, or waits for others who encode, is in it. */
  @Test
  void theTimeOfANewTextIsOfTheBudget() {
    ScanFormerMetrics slowTexts =
        new ScanFormerMetrics() {
          @Override
          public void textEncoded(int tokens, long nanos) {
            clock.now += 50 * MILLI;
          }
        };
    ScanFormerOptions observed =
        ScanFormerOptions.builder().backend(backend()).maxBatch(1).metrics(slowTexts).build();
    try (ScanFormer own = ScanFormer.load(directory, observed);
        Session opened = own.openSession(SessionOptions.builder().clock(clock).build())) {
      LocateOptions options = timed().budget(Duration.ofMillis(34)).build();
      opened.locate(image(1), "new", options, result);
      assertEquals(1, result.completedScales());
      assertFalse(result.deadlineMet(), "60 ms");
      LocateOptions all = timed().budget(Duration.ofMillis(100)).build();
      opened.locate(image(1), "new", all, result);
      assertTrue(result.deadlineMet(), "at most 70 ms: the text is encoded");
    }
  }

  @Test
  void theTimeOfAnApplicationsOwnListIsOfTheBudget() {
    Session timedSession = timedSession();
    List<Expression> slow =
        new AbstractList<>() {
          @Override
          public Expression get(int index) {
            clock.now += 50 * MILLI;
            return expression;
          }

          @Override
          public int size() {
            return 1;
          }
        };
    LocateOptions options = timed().budget(Duration.ofMillis(80)).build();
    timedSession.locate(List.of(image(1)), slow, options, Long.MAX_VALUE, List.of(result));
    assertEquals(1, result.completedScales(), "10 ms of 30 that are left");
    assertTrue(result.deadlineMet());
  }

  @Test
  void aResultThatStoppedEarlyIsThatOfItsScale() {
    List<NormalizedBox> boxes = new ArrayList<>();
    session.locate(
        image(1),
        expression,
        options().listener(r -> boxes.add(r.normalizedBox())).build(),
        result);
    List<PatchMask> masks = List.of(result.mask(0), result.mask(1), result.mask(2));
    assertEquals(3, boxes.size());
    Session timedSession = timedSession();
    for (int scales = 1; scales <= 3; scales++) {
      long millis = new long[] {12, 40, 100}[scales - 1];
      LocateOptions options =
          options()
              .listener(r -> clock.now += SCALE_MILLIS[r.completedScales() - 1] * MILLI)
              .budget(Duration.ofMillis(millis))
              .build();
      timedSession.locate(image(1), expression, options, result);
      assertEquals(scales, result.completedScales());
      assertEquals(boxes.get(scales - 1), result.normalizedBox());
      for (int s = 0; s < scales; s++) {
        assertEquals(masks.get(s), result.mask(s));
      }
      int beyond = scales;
      assertThrows(IndexOutOfBoundsException.class, () -> result.mask(beyond));
    }
  }

  /** Under FINAL_ONLY the scales before the pass over all tokens take no time of this clock. */
  @Test
  void theFinalPassOverTheScalesSoFarGivesTheirBox() {
    session.locate(
        image(1), expression, options().selection(SelectionPolicy.all()).build(), result);
    NormalizedBox coarse = result.normalizedBox(0);
    NormalizedBox fine = result.normalizedBox(2);
    Session opened = model.openSession(SessionOptions.builder().clock(clock).build());
    LocateOptions.Builder options =
        options()
            .schedule(Schedule.FINAL_ONLY)
            .selection(SelectionPolicy.all())
            .listener(soFar -> clock.now += 50 * MILLI);
    measureOnce(opened, options.build());
    assertBoxes(fine, result.normalizedBox());
    assertNull(result.normalizedBox(0));
    opened.locate(image(1), expression, options.budget(Duration.ofMillis(51)).build(), result);
    assertEquals(1, result.completedScales());
    assertBoxes(coarse, result.normalizedBox());
  }
}
