package org.scanformer.spark;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Tells now and then how far a job is. Thread-safe. */
final class JobProgress implements AutoCloseable {
  private static final int SECONDS = 10;

  private final Counters counters;
  private final long total;
  private final PrintWriter out;
  private final long begun = System.nanoTime();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "scanformer-spark-progress");
            thread.setDaemon(true);
            return thread;
          });

  /** Begins to tell. */
  JobProgress(Counters counters, long total, PrintWriter out) {
    this.counters = counters;
    this.total = total;
    this.out = out;
    timer.scheduleAtFixedRate(
        () -> out.println(line(System.nanoTime() - begun)), SECONDS, SECONDS, TimeUnit.SECONDS);
  }

  /** How far the job is after a time. */
  String line(long nanos) {
    long answered = counters.answered().value();
    double perSecond = answered / (nanos / 1e9);
    String left =
        answered == 0
            ? ""
            : String.format(
                Locale.ROOT,
                ", %.1f/s, %.0f s left",
                perSecond,
                Math.max(0, total - answered) / perSecond);
    return String.format(
        Locale.ROOT,
        "%,d of %,d questions answered, %,d with an error%s",
        answered,
        total,
        counters.failed().value(),
        left);
  }

  /** Tells that a part is committed. */
  void committed(JobOutput.Part part) {
    out.println("part " + (part.number() + 1) + " of " + part.parts() + " is committed");
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
