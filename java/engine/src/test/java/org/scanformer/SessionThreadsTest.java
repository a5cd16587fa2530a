package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Sessions among threads: one at a time, closing, interrupts. */
class SessionThreadsTest extends SessionFixture {
  @Test
  void anInterruptIsLeftToTheCaller() {
    Thread.currentThread().interrupt();
    session.locate(image(1), expression, result);
    assertEquals(3, result.completedScales());
    model.locate(image(1), expression);
    session.close();
    assertTrue(Thread.interrupted());
  }

  @Test
  void refusesASecondThreadAndItself() throws Exception {
    CountDownLatch inCall = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicReference<Throwable> nested = new AtomicReference<>();
    LocateOptions waiting =
        options()
            .listener(
                soFar -> {
                  nested.set(
                      assertThrows(
                          IllegalStateException.class,
                          () -> session.locate(image(1), expression, session.newResult())));
                  inCall.countDown();
                  await(go);
                })
            .build();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      Future<?> call =
          threads.submit(() -> session.locate(image(1), expression, waiting, session.newResult()));
      assertTrue(inCall.await(30, TimeUnit.SECONDS));
      IllegalStateException refused =
          assertThrows(
              IllegalStateException.class, () -> session.locate(image(1), expression, result));
      assertTrue(refused.getMessage().contains("another thread"), refused.getMessage());
      go.countDown();
      call.get(30, TimeUnit.SECONDS);
      assertTrue(nested.get().getMessage().contains("within"), nested.get().getMessage());
    } finally {
      go.countDown();
      threads.shutdown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void closingWaitsForTheRunningCall() throws Exception {
    CountDownLatch inCall = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    LocateOptions waiting =
        options()
            .listener(
                soFar -> {
                  inCall.countDown();
                  await(go);
                })
            .build();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<?> call = threads.submit(() -> session.locate(image(1), expression, waiting, result));
      assertTrue(inCall.await(30, TimeUnit.SECONDS));
      Future<?> closing = threads.submit(model::close);
      assertThrows(TimeoutException.class, () -> closing.get(200, TimeUnit.MILLISECONDS));
      go.countDown();
      call.get(30, TimeUnit.SECONDS);
      closing.get(30, TimeUnit.SECONDS);
      assertEquals(3, result.completedScales());
    } finally {
      go.countDown();
      threads.shutdown();
    }
    assertThrows(IllegalStateException.class, () -> session.locate(image(1), expression, result));
    assertThrows(IllegalStateException.class, () -> model.openSession(SessionOptions.defaults()));
    session.close();
  }

  /** Calls of each thread. */
  int calls() {
    return 10;
  }

  @Test
  void sessionsOnManyThreadsFindTheSame() throws Exception {
    session.locate(image(1), expression, result);
    NormalizedBox expected = result.normalizedBox();
    Callable<List<NormalizedBox>> caller =
        () -> {
          List<NormalizedBox> boxes = new ArrayList<>();
          try (Session own = model.openSession(SessionOptions.builder().threads(1).build())) {
            SessionResult mine = own.newResult();
            for (int call = 0; call < calls(); call++) {
              own.locate(image(1), call % 2 == 0 ? expression : model.encode(TEXT), mine);
              boxes.add(mine.normalizedBox());
            }
          }
          return boxes;
        };
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (Future<List<NormalizedBox>> boxes :
          threads.invokeAll(List.of(caller, caller, caller, caller))) {
        for (NormalizedBox box : boxes.get()) {
          assertBoxes(expected, box);
        }
      }
    } finally {
      threads.shutdown();
    }
  }
}
