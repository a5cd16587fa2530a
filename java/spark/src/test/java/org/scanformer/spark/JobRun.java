package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;

/** What a run of the job printed. */
record JobRun(int code, String out, String err) {
  /** Runs the job on the CPU, on the session there is. */
  static JobRun of(String... args) {
    String[] onCpu =
        Stream.concat(Stream.of(args), Stream.of("--backend", "cpu")).toArray(String[]::new);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = ScanFormerJob.run(onCpu, new PrintWriter(out, true), new PrintWriter(err, true));
    return new JobRun(code, out.toString(), err.toString());
  }

  JobRun succeeded() {
    assertEquals(0, code, err);
    return this;
  }
}
