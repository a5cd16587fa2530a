package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.ErrorCode;
import org.scanformer.Location;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.batching.WorkerEndedException;

/** What becomes of the questions to a model that stops, or whose worker has ended. */
@Timeout(60)
class ServedModelTest {
  private final HeldModel held = new HeldModel();

  @AfterEach
  void close() {
    held.close();
  }

  @Test
  void takesBackWhatWaitsWhenItStops() throws Exception {
    held.ask().get(30, TimeUnit.SECONDS);
    held.hold();
    held.ask();
    held.awaitHeld();
    CompletableFuture<Location> waits = held.ask();
    assertFalse(waits.isDone());
    held.model().stop();
    assertTrue(waits.isCancelled());
    assertTrue(held.model().isReady());
    ServiceException late = assertThrows(ServiceException.class, held::ask);
    assertEquals(FailureKind.UNAVAILABLE, late.kind());
  }

  /** Ends the queue as its worker does when it can go on no more. */
  private void endWorker(RuntimeException why) throws ReflectiveOperationException {
    Object queue = field(field(held.model(), "finalOnly"), "queue");
    Method leave = queue.getClass().getDeclaredMethod("leave", List.class, RuntimeException.class);
    leave.setAccessible(true);
    leave.invoke(queue, List.of(), why);
  }

  private static Object field(Object of, String name) throws ReflectiveOperationException {
    Field field = of.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }

  private static List<RuntimeException> ends() {
    return List.of(
        new ScanFormerException(ErrorCode.DEVICE_LOST, "The device is lost"),
        new WorkerEndedException(new IllegalArgumentException("unexpected")));
  }

  @ParameterizedTest
  @MethodSource("ends")
  void isNotReadyWhenAWorkerHasEndedThatNobodyWaitedFor(RuntimeException end) throws Exception {
    endWorker(end);
    assertThrows(RuntimeException.class, held::ask);
    assertFalse(held.model().isReady());
  }

  @ParameterizedTest
  @MethodSource("ends")
  void isNotReadyWhenAWorkerEndsThatSomebodyWaitsFor(RuntimeException end) throws Exception {
    held.hold();
    held.ask();
    held.awaitHeld();
    CompletableFuture<Location> waits = held.ask();
    endWorker(end);
    assertTrue(waits.isCompletedExceptionally());
    assertFalse(held.model().isReady());
  }

  /** An image that cannot be read says nothing of the next one. */
  @Test
  void isReadyThoughAQuestionFails() {
    assertThrows(ExecutionException.class, () -> held.ask(" ").get(30, TimeUnit.SECONDS));
    assertTrue(held.model().isReady());
  }
}
