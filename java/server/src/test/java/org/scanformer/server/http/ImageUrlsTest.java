package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.server.Admission;
import org.scanformer.server.FailureKind;
import org.scanformer.server.Limits;
import org.scanformer.server.LocateService;
import org.scanformer.server.ServiceException;

class ImageUrlsTest {
  private final AtomicInteger asked = new AtomicInteger();
  private HttpServer other;
  private String base;

  @BeforeEach
  void start() throws Exception {
    other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    base = "http://127.0.0.1:" + other.getAddress().getPort();
    answer("/shop/a.png", 200, 10);
    answer("/shop/large.png", 200, 5000);
    answer("/shop/moved.png", 302, 0);
    answer("/private", 200, 10);
    other.start();
  }

  private void answer(String path, int status, int bytes) {
    other.createContext(
        path,
        exchange -> {
          asked.incrementAndGet();
          exchange.getResponseHeaders().add("Location", base + "/private");
          exchange.sendResponseHeaders(status, bytes == 0 ? -1 : bytes);
          exchange.getResponseBody().write(new byte[bytes]);
          exchange.close();
        });
  }

  @AfterEach
  void stop() {
    other.stop(0);
  }

  private byte[] fetch(List<String> allowed, String url) {
    return fetch(allowed, url, Limits.defaults().memoryBytes(), Duration.ofSeconds(30));
  }

  private byte[] fetch(List<String> allowed, String url, long memoryBytes, Duration atMost) {
    Limits limits = Limits.defaults();
    Admission admission =
        new Admission(
            new Limits(
                limits.bodyBytes(),
                limits.pixels(),
                limits.requests(),
                memoryBytes,
                limits.connections(),
                limits.headerTime(),
                limits.bodyTime(),
                limits.requestTime(),
                limits.drainTime()));
    long deadline = LocateService.deadline(System.nanoTime(), atMost);
    return new ImageUrls(allowed, 1000).fetch(url, admission.open(), deadline).join();
  }

  private FailureKind failureOf(String url, long memoryBytes, Duration atMost, String allowed) {
    CompletionException failure =
        assertThrows(
            CompletionException.class, () -> fetch(List.of(allowed), url, memoryBytes, atMost));
    return ServiceException.of(failure).kind();
  }

  @Test
  void fetchesWhatIsAllowed() {
    assertArrayEquals(new byte[10], fetch(List.of(base + "/shop/"), base + "/shop/a.png"));
  }

  @Test
  void fetchesNothingByDefault() {
    assertForbidden(List.of(), base + "/shop/a.png");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/private",
        "/shop/../private",
        "/shop/%2e%2e/private",
        "/shop/%2E./private",
        "/shop/..%2fprivate",
        "/shop/.%2e%2fprivate",
        "/shop//private",
        "/shop/..;/private",
        "/shop/.;/..;x=1/private",
        "/shop/..%3B/private",
        "/shop/..%20/private",
        "/shop/..%00/private",
        "/shop/%252e%252e/private",
        "/shop/%c0%ae%c0%ae/private",
        "/shop/.../private",
        "/shop/\uFF0E\uFF0E/private",
        "/shop/\u2215private",
        "/shop/a.png#x",
        "@evil.example/shop/a.png"
      })
  void fetchesNothingElse(String path) {
    assertForbidden(List.of(base + "/shop/"), base + path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///etc/passwd",
        "http:///shop/a.png",
        "http://user@127.0.0.1/shop/a.png",
        "ftp://127.0.0.1/shop/a.png",
        "/shop/a.png",
        "not a url"
      })
  void fetchesNoUrlOfAnotherKind(String url) {
    assertForbidden(List.of(base + "/shop/", "http://127.0.0.1/shop/"), url);
  }

  private void assertForbidden(List<String> allowed, String url) {
    ServiceException refusal = assertThrows(ServiceException.class, () -> fetch(allowed, url), url);
    assertEquals(FailureKind.FORBIDDEN, refusal.kind());
    assertEquals(0, asked.get());
  }

  @Test
  void followsNoRedirectionAndReadsNoMoreThanAllowed() {
    for (String path : List.of("/shop/moved.png", "/shop/large.png", "/shop/missing.png")) {
      asked.set(0);
      CompletionException failure =
          assertThrows(
              CompletionException.class, () -> fetch(List.of(base + "/shop/"), base + path));
      assertEquals(FailureKind.BAD_REQUEST, ServiceException.of(failure).kind());
      assertTrue(asked.get() <= 1, path);
    }
  }

  /** The client is to try again, and has done nothing wrong. */
  @Test
  void tellsThatNoMemoryIsLeft() {
    assertEquals(
        FailureKind.OVERLOADED,
        failureOf(base + "/shop/a.png", 5, Duration.ofSeconds(30), base + "/shop/"));
  }

  /** Java's own time limit ends with the head of the response. */
  @Test
  @Timeout(30)
  void endsWithAServerThatSendsNothingMore() throws Exception {
    for (String sent : List.of("", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")) {
      try (ServerSocket stalled = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        CompletableFuture<Integer> seen = CompletableFuture.supplyAsync(() -> stall(stalled, sent));
        String url = "http://127.0.0.1:" + stalled.getLocalPort() + "/";
        assertEquals(FailureKind.DEADLINE, failureOf(url, 1000, Duration.ofSeconds(1), url), sent);
        assertEquals(-1, seen.join(), "the end of the connection");
      }
    }
  }

  /** Answers a request with a part of a response; returns what is read after the request. */
  private static int stall(ServerSocket server, String response) {
    try (Socket socket = server.accept()) {
      InputStream in = socket.getInputStream();
      for (int line = 0, b = in.read(); !(line == 0 && b == '\r'); b = in.read()) {
        line = b == '\n' ? 0 : line + 1;
      }
      in.read();
      socket.getOutputStream().write(response.getBytes(StandardCharsets.US_ASCII));
      return in.read();
    } catch (IOException e) {
      // A connection may also end with a reset.
      return -1;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://a.example", "ftp://a.example/", "a.example/", "http://a.example/x"})
  void anAllowedPrefixIsWhole(String prefix) {
    assertThrows(IllegalArgumentException.class, () -> new ImageUrls(List.of(prefix), 1000));
  }
}
