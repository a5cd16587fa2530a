package org.scanformer.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.scanformer.Expression;
import org.scanformer.Image;
import org.scanformer.LocateOptions;
import org.scanformer.ScanFormer;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.Session;
import org.scanformer.SessionOptions;
import org.scanformer.SessionResult;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures the latency of a live stream's calls, first without a deadline, then with deadlines that
 * are shares of the median. Latency counts from when a frame was due, so a late call makes the
 * frames after it late too.
 */
@Command(
    name = "latency",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Latency of a stream of frames, without and with deadlines.")
public final class LatencyHarness implements Callable<Integer> {
  @Mixin private BenchModel model;

  @Option(
      names = "--schedule",
      defaultValue = "PER_SCALE",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Schedule schedule;

  @Option(
      names = "--share",
      defaultValue = "0.25",
      description =
          "Largest number of patches to select at a finer scale, as a share. Default: 0.25.")
  private double share;

  @Option(
      names = "--fps",
      split = ",",
      defaultValue = "0,30,60",
      description = {
        "Frames per second; 0 for back to back. Default: ${DEFAULT-VALUE}.",
        "Deadlines are shares of the first rate's median."
      })
  private double[] rates;

  @Option(names = "--calls", defaultValue = "300", description = "Calls per row. Default: 300.")
  private int calls;

  @Option(
      names = "--deadlines",
      split = ",",
      defaultValue = "0.4,0.6,0.8,1,1.5",
      description = {
        "Deadlines as shares of the median without one, or none. Default: ${DEFAULT-VALUE}."
      })
  private String[] deadlines;

  @Option(names = "--json", paramLabel = "FILE", description = "JSON file to write the rows to.")
  private Path json;

  @Option(names = "--plot", paramLabel = "FILE", description = "PNG file to draw the plot to.")
  private Path plot;

  private final List<Map<String, Object>> rows = new ArrayList<>();
  private final Plot curves =
      new Plot("Latency of a stream", "1 call in", "latency, ms").logarithmicX().logarithmicY();

  private LatencyHarness() {}

  /** Runs the command. */
  public static void main(String[] arguments) {
    CommandLine command = new CommandLine(new LatencyHarness());
    command.setCaseInsensitiveEnumValuesAllowed(true);
    System.exit(command.execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    boolean none = deadlines.length == 1 && deadlines[0].equals("none");
    double[] shares =
        Arrays.stream(none ? new String[0] : deadlines).mapToDouble(Double::parseDouble).toArray();
    try (ScanFormer scanFormer = model.load(1);
        Session session =
            scanFormer.openSession(
                SessionOptions.builder()
                    .threads(model.threads)
                    .frameSize(BenchModel.WIDTH, BenchModel.HEIGHT)
                    .build());
        Expression expression = scanFormer.encode(model.text())) {
      session.warmUp();
      Image frame = BenchModel.frame(2);
      SessionResult result = session.newResult();
      session.locate(
          frame,
          expression,
          LocateOptions.builder().selection(SelectionPolicy.all()).build(),
          result);
      int patches = (int) Math.round(share * result.selected(result.completedScales() - 1));
      System.out.printf(
          "%s %s, %s, at most %d patches a scale, %d calls a row%n",
          scanFormer.backend(), scanFormer.precision(), schedule, patches, calls);
      System.out.println(
          "frames/s  deadline ms   p50 ms   p99 ms  p99.9 ms   max ms   missed   scales");
      double median = Double.NaN;
      for (double fps : rates) {
        double own = measure(session, frame, expression, patches, fps, 0, result);
        median = Double.isNaN(median) ? own : median;
        for (double deadline : shares) {
          measure(session, frame, expression, patches, fps, deadline * median, result);
        }
      }
    }
    if (json != null) {
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json.toFile(), rows);
    }
    if (plot != null) {
      curves.write(plot);
    }
    return 0;
  }

  /** Measures a row, prints it and adds it; the median in milliseconds. */
  private double measure(
      Session session,
      Image frame,
      Expression expression,
      int patches,
      double fps,
      double deadlineMillis,
      SessionResult result) {
    LocateOptions.Builder builder =
        LocateOptions.builder().schedule(schedule).selection(SelectionPolicy.topK(patches));
    LocateOptions options = builder.build();
    for (int call = 0; call < 10; call++) {
      session.locate(frame, expression, options, result);
    }
    long budget = Math.round(deadlineMillis * 1e6);
    Histogram latency = new Histogram(3);
    int missed = 0;
    long scales = 0;
    long due = System.nanoTime();
    for (int call = 0; call < calls; call++) {
      if (fps > 0) {
        due += Math.round(1e9 / fps);
        while (System.nanoTime() < due) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
      } else {
        due = System.nanoTime();
      }
      session.locate(
          frame, expression, options, budget == 0 ? Long.MAX_VALUE : due + budget, result);
      long nanos = System.nanoTime() - due;
      latency.recordValue(nanos);
      missed += budget > 0 && nanos > budget ? 1 : 0;
      scales += result.completedScales();
    }
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("framesPerSecond", fps == 0 ? null : fps);
    row.put("deadlineMillis", budget == 0 ? null : deadlineMillis);
    row.put("p50Millis", latency.getValueAtPercentile(50) / 1e6);
    row.put("p99Millis", latency.getValueAtPercentile(99) / 1e6);
    row.put("p999Millis", latency.getValueAtPercentile(99.9) / 1e6);
    row.put("maxMillis", latency.getMaxValue() / 1e6);
    row.put("missedPercent", 100.0 * missed / calls);
    row.put("scales", (double) scales / calls);
    rows.add(row);
    if (budget == 0) {
      draw(fps, latency);
    }
    System.out.printf(
        "%8s %12s %8.2f %8.2f %9.2f %8.2f %6.2f %% %8.2f%n",
        fps == 0 ? "any" : String.format("%.0f", fps),
        budget == 0 ? "none" : String.format("%.2f", deadlineMillis),
        row.get("p50Millis"),
        row.get("p99Millis"),
        row.get("p999Millis"),
        row.get("maxMillis"),
        row.get("missedPercent"),
        row.get("scales"));
    return latency.getValueAtPercentile(50) / 1e6;
  }

  /** The latency that one call in 1, 2, 4 … exceeds. */
  private void draw(double fps, Histogram latency) {
    int points = 1 + (int) (Math.log(latency.getTotalCount()) / Math.log(2));
    double[] oneIn = new double[points];
    double[] millis = new double[points];
    for (int i = 0; i < points; i++) {
      oneIn[i] = Math.pow(2, i);
      millis[i] = latency.getValueAtPercentile(100 - 100 / oneIn[i]) / 1e6;
    }
    curves.add(
        fps == 0 ? "back to back" : String.format("%.0f frames a second", fps), oneIn, millis);
  }
}
