package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.PixelFormat;
import org.scanformer.Schedule;

/** What a model holds is counted as long as it does, whether or not its client still waits. */
@Timeout(60)
class QueuedMemoryTest {
  private static final Question QUESTION = new Question("the star", null, 0, Schedule.FINAL_ONLY);

  private final Limits limits = Limits.defaults();
  private final Admission admission = new Admission(limits);
  private final LocateService service = new LocateService(limits);
  private final HeldModel held = new HeldModel();

  @AfterEach
  void stop() {
    held.close();
    service.close();
  }

  private CompletableFuture<Location> ask(Admission.Ticket ticket) {
    Image image = Image.of(ByteBuffer.allocate(3), PixelFormat.RGB, 1, 1);
    long deadline = LocateService.deadline(System.nanoTime(), Duration.ofMinutes(1));
    return service.locate(held.model(), image, QUESTION, ticket, deadline);
  }

  private Admission.Ticket ticket(int bytes) {
    Admission.Ticket ticket = admission.open();
    ticket.reserve(bytes);
    return ticket;
  }

  private void assertAllIsGivenBack() {
    held.letGo();
    while (admission.bytes() > 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whatRunsIsCountedUntilItsEndAndWhatWaitsUntilItIsOver() {
    held.hold();
    Admission.Ticket first = ticket(10);
    final CompletableFuture<Location> runs = ask(first);
    held.awaitHeld();
    Admission.Ticket second = ticket(5);
    final CompletableFuture<Location> waits = ask(second);
    first.close();
    second.close();
    assertEquals(15, admission.bytes());
    runs.cancel(false);
    waits.cancel(false);
    assertEquals(10, admission.bytes());
    assertAllIsGivenBack();
  }

  @Test
  void whatIsRefusedIsNotHeld() {
    held.close();
    Admission.Ticket ticket = ticket(10);
    assertThrows(RuntimeException.class, () -> ask(ticket));
    ticket.close();
    assertEquals(0, admission.bytes());
    ServiceException late = assertThrows(ServiceException.class, () -> ask(ticket));
    assertEquals(FailureKind.DEADLINE, late.kind());
  }
}
