package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;

/** What a job tells of its progress. */
class JobProgressTest {
  private final StringWriter out = new StringWriter();

  @Test
  void tellsWhatIsDoneAndWhatIsLeft() {
    Counters counters =
        new Counters(new LongAccumulator(), new LongAccumulator(), new LongAccumulator());
    try (JobProgress progress = new JobProgress(counters, 5000, new PrintWriter(out, true))) {
      assertEquals("0 of 5,000 questions answered, 0 with an error", progress.line(2_000_000_000L));
      counters.answered().add(1000);
      counters.failed().add(3);
      assertEquals(
          "1,000 of 5,000 questions answered, 3 with an error, 500.0/s, 8 s left",
          progress.line(2_000_000_000L));
      progress.committed(new JobOutput.Part(1, 3, 10));
    }
    assertEquals("part 2 of 3 is committed", out.toString().strip());
  }
}
