package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.server.grpc.RawCall;
import org.scanformer.server.grpc.inference.ModelInferRequest;

/** What requests hold is counted before they hold it, and is given back. */
@Timeout(60)
class MemoryTest {
  private static final int MIB = 1 << 20;

  private static Fixture server;

  @BeforeAll
  static void start() {
    server = Fixture.limited(MemoryTest::small);
  }

  private static Limits small(Limits limits) {
    return new Limits(
        limits.bodyBytes(),
        limits.pixels(),
        limits.requests(),
        4 * MIB,
        limits.connections(),
        limits.headerTime(),
        Duration.ofSeconds(5),
        limits.requestTime(),
        limits.drainTime());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void allIsGivenBack() {
    while (!server.get("/metrics").body().contains("scanformer_server_requests_memory_bytes 0.0")) {
      Thread.onSpinWait();
    }
  }

  /** A node of a tree takes many times the bytes that it is written in. */
  @Test
  void jsonOfManyNodesIsRefused() {
    for (String nodes : new String[] {"[]", "0"}) {
      int count = 400_000 / (nodes.length() + 1);
      String json = "{\"inputs\": [" + (nodes + ",").repeat(count) + nodes + "]}";
      HttpResponse<String> answer =
          server.post("/v2/models/shapes/infer", "application/json", json.getBytes());
      assertEquals(429, answer.statusCode(), answer.body());
      assertTrue(answer.body().contains("send less"), answer.body());
    }
  }

  @Test
  void jsonOfManyNamesIsRefused() {
    for (String names : new String[] {"{\"a\":[{}" + ",{}".repeat(1000) + "]}", names(1001)}) {
      HttpResponse<String> answer = server.post("/v1/locate", "application/json", names.getBytes());
      assertEquals(400, answer.statusCode(), answer.body());
      assertTrue(answer.body().contains("more than 1000 objects and fields"), answer.body());
    }
  }

  private static String names(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "\"" + i + "\":0")
        .collect(Collectors.joining(",", "{", "}"));
  }

  @Test
  void aMessageWhoseCallIsNotEndedIsRefused() {
    byte[] message =
        ModelInferRequest.newBuilder()
            .addRawInputContents(ByteString.copyFrom(new byte[3 * MIB]))
            .build()
            .toByteArray();
    try (RawCall call = new RawCall(server.server().grpcPort())) {
      Status end = call.endOfUnfinished(message);
      assertEquals(Status.Code.RESOURCE_EXHAUSTED, end.getCode(), end.toString());
    }
  }
}
