package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.server.Fixture;
import org.scanformer.server.Limits;

/** What requests may cost, and what is refused. */
@Timeout(120)
class LimitsTest {
  private static final String PATH = "/v1/locate?text=the+star";

  private static Limits small(Limits limits) {
    return new Limits(
        200_000,
        100 * 100,
        limits.requests(),
        limits.memoryBytes(),
        limits.connections(),
        Duration.ofMillis(700),
        Duration.ofSeconds(1),
        limits.requestTime(),
        limits.drainTime());
  }

  @Test
  void boundsBodiesAndPixels() {
    try (Fixture server = Fixture.limited(LimitsTest::small)) {
      HttpResponse<String> known = server.post(PATH, "image/png", new byte[200_001]);
      assertEquals(413, known.statusCode(), known.body());
      HttpResponse<String> chunked =
          server.send(
              HttpRequest.newBuilder(server.uri(PATH))
                  .header("Content-Type", "image/png")
                  .POST(
                      HttpRequest.BodyPublishers.ofInputStream(
                          () -> new ByteArrayInputStream(new byte[300_000]))));
      assertEquals(413, chunked.statusCode(), chunked.body());
      HttpResponse<String> pixels = server.post(PATH, "image/png", Fixture.scene());
      assertEquals(400, pixels.statusCode(), pixels.body());
      assertTrue(pixels.body().contains("pixels"), pixels.body());
    }
  }

  @Test
  void closesOnThoseWhoSendSlowly() throws Exception {
    try (Fixture server = Fixture.limited(LimitsTest::small)) {
      String body =
          trickle(
              server,
              "POST "
                  + PATH
                  + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
                  + "Content-Length: 1000\r\n\r\n");
      assertTrue(body.startsWith("HTTP/1.1 408"), body);
      assertEquals("", trickle(server, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "));
      assertEquals(200, server.get("/v2/health/ready").statusCode());
    }
  }

  /** Sends the beginning of a request, then a byte now and then; gives what comes back. */
  private static String trickle(Fixture server, String beginning) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", server.server().httpPort())) {
      socket.setSoTimeout(100);
      socket.getOutputStream().write(beginning.getBytes(StandardCharsets.ISO_8859_1));
      StringBuilder answer = new StringBuilder();
      InputStream in = socket.getInputStream();
      while (true) {
        try {
          int read = in.read();
          if (read < 0) {
            return answer.toString();
          }
          answer.append((char) read);
          continue;
        } catch (SocketTimeoutException e) {
          if (answer.length() > 0) {
            return answer.toString();
          }
        } catch (IOException e) {
          return answer.toString();
        }
        try {
          socket.getOutputStream().write('a');
        } catch (IOException e) {
          return answer.toString();
        }
      }
    }
  }

  @Test
  void refusesWhatIsTooMuchAtATime() throws Exception {
    try (Fixture server =
        Fixture.limited(
            limits ->
                new Limits(
                    limits.bodyBytes(),
                    limits.pixels(),
                    1,
                    limits.memoryBytes(),
                    limits.connections(),
                    limits.headerTime(),
                    limits.bodyTime(),
                    limits.requestTime(),
                    limits.drainTime()))) {
      List<CompletableFuture<HttpResponse<String>>> answers =
          IntStream.range(0, 32)
              .mapToObj(
                  i ->
                      CompletableFuture.supplyAsync(
                          () -> server.post(PATH, "image/png", Fixture.scene()),
                          work -> new Thread(work).start()))
              .toList();
      List<Integer> codes = answers.stream().map(each -> each.join().statusCode()).toList();
      assertTrue(codes.contains(200), codes.toString());
      assertTrue(codes.contains(429), codes.toString());
      assertTrue(codes.stream().allMatch(code -> code == 200 || code == 429), codes.toString());
      // A client may have its answer a moment before the server gives its place back.
      server.assertIdle();
      HttpResponse<String> later = server.post(PATH, "image/png", Fixture.scene());
      assertEquals(200, later.statusCode(), later.body());
      server.assertIdle();
    }
  }

  /** The head of a request of 150,000 bytes. */
  private static byte[] head(String timeout) {
    return ("POST "
            + PATH
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            + "X-Request-Timeout-Ms: "
            + timeout
            + "\r\nContent-Length: 150000\r\n\r\n")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Who sends more after the answer is known would be cut off by a reset before reading it. */
  @ParameterizedTest
  @CsvSource({"soon, 400", "40, 504"})
  void answersWhoIsStillSending(String timeout, int status) throws Exception {
    try (Fixture server = Fixture.start();
        Socket socket = new Socket("127.0.0.1", server.server().httpPort())) {
      socket.getOutputStream().write(head(timeout));
      for (int i = 0; i < 10; i++) {
        socket.getOutputStream().write(new byte[15_000]);
        Thread.sleep(20);
      }
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertTrue(answer.startsWith("HTTP/1.1 " + status), answer);
      assertTrue(answer.endsWith("}"), answer);
      server.assertIdle();
    }
  }

  /** Who was told to go on is not cut off for it. */
  @Test
  void answersWhoWasToldToGoOnAndSendsTooMuch() throws Exception {
    try (Fixture server = Fixture.limited(LimitsTest::small);
        Socket socket = new Socket("127.0.0.1", server.server().httpPort())) {
      String head =
          "POST "
              + PATH
              + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
              + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      String goOn = "HTTP/1.1 100 Continue\r\n\r\n";
      assertEquals(goOn, text(socket.getInputStream().readNBytes(goOn.length())));
      for (int i = 0; i < 20; i++) {
        socket.getOutputStream().write(chunk(15_000));
        Thread.sleep(20);
      }
      String answer = text(socket.getInputStream().readAllBytes());
      assertTrue(answer.startsWith("HTTP/1.1 413"), answer);
    }
  }

  /** Who is refused before being told to go on sends nothing: the connection ends at once. */
  @Test
  void tellsNobodyToGoOnWhoIsRefused() throws Exception {
    try (Fixture server = Fixture.start();
        Socket socket = new Socket("127.0.0.1", server.server().httpPort())) {
      String head = text(head("soon")).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      String answer = text(socket.getInputStream().readAllBytes());
      assertTrue(answer.startsWith("HTTP/1.1 400"), answer);
      assertFalse(answer.contains("100 Continue"), answer);
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static byte[] chunk(int size) {
    return (Integer.toHexString(size) + "\r\n" + "x".repeat(size) + "\r\n")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The rest is waited for no longer than a second. */
  @Test
  void closesOnThoseWhoSendTheRestLate() throws Exception {
    try (Fixture server = Fixture.start();
        Socket socket = new Socket("127.0.0.1", server.server().httpPort())) {
      socket.getOutputStream().write(head("soon"));
      socket.setSoTimeout(10_000);
      byte[] answer = socket.getInputStream().readAllBytes();
      assertTrue(new String(answer, StandardCharsets.ISO_8859_1).startsWith("HTTP/1.1 400"));
    }
  }

  @Test
  void endsAtTheDeadline() {
    try (Fixture server = Fixture.start()) {
      HttpResponse<String> late =
          server.post(PATH, "image/png", Fixture.scene(), "X-Request-Timeout-Ms", "1");
      assertEquals(504, late.statusCode(), late.body());
      HttpResponse<String> wrong =
          server.post(PATH, "image/png", Fixture.scene(), "X-Request-Timeout-Ms", "soon");
      assertEquals(400, wrong.statusCode(), wrong.body());
    }
  }
}
