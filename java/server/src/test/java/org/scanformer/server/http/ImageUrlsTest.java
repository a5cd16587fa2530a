package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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
    long deadline = LocateService.deadline(System.nanoTime(), Duration.ofSeconds(30));
    Admission.Ticket ticket = new Admission(Limits.defaults()).open();
    return new ImageUrls(allowed, 1000).fetch(url, ticket, deadline).join();
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

  @ParameterizedTest
  @ValueSource(
      strings = {"http://a.example", "ftp://a.example/", "a.example/", "http://a.example/x"})
  void anAllowedPrefixIsWhole(String prefix) {
    assertThrows(IllegalArgumentException.class, () -> new ImageUrls(List.of(prefix), 1000));
  }
}
