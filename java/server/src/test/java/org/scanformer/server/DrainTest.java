package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.Location;

/** A server that stops while it is busy answers what it has taken on. */
@Timeout(120)
class DrainTest {
  private static final int CLIENTS = 16;

  @Test
  void answersWhatIsInWorkAndRefusesTheRest() {
    Fixture server = Fixture.start();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<CompletableFuture<Integer>> answers =
          IntStream.range(0, CLIENTS)
              .mapToObj(i -> CompletableFuture.supplyAsync(() -> ask(server), clients))
              .toList();
      while (server.server().activeRequests() == 0 && !answers.get(0).isDone()) {
        Thread.onSpinWait();
      }
      server.close();
      List<Integer> codes = answers.stream().map(CompletableFuture::join).toList();
      // -1: it came when the port was closed already.
      assertTrue(codes.stream().allMatch(c -> c == 200 || c == 503 || c == -1), codes.toString());
      assertTrue(codes.contains(200), codes.toString());
      assertEquals(0, server.server().activeRequests());
      server.close();
    } finally {
      clients.shutdownNow();
    }
  }

  private static Limits hurried(Limits limits) {
    return new Limits(
        limits.bodyBytes(),
        limits.pixels(),
        limits.requests(),
        limits.memoryBytes(),
        limits.connections(),
        limits.headerTime(),
        limits.bodyTime(),
        limits.requestTime(),
        Duration.ofMillis(1));
  }

  @Test
  void answersNobodyWhoIsCutOff() throws Exception {
    HeldModel held = new HeldModel();
    Admission admission = new Admission(Limits.defaults());
    ModelServer server =
        new ModelServer(
            Fixture.options(hurried(Limits.defaults())),
            "1",
            RequestObserver.NONE,
            admission,
            new ServerMetrics(admission),
            Models.load(List.of(ModelSpec.BUNDLED), spec -> held.model()));
    held.hold();
    held.ask();
    held.awaitHeld();
    CompletableFuture<Location> waits = held.ask();
    CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
    try {
      assertThrows(CancellationException.class, () -> waits.get(30, TimeUnit.SECONDS));
      assertFalse(closed.isDone());
    } finally {
      held.letGo();
      closed.join();
    }
  }

  private static int ask(Fixture server) {
    try {
      HttpResponse<String> answer =
          server.post("/v1/locate?text=the+star", "image/png", Fixture.scene());
      return answer.statusCode();
    } catch (IllegalStateException e) {
      return -1;
    }
  }
}
