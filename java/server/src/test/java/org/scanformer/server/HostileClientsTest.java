package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.server.grpc.RawCall;

/** What clients send that mean no good, or know no better; the server answers others after it. */
@Timeout(120)
class HostileClientsTest {
  private static Fixture server;

  @BeforeAll
  static void start() {
    server = Fixture.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void othersAreAnswered() {
    HttpResponse<String> answer =
        server.post("/v1/locate?text=the+star", "image/png", Fixture.scene());
    assertEquals(200, answer.statusCode(), answer.body());
    server.assertIdle();
  }

  @Test
  void aThousandConnectionsThatSayNothing() throws Exception {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 1000; i++) {
        idle.add(new Socket("127.0.0.1", server.server().httpPort()));
      }
      othersAreAnswered();
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  @Test
  void aRefusalLeavesTheConnectionToTheNextRequest() throws Exception {
    byte[] nothing = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes();
    byte[] noJson = RawClient.post("/v1/locate", "application/json", new byte[3]);
    try (RawClient client = new RawClient(server.server().httpPort())) {
      for (int i = 0; i < 2; i++) {
        assertEquals(404, client.ask(nothing));
        assertEquals(400, client.ask(noJson));
      }
    }
  }

  @Test
  void whatIsNoRequestIsNotLogged() throws Exception {
    List<String> logged = new CopyOnWriteArrayList<>();
    Handler log =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            logged.add(record.getLoggerName() + ": " + record.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger root = Logger.getLogger("");
    root.addHandler(log);
    try {
      for (String head : List.of("Host: a\r\nHost: b", "Host: a@b", "Host: a/b", "A", "A: \0")) {
        try (RawClient client = new RawClient(server.server().httpPort())) {
          assertEquals(
              400, client.ask(("GET / HTTP/1.1\r\n" + head + "\r\n\r\n").getBytes()), head);
        }
      }
    } finally {
      root.removeHandler(log);
    }
    assertEquals(List.of(), logged);
  }

  @Test
  void bodiesOfAnyBytes() {
    Random random = new Random(7);
    byte[] valid = Fixture.multipart(Fixture.scene(), Map.of("text", "the star"));
    for (String path : List.of("/v1/locate?text=a", "/v2/models/shapes/infer")) {
      for (String type :
          List.of(
              "application/json",
              "multipart/form-data; boundary=part",
              "multipart/form-data",
              "image/png",
              "application/octet-stream",
              "x")) {
        for (int i = 0; i < 6; i++) {
          byte[] body = i % 2 == 0 ? Arrays.copyOf(valid, random.nextInt(3000)) : new byte[500];
          if (i % 2 == 1) {
            random.nextBytes(body);
          }
          HttpResponse<String> answer = server.post(path, type, body);
          int status = answer.statusCode();
          assertTrue(status >= 400 && status < 500, path + " " + type + " " + answer.body());
        }
      }
    }
  }

  @Test
  void messagesOfAnyBytes() {
    Random random = new Random(7);
    try (RawCall call = new RawCall(server.server().grpcPort())) {
      for (int i = 0; i < 50; i++) {
        byte[] message = new byte[1 + random.nextInt(500)];
        random.nextBytes(message);
        assertTrue(call.isRefused(message), Arrays.toString(message));
      }
    }
  }
}
