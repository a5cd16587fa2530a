package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AccessLogTest {
  @Test
  void writesALineOfJsonForEachRequest() {
    StringWriter written = new StringWriter();
    AccessLog log = new AccessLog(new PrintWriter(written));
    log.answered("http", "POST", "/v1/locate", "200", 1_234_567);
    log.answered("grpc", "ModelInfer", "inference.GRPCInferenceService", "NOT_FOUND", 0);
    String[] lines = written.toString().split("\n");
    assertEquals(2, lines.length);
    JsonNode first = Fixture.json(lines[0]);
    assertTrue(Instant.parse(first.get("time").textValue()).isBefore(Instant.now()));
    assertEquals("http", first.get("protocol").textValue());
    assertEquals("POST", first.get("method").textValue());
    assertEquals("/v1/locate", first.get("route").textValue());
    assertEquals("200", first.get("status").textValue());
    assertEquals(1.23, first.get("ms").doubleValue());
    assertEquals(6, first.size(), "nothing of who asks and what");
    assertEquals("NOT_FOUND", Fixture.json(lines[1]).get("status").textValue());
  }
}
