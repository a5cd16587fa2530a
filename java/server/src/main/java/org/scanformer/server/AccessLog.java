package org.scanformer.server;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes a line of JSON for each request. It holds no address, no expression and no path as it was
 * sent, so that it tells nothing of who asks and what. Thread-safe.
 */
final class AccessLog implements RequestObserver {
  private final PrintWriter out;

  AccessLog(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void answered(String protocol, String method, String route, String status, long nanos) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
    line.put("protocol", protocol);
    line.put("method", method);
    line.put("route", route);
    line.put("status", status);
    line.put("ms", Math.round(nanos / 1e4) / 100.0);
    String json = new String(Json.write(line), StandardCharsets.UTF_8);
    synchronized (this) {
      out.println(json);
      out.flush();
    }
  }
}
