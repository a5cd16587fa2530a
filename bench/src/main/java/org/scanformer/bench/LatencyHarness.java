package org.scanformer.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.scanformer.BackendKind;
import org.scanformer.Expression;
import org.scanformer.Image;
import org.scanformer.LocateOptions;
import org.scanformer.PixelFormat;
import org.scanformer.Precision;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.Session;
import org.scanformer.SessionOptions;
import org.scanformer.SessionResult;
import org.scanformer.reference.RandomModel;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How long the calls of a live stream take: first without a deadline, then with deadlines that are
 * shares of that time. A frame's latency counts from when it was due, so that a late call makes the
 * frames behind it late too.
 */
@Command(
    name = "latency",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Latency of a stream of frames, without and with deadlines.")
public final class LatencyHarness implements Callable<Integer> {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "A model directory. Default: ViLT-B/32's geometry with random weights.")
  private Path model;

  @Option(names = "--backend", defaultValue = "cpu", description = "cpu or cuda. Default: cpu.")
  private String backend;

  @Option(names = "--precision", description = "fp32, tf32, fp16 or bf16. Default: the device's.")
  private String precision;

  @Option(
      names = "--schedule",
      defaultValue = "PER_SCALE",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Schedule schedule;

  @Option(names = "--threads", defaultValue = "0", description = "CPU threads; 0 for all.")
  private int threads;

  @Option(
      names = "--share",
      defaultValue = "0.25",
      description = "Most patches of a finer scale to look at, of the finest. Default: 0.25.")
  private double share;

  @Option(
      names = "--fps",
      defaultValue = "0",
      description = "Frames a second; 0, the default, for one behind the other.")
  private double fps;

  @Option(names = "--calls", defaultValue = "300", description = "Calls a row. Default: 300.")
  private int calls;

  @Option(
      names = "--deadlines",
      split = ",",
      defaultValue = "0.4,0.6,0.8,1,1.5",
      description = "Deadlines as shares of the median without one. Default: ${DEFAULT-VALUE}.")
  private double[] deadlines;

  @Option(names = "--json", paramLabel = "FILE", description = "Where to write the rows.")
  private Path json;

  private LatencyHarness() {}

  /** Runs the command. */
  public static void main(String[] arguments) {
    CommandLine command = new CommandLine(new LatencyHarness());
    command.setCaseInsensitiveEnumValuesAllowed(true);
    System.exit(command.execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    Path directory = model;
    if (directory == null) {
      directory = Files.createTempDirectory("scanformer-latency");
      RandomModel.viltB32().seed(1).write(directory);
    }
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.valueOf(backend.toUpperCase(Locale.ROOT)))
            .precision(
                precision == null ? null : Precision.valueOf(precision.toUpperCase(Locale.ROOT)))
            .threads(threads)
            .maxBatch(1)
            .build();
    List<Map<String, Object>> rows = new ArrayList<>();
    try (ScanFormer scanFormer = ScanFormer.load(directory, options);
        Session session =
            scanFormer.openSession(
                SessionOptions.builder().threads(threads).frameSize(WIDTH, HEIGHT).build());
        Expression expression = scanFormer.encode("the ".repeat(18))) {
      session.warmUp();
      Image frame = frame();
      SessionResult result = session.newResult();
      session.locate(
          frame,
          expression,
          LocateOptions.builder().selection(SelectionPolicy.all()).build(),
          result);
      int patches = (int) Math.round(share * result.selected(result.completedScales() - 1));
      System.out.printf(
          "%s %s, %s, at most %d patches a scale, %d calls a row, %s%n",
          scanFormer.backend(),
          scanFormer.precision(),
          schedule,
          patches,
          calls,
          fps == 0 ? "one behind the other" : fps + " frames a second");
      System.out.println("deadline ms   p50 ms   p99 ms  p99.9 ms   max ms   missed   scales");
      double median = measure(session, frame, expression, patches, 0, result, rows);
      for (double deadline : deadlines) {
        measure(session, frame, expression, patches, deadline * median, result, rows);
      }
    }
    if (json != null) {
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json.toFile(), rows);
    }
    return 0;
  }

  private static Image frame() {
    ByteBuffer pixels = ByteBuffer.allocateDirect(3 * WIDTH * HEIGHT);
    Random random = new Random(2);
    while (pixels.hasRemaining()) {
      pixels.put((byte) random.nextInt());
    }
    return Image.of(pixels.flip(), PixelFormat.RGB, WIDTH, HEIGHT);
  }

  /** Measures a row, prints it and adds it; the median in milliseconds. */
  private double measure(
      Session session,
      Image frame,
      Expression expression,
      int patches,
      double deadlineMillis,
      SessionResult result,
      List<Map<String, Object>> rows) {
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
    row.put("deadlineMillis", budget == 0 ? null : deadlineMillis);
    row.put("p50Millis", latency.getValueAtPercentile(50) / 1e6);
    row.put("p99Millis", latency.getValueAtPercentile(99) / 1e6);
    row.put("p999Millis", latency.getValueAtPercentile(99.9) / 1e6);
    row.put("maxMillis", latency.getMaxValue() / 1e6);
    row.put("missedPercent", 100.0 * missed / calls);
    row.put("scales", (double) scales / calls);
    rows.add(row);
    System.out.printf(
        "%11s %8.2f %8.2f %9.2f %8.2f %6.2f %% %8.2f%n",
        budget == 0 ? "none" : String.format("%.2f", deadlineMillis),
        row.get("p50Millis"),
        row.get("p99Millis"),
        row.get("p999Millis"),
        row.get("maxMillis"),
        row.get("missedPercent"),
        row.get("scales"));
    return latency.getValueAtPercentile(50) / 1e6;
  }
}
