package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What listeners and metrics may not do within a call, and what the call does then. */
@Timeout(60)
class SessionCallbackTest extends SessionFixture {
  /** What is called by a listener or by metrics. */
  enum Callee {
    SESSION_CLOSE,
    OTHER_SESSION_CLOSE,
    MODEL_CLOSE,
    SESSION_LOCATE,
    OTHER_SESSION_LOCATE,
    MODEL_LOCATE,
    MODEL_ENCODE,
    OPEN_SESSION,
    BATCHER_CLOSE
  }

  private void call(Callee callee, Session other, Batcher batcher) {
    SessionResult unused = other.newResult();
    switch (callee) {
      case SESSION_CLOSE -> session.close();
      case OTHER_SESSION_CLOSE -> other.close();
      case MODEL_CLOSE -> model.close();
      case SESSION_LOCATE -> session.locate(image(2), expression, session.newResult());
      case OTHER_SESSION_LOCATE -> other.locate(image(2), expression, unused);
      case MODEL_LOCATE -> model.locate(image(2), TEXT);
      case MODEL_ENCODE -> model.encode(TEXT).close();
      case OPEN_SESSION -> model.openSession(SessionOptions.defaults()).close();
      case BATCHER_CLOSE -> batcher.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aListenerIsRefused(Callee callee) {
    Location expected =
        model.locate(List.of(Request.of(image(1), TEXT)), Schedule.PER_SCALE).get(0);
    AtomicReference<Throwable> refused = new AtomicReference<>();
    try (Session other = model.openSession(SessionOptions.defaults());
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      LocateOptions listening =
          options()
              .listener(
                  soFar ->
                      refused.set(
                          assertThrows(
                              IllegalStateException.class, () -> call(callee, other, batcher))))
              .build();
      session.locate(image(1), expression, listening, result);
      assertTrue(refused.get().getMessage().contains("within"), refused.get().getMessage());
      assertSame(expected, result);
      // Everything is as it was.
      session.locate(image(1), expression, result);
      other.locate(image(1), expression, other.newResult());
      batcher.submit(Request.of(image(1), TEXT)).join();
    }
  }

  /** A list of one whose element is given with an action. */
  private static <T> List<T> acting(T element, Runnable action) {
    return new AbstractList<>() {
      @Override
      public T get(int index) {
        action.run();
        return element;
      }

      @Override
      public int size() {
        return 1;
      }
    };
  }

  /** They are called before the device runs, and the call goes on with what they would free. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void listsOfArgumentsMayNotClose(int acting) {
    List<Throwable> refused = new ArrayList<>();
    Runnable close =
        () -> {
          refused.add(assertThrows(IllegalStateException.class, session::close));
          refused.add(assertThrows(IllegalStateException.class, model::close));
        };
    Runnable nothing = () -> {};
    session.locate(
        acting(image(1), acting == 0 ? close : nothing),
        acting(expression, acting == 1 ? close : nothing),
        options().build(),
        Long.MAX_VALUE,
        acting(result, acting == 2 ? close : nothing));
    // A result is asked for to be emptied, and again to be filled.
    assertEquals(acting == 2 ? 4 : 2, refused.size());
    assertSame(
        model.locate(List.of(Request.of(image(1), TEXT)), Schedule.PER_SCALE).get(0), result);
  }

  @ParameterizedTest
  @EnumSource
  void metricsAreRefused(Callee callee) {
    List<Throwable> refused = new ArrayList<>();
    AtomicReference<Runnable> action = new AtomicReference<>();
    ScanFormerMetrics metrics =
        new ScanFormerMetrics() {
          private void act() {
            if (action.get() != null) {
              refused.add(assertThrows(IllegalStateException.class, () -> action.get().run()));
            }
          }

          @Override
          public void scaleDone(int scale, int patches, int tokens, long nanos) {
            act();
          }

          @Override
          public void textEncoded(int tokens, long nanos) {
            act();
          }

          @Override
          public void callDone(int requests, int scales, boolean deadlineMet, long nanos) {
            act();
          }
        };
    model.close();
    model =
        ScanFormer.load(
            directory, ScanFormerOptions.builder().backend(backend()).metrics(metrics).build());
    expression = model.encode(TEXT);
    session = model.openSession(SessionOptions.defaults());
    result = session.newResult();
    try (Session other = model.openSession(SessionOptions.defaults());
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      action.set(() -> call(callee, other, batcher));
      session.locate(image(1), expression, result);
      assertEquals(4, refused.size());
      model.encode("blue").close();
      assertEquals(5, refused.size());
      model.locate(image(1), expression);
      assertEquals(10, refused.size());
      action.set(null);
    }
  }

  @Test
  void anExpressionThatIsClosedWithinItsCallIsFreedAfterIt() {
    Location expected =
        model.locate(List.of(Request.of(image(1), TEXT)), Schedule.PER_SCALE).get(0);
    session.locate(
        image(1), expression, options().listener(soFar -> expression.close()).build(), result);
    assertSame(expected, result);
    assertThrows(IllegalStateException.class, () -> session.locate(image(1), expression, result));
  }

  @Test
  void anExpressionThatMetricsCloseIsFreedAfterTheCall() {
    FaultyBackend counted = new FaultyBackend();
    AtomicReference<Expression> closing = new AtomicReference<>();
    ScanFormerMetrics metrics =
        new ScanFormerMetrics() {
          @Override
          public void scaleDone(int scale, int patches, int tokens, long nanos) {
            if (closing.get() != null) {
              int held = counted.allocated.size();
              closing.get().close();
              assertEquals(held, counted.allocated.size());
            }
          }
        };
    try (ScanFormer other =
        ScanFormer.load(
            directory,
            ScanFormerOptions.builder().backend(backend()).metrics(metrics).build(),
            counted::open)) {
      int before = counted.allocated.size();
      Expression own = other.encode(TEXT);
      closing.set(own);
      assertNotNull(other.locate(image(1), own));
      assertEquals(before, counted.allocated.size());
    }
  }

  @Test
  void whatAListenerThrowsEndsItsCallAlone() {
    for (Throwable thrown : List.of(new AssertionError("x"), new IllegalArgumentException("x"))) {
      LocateOptions listening =
          options()
              .listener(
                  soFar -> {
                    if (thrown instanceof Error e) {
                      throw e;
                    }
                    throw (RuntimeException) thrown;
                  })
              .build();
      assertEquals(
          thrown,
          assertThrows(
              Throwable.class, () -> session.locate(image(1), expression, listening, result)));
      session.locate(image(1), expression, result);
      assertEquals(3, result.completedScales());
    }
  }

  /** Its boxes so far are no answer, and the masks are those of an earlier frame. */
  @Test
  void aCallThatFailsLeavesNoResult() {
    session.locate(image(2), expression, result);
    assertTrue(result.totalNanos() > 0);
    List<Long> nanosSoFar = new ArrayList<>();
    LocateOptions throwing =
        options()
            .listener(
                soFar -> {
                  nanosSoFar.add(soFar.totalNanos());
                  if (soFar.completedScales() == 2) {
                    throw new IllegalArgumentException("x");
                  }
                })
            .build();
    assertThrows(
        IllegalArgumentException.class,
        () -> session.locate(image(1), expression, throwing, result));
    assertEquals(List.of(0L, 0L), nanosSoFar, "no call has ended");
    assertEquals(0, result.completedScales());
    assertThrows(IndexOutOfBoundsException.class, () -> result.mask(0));
  }

  /** Masks come to the host with the last scale: those that are there are an earlier frame's. */
  @Test
  void masksAndCandidatesAreNotThereBeforeTheEnd() {
    session.locate(image(2), expression, result);
    List<String> told = new ArrayList<>();
    LocateOptions listening =
        options()
            .candidates(2)
            .listener(
                soFar -> {
                  int scale = soFar.completedScales() - 1;
                  assertTrue(soFar.selected(scale) > 0);
                  told.add(
                      assertThrows(IllegalStateException.class, () -> soFar.mask(scale))
                          .getMessage());
                  told.add(
                      assertThrows(IllegalStateException.class, soFar::candidates).getMessage());
                })
            .build();
    session.locate(image(1), expression, listening, result);
    assertEquals(6, told.size());
    assertTrue(told.get(0).contains("has not ended"), told.get(0));
    assertEquals(result.selected(2), result.mask(2).count());
    assertEquals(2, result.candidates().size());
  }

  /** An application that draws what it has would draw an old box. */
  @Test
  void aCallThatIsRefusedLeavesNoResult() {
    Expression closed = model.encode("red");
    closed.close();
    LocateOptions otherMasks =
        options().selection(SelectionPolicy.masks(List.of(PatchMask.all(1, 1)))).build();
    long otherClock = Long.MIN_VALUE / 3;
    Image image = image(1);
    List<SessionResult> both = List.of(result, session.newResult());
    List<Expression> texts = List.of(expression, expression);
    LocateOptions options = options().build();
    List<Executable> calls =
        List.of(
            () -> session.locate(image, closed, result),
            () -> session.locate(image, " ", options, result),
            () -> session.locate(image, expression, options, otherClock, result),
            () -> session.locate(image, expression, otherMasks, result),
            () -> session.locate(List.of(), texts, options, Long.MAX_VALUE, both),
            () -> session.locate(List.of(image), texts, options, Long.MAX_VALUE, both));
    for (Executable call : calls) {
      session.locate(image(2), expression, result);
      assertThrows(RuntimeException.class, call);
      assertEquals("no answer yet", result.toString());
    }
  }

  @Test
  void refusesAnotherSessionsResults() {
    try (Session other = model.openSession(SessionOptions.builder().frameSize(2000, 20).build())) {
      ScanFormerException refused =
          assertThrows(
              ScanFormerException.class,
              () -> session.locate(image(1), expression, other.newResult()));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("another session"), refused.getMessage());
    }
  }
}
