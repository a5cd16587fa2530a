package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What metrics see of a session. */
class SessionMetricsTest extends SessionFixture {
  /** What metrics throw is warned of. */
  private final SilencedLog silenced = new SilencedLog();

  @AfterEach
  void logAsEver() {
    silenced.close();
  }

  @Test
  void metricsSeeCallsScalesAndTexts() {
    List<String> seen = new ArrayList<>();
    ScanFormerMetrics metrics =
        new ScanFormerMetrics() {
          @Override
          public void callDone(int requests, int scales, boolean deadlineMet, long nanos) {
            seen.add("call " + requests + " " + scales + " " + deadlineMet + " " + (nanos > 0));
          }

          @Override
          public void callFailed(ErrorCode code) {
            seen.add("failed " + code);
          }

          @Override
          public void scaleDone(int scale, int patches, int tokens, long nanos) {
            seen.add("scale " + scale + " " + (patches > 0) + " " + (tokens >= patches));
            throw new IllegalStateException("what metrics throw ends no call");
          }

          @Override
          public void textEncoded(int tokens, long nanos) {
            seen.add("text " + tokens);
          }
        };
    try (ScanFormer observed =
            ScanFormer.load(
                directory,
                ScanFormerOptions.builder().backend(backend()).metrics(metrics).build());
        Expression red = observed.encode("red");
        Session own = observed.openSession(SessionOptions.defaults())) {
      assertEquals(List.of("text 3"), seen);
      seen.clear();
      LocateOptions options = options().selection(SelectionPolicy.all()).build();
      own.locate(image(1), red, options, own.newResult());
      assertEquals(
          List.of(
              "scale 0 true true", "scale 1 true true", "scale 2 true true", "call 1 3 true true"),
          seen);
      seen.clear();
      observed.locate(List.of(Request.of(image(1), red), Request.of(image(2), red)));
      assertEquals(
          List.of(
              "scale 0 true true",
              "scale 1 true true",
              "scale 2 true true",
              "scale -1 false true",
              "call 2 3 true true"),
          seen);
    }
  }
}
