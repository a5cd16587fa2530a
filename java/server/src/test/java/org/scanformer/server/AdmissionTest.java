package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private final Admission admission =
      new Admission(
          new Limits(
              10,
              10,
              2,
              100,
              10,
              Duration.ofSeconds(1),
              Duration.ofSeconds(1),
              Duration.ofSeconds(1),
              Duration.ofSeconds(1)));

  private static FailureKind kind(Runnable work) {
    return assertThrows(ServiceException.class, work::run).kind();
  }

  @Test
  void refusesTheRequestThatIsOneTooMany() {
    Admission.Ticket first = admission.open();
    first.enter();
    admission.open().enter();
    Admission.Ticket third = admission.open();
    assertEquals(FailureKind.OVERLOADED, kind(third::enter));
    first.close();
    third.enter();
    assertEquals(2, admission.requests());
  }

  @Test
  void aSlowSenderTakesNoPlace() {
    admission.open().reserve(10);
    admission.open().reserve(10);
    admission.open().enter();
    assertEquals(1, admission.requests());
    assertEquals(20, admission.bytes());
  }

  @Test
  void givesBytesBackOnce() {
    Admission.Ticket ticket = admission.open();
    ticket.reserve(60);
    assertEquals(FailureKind.OVERLOADED, kind(() -> admission.open().reserve(41)));
    ticket.close();
    ticket.close();
    assertEquals(0, admission.bytes());
    assertEquals(FailureKind.DEADLINE, kind(() -> ticket.reserve(1)));
    admission.open().reserve(100);
  }

  @Test
  void givesBackWhatIsNotHeldAfterAll() {
    Admission.Ticket ticket = admission.open();
    ticket.reserve(60);
    ticket.giveBack(20);
    assertEquals(40, admission.bytes());
    ticket.close();
    ticket.giveBack(20);
    assertEquals(0, admission.bytes());
  }

  @Test
  void aWorkHoldsTheBytesOfARequestThatIsOver() {
    Admission.Ticket ticket = admission.open();
    ticket.enter();
    ticket.reserve(60);
    ticket.retain();
    ticket.retain();
    ticket.close();
    ticket.release();
    assertEquals(60, admission.bytes());
    assertEquals(0, admission.requests());
    ticket.release();
    assertEquals(0, admission.bytes());
    assertEquals(FailureKind.DEADLINE, kind(ticket::retain));
  }

  @Test
  void drainsWhatIsInWorkAndLetsNothingIn() throws Exception {
    Admission.Ticket ticket = admission.open();
    ticket.enter();
    CompletableFuture<Integer> left =
        CompletableFuture.supplyAsync(() -> admission.drain(TimeUnit.MINUTES.toNanos(1)));
    while (!admission.isDraining()) {
      Thread.onSpinWait();
    }
    assertEquals(FailureKind.UNAVAILABLE, kind(() -> admission.open().enter()));
    assertTrue(!left.isDone());
    ticket.close();
    assertEquals(0, left.get(1, TimeUnit.MINUTES));
  }

  @Test
  void tellsWhatIsStillInWorkWhenDrainingTakesTooLong() {
    admission.open().enter();
    assertEquals(1, admission.drain(1));
  }
}
