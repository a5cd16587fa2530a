package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.server.Admission;
import org.scanformer.server.BearerToken;
import org.scanformer.server.Limits;
import org.scanformer.server.RequestObserver;

/** What is left of a request once it is answered, whatever its endpoint does. */
@Timeout(60)
class RequestHandlerTest {
  /** Unlike any time of Jetty's own. */
  private static final Duration BODY_TIME = Duration.ofMillis(34_567);

  /** The tasks that would end a body, and have neither run nor been cancelled. */
  private final Set<Object> bodyTimers = ConcurrentHashMap.newKeySet();

  private final Admission admission = new Admission(limits(BODY_TIME));
  private final Routes routes = new Routes();
  private final Server server = new Server(new QueuedThreadPool(16), new CountedTimers(), null);
  private final ServerConnector connector = new ServerConnector(server);

  private final class CountedTimers extends ScheduledExecutorScheduler {
    @Override
    public Task schedule(Runnable work, long delay, TimeUnit unit) {
      Task task = super.schedule(work, delay, unit);
      if (unit.toMillis(delay) != BODY_TIME.toMillis()) {
        return task;
      }
      Object timer = new Object();
      bodyTimers.add(timer);
      return () -> {
        bodyTimers.remove(timer);
        return task.cancel();
      };
    }
  }

  private static Limits limits(Duration bodyTime) {
    Limits limits = Limits.defaults();
    return new Limits(
        limits.bodyBytes(),
        limits.pixels(),
        1,
        limits.memoryBytes(),
        limits.connections(),
        limits.headerTime(),
        bodyTime,
        limits.requestTime(),
        limits.drainTime());
  }

  private void start(Duration bodyTime) throws Exception {
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(
        new RequestHandler(
            routes,
            new Guard(List.of(), BearerToken.NONE),
            limits(bodyTime),
            admission,
            RequestObserver.NONE));
    server.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.stop();
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String head(int length) {
    return "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: "
        + length
        + "\r\n\r\n";
  }

  /** The timer holds the body. */
  @Test
  void theTimerOfABodyEndsWithTheBody() throws Exception {
    routes.post("/a", call -> CompletableFuture.completedFuture(Reply.empty()));
    start(BODY_TIME);
    try (Socket socket = connect()) {
      send(socket, head(2) + "x");
      while (bodyTimers.isEmpty()) {
        Thread.onSpinWait();
      }
      send(socket, "y");
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    }
    assertEquals(Set.of(), bodyTimers);
  }

  /** Whatever goes wrong, the client is not left to wait, and the place is given back. */
  @Test
  void whoseReplyCannotBeSentIsNotLeftWaiting() throws Exception {
    routes.post("/a", call -> CompletableFuture.completedFuture(new Reply(200, null, null, null)));
    routes.post(
        "/b",
        call -> {
          throw new StackOverflowError();
        });
    start(BODY_TIME);
    for (String path : List.of("/a", "/b")) {
      try (Socket socket = connect()) {
        send(socket, head(2).replace("/a", path) + "xy");
        socket.setSoTimeout(10_000);
        String answer =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertTrue(answer.startsWith("HTTP/1.1 500"), answer);
      }
      while (admission.requests() > 0 || admission.bytes() > 0) {
        Thread.onSpinWait();
      }
    }
  }

  /** The array is larger than what has come, so that it need not grow with every piece. */
  @Test
  void aHalfSentBodyIsCountedWithItsRoom() throws Exception {
    routes.post("/a", call -> CompletableFuture.completedFuture(Reply.empty()));
    start(BODY_TIME);
    try (Socket socket = connect()) {
      send(socket, head(100) + "0123456789");
      while (admission.bytes() == 0) {
        Thread.onSpinWait();
      }
      assertEquals(20, admission.bytes());
    }
    while (admission.bytes() > 0) {
      Thread.onSpinWait();
    }
  }

  /** An endpoint goes on reading a body though its client is told that the time is over. */
  @Test
  void whatIsReadIsCountedThoughItsTimeIsOver() throws Exception {
    CompletableFuture<Long> counted = new CompletableFuture<>();
    routes.post(
        "/a",
        call -> {
          call.ticket().close();
          counted.complete(admission.bytes());
          return CompletableFuture.completedFuture(Reply.empty());
        });
    start(BODY_TIME);
    try (Socket socket = connect()) {
      send(socket, head(2) + "xy");
      assertTrue(counted.get(30, TimeUnit.SECONDS) >= 2, counted.toString());
    }
    while (admission.bytes() > 0) {
      Thread.onSpinWait();
    }
  }

  /** A byte now and then keeps Jetty's own time-out away. */
  @Test
  void whoReadsSlowlyKeepsNoPlace() throws Exception {
    Reply large = Reply.ok(Reply.OCTETS, new byte[64 << 20]);
    routes.post("/a", call -> CompletableFuture.completedFuture(large));
    routes.post("/b", call -> CompletableFuture.completedFuture(Reply.empty()));
    start(Duration.ofSeconds(1));
    try (Socket slow = connect()) {
      send(slow, head(1) + "x");
      assertEquals('H', slow.getInputStream().read());
      assertEquals(1, admission.requests());
      long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (admission.requests() > 0) {
        slow.getInputStream().read();
        assertTrue(System.nanoTime() < end, "the reader keeps its place");
        Thread.sleep(50);
      }
    }
    try (Socket other = connect()) {
      send(other, head(1).replace("/a", "/b") + "x");
      String answer = new String(other.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    }
    // A client may have its answer a moment before.
    while (admission.bytes() > 0) {
      Thread.onSpinWait();
    }
  }
}
