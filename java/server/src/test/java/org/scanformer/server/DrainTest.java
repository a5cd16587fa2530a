package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
