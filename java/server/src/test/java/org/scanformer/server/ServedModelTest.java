package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.Location;

/** What becomes of the questions to a model that stops. */
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
}
