package org.scanformer.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.Expression;
import org.scanformer.Image;
import org.scanformer.LocateOptions;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerMetrics;
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
 * Measures throughput by batch size, with texts encoded before and in each call; the cost of each
 * further scale; and, for requests that arrive at random, throughput and latency by a batcher's
 * delay.
 */
@Command(
    name = "throughput",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Requests per second by batch size and by a queue's delay.")
public final class ThroughputHarness implements Callable<Integer> {
  @Mixin private BenchModel model;

  @Option(
      names = "--share",
      defaultValue = "0.25",
      description =
          "Largest number of patches to select at a finer scale, as a share. Default: 0.25.")
  private double share;

  @Option(
      names = "--batches",
      split = ",",
      defaultValue = "1,2,4,8,16,32,64",
      description = "Batch sizes. Default: ${DEFAULT-VALUE}.")
  private int[] batches;

  @Option(
      names = "--delays",
      split = ",",
      defaultValue = "0,1,2,5,10",
      description = "Delays of the queue, in milliseconds. Default: ${DEFAULT-VALUE}.")
  private double[] delays;

  @Option(
      names = "--callers",
      defaultValue = "0",
      description = {
        "Threads that each wait for an answer before the next request; measured for each delay.",
        "Default: ${DEFAULT-VALUE}, none."
      })
  private int callers;

  @Option(
      names = "--load",
      defaultValue = "0.5",
      description = "Rate of requests, relative to the throughput at batch size 1. Default: 0.5.")
  private double load;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "Seconds to measure each row for. Default: 3.")
  private double seconds;

  @Option(names = "--json", paramLabel = "FILE", description = "JSON file to write the rows to.")
  private Path json;

  @Option(names = "--plot", paramLabel = "FILE", description = "PNG file to draw the plot to.")
  private Path plot;

  private ThroughputHarness() {}

  /** Runs the command. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new ThroughputHarness()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    Map<String, Object> report = new LinkedHashMap<>();
    int largest = IntStream.of(batches).max().orElse(1);
    try (ScanFormer scanFormer = model.load(largest);
        Expression expression = scanFormer.encode(model.text())) {
      System.out.printf("%s %s%n", scanFormer.backend(), scanFormer.precision());
      report.put("backend", scanFormer.backend().toString());
      report.put("precision", scanFormer.precision().toString());
      report.put("scales", scales(scanFormer, expression));
      double single = batches(scanFormer, expression, report);
      report.put("delays", delays(scanFormer, expression, single));
    }
    if (json != null) {
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(json.toFile(), report);
    }
    return 0;
  }

  private SelectionPolicy selection(ScanFormer scanFormer) {
    Map<String, Object> config = scanFormer.config();
    int side = ((Number) config.get("coarse_grid")).intValue();
    int scales = ((Number) config.get("num_scales")).intValue();
    // A frame of 4:3 fills three quarters of the largest grid.
    double finest = 0.75 * Math.pow(side << (scales - 1), 2);
    return SelectionPolicy.topK((int) Math.round(share * finest));
  }

  /** The median time of a call up to each scale, with a box at every scale. */
  private List<Map<String, Object>> scales(ScanFormer scanFormer, Expression expression) {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (Session session =
        scanFormer.openSession(
            SessionOptions.builder()
                .threads(model.threads)
                .frameSize(BenchModel.WIDTH, BenchModel.HEIGHT)
                .build())) {
      session.warmUp();
      SessionResult result = session.newResult();
      Image frame = BenchModel.frame(2);
      LocateOptions options = LocateOptions.builder().selection(selection(scanFormer)).build();
      List<Histogram> costs = new ArrayList<>();
      long end = System.nanoTime() + (long) (seconds * 1e9);
      while (System.nanoTime() < end) {
        session.locate(frame, expression, options, result);
        for (int s = 0; s < result.completedScales(); s++) {
          if (costs.size() <= s) {
            costs.add(new Histogram(3));
          }
          costs.get(s).recordValue(result.nanos(s));
        }
      }
      System.out.println("scale  patches  median ms");
      for (int s = 0; s < costs.size(); s++) {
        double millis = costs.get(s).getValueAtPercentile(50) / 1e6;
        System.out.printf("%5d %8d %10.3f%n", s, result.selected(s), millis);
        rows.add(Map.of("scale", s, "patches", result.selected(s), "medianMillis", millis));
      }
    }
    return rows;
  }

  /** Requests per second by batch size. */
  private double batches(ScanFormer scanFormer, Expression expression, Map<String, Object> report)
      throws Exception {
    Plot chart = new Plot("Throughput", "requests a batch", "requests a second").logarithmicX();
    SelectionPolicy selection = selection(scanFormer);
    List<Map<String, Object>> rows = new ArrayList<>();
    double single = 0;
    System.out.println("requests a batch  encoded text/s  new text/s");
    double[] sizes = new double[batches.length];
    double[] encoded = new double[batches.length];
    double[] fresh = new double[batches.length];
    for (int i = 0; i < batches.length; i++) {
      sizes[i] = batches[i];
      encoded[i] =
          rate(
              scanFormer,
              batches[i],
              r -> Request.of(BenchModel.frame(r), expression).withSelection(selection));
      fresh[i] =
          rate(
              scanFormer,
              batches[i],
              r -> Request.of(BenchModel.frame(r), model.text()).withSelection(selection));
      single = i == 0 ? encoded[i] : single;
      System.out.printf("%16d %15.1f %11.1f%n", batches[i], encoded[i], fresh[i]);
      rows.add(
          Map.of("requests", batches[i], "encodedPerSecond", encoded[i], "newPerSecond", fresh[i]));
    }
    report.put("batches", rows);
    if (plot != null) {
      chart.add("text encoded before", sizes, encoded);
      chart.add("text in the call", sizes, fresh);
      chart.write(plot);
    }
    return single;
  }

  private double rate(ScanFormer scanFormer, int batch, IntFunction<Request> request) {
    List<Request> requests = IntStream.range(0, batch).mapToObj(request).toList();
    for (int i = 0; i < 3; i++) {
      scanFormer.locate(requests, Schedule.FINAL_ONLY);
    }
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    long done = 0;
    while (System.nanoTime() < end) {
      scanFormer.locate(requests, Schedule.FINAL_ONLY);
      done += batch;
    }
    return done / ((System.nanoTime() - start) / 1e9);
  }

  /** Latency and batches by delay, with requests that arrive at random (a Poisson process). */
  private List<Map<String, Object>> delays(
      ScanFormer scanFormer, Expression expression, double single) throws Exception {
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.printf(
        "%.1f requests a second come at random%n"
            + "delay ms  callers  answered/s  a batch   p50 ms   p99 ms%n",
        load * single);
    Request request =
        Request.of(BenchModel.frame(2), expression).withSelection(selection(scanFormer));
    for (double delay : delays) {
      LongAdder formed = new LongAdder();
      ScanFormerMetrics metrics =
          new ScanFormerMetrics() {
            @Override
            public void batchFormed(int requests, long longestWaitNanos) {
              formed.increment();
            }
          };
      BatcherOptions options =
          BatcherOptions.builder()
              .maxBatch(16)
              .threads(model.threads)
              .maxDelay(Duration.ofNanos((long) (delay * 1e6)))
              .metrics(metrics)
              .build();
      try (Batcher batcher = scanFormer.openBatcher(options)) {
        for (int i = 0; i < 20; i++) {
          batcher.submit(request).join();
        }
        formed.reset();
        rows.add(stream(batcher, request, delay, load * single, formed));
        if (callers > 0) {
          formed.reset();
          rows.add(closedLoop(batcher, request, delay, formed));
        }
      }
    }
    return rows;
  }

  /** The same by threads that each wait for an answer before they ask again. */
  private Map<String, Object> closedLoop(
      Batcher batcher, Request request, double delay, LongAdder formed) throws Exception {
    Histogram latency = new ConcurrentHistogram(3);
    ExecutorService threads = Executors.newFixedThreadPool(callers);
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    try {
      List<Future<?>> ended = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        ended.add(
            threads.submit(
                () -> {
                  for (long at = System.nanoTime(); at < end; at = System.nanoTime()) {
                    batcher.submit(request).join();
                    latency.recordValue(System.nanoTime() - at);
                  }
                }));
      }
      for (Future<?> thread : ended) {
        thread.get();
      }
    } finally {
      threads.shutdown();
    }
    double taken = (System.nanoTime() - start) / 1e9;
    return row(delay, callers, latency.getTotalCount() / taken, latency, formed);
  }

  private Map<String, Object> stream(
      Batcher batcher, Request request, double delay, double perSecond, LongAdder formed) {
    Histogram latency = new ConcurrentHistogram(3);
    List<CompletableFuture<Void>> answers = new ArrayList<>();
    Random random = new Random(4);
    long start = System.nanoTime();
    double due = start;
    while (due - start < seconds * 1e9) {
      due -= Math.log(1 - random.nextDouble()) / perSecond * 1e9;
      long at = (long) due;
      while (System.nanoTime() < at) {
        LockSupport.parkNanos(at - System.nanoTime());
      }
      answers.add(
          batcher.submit(request).thenAccept(found -> latency.recordValue(System.nanoTime() - at)));
    }
    answers.forEach(CompletableFuture::join);
    double rate = answers.size() / ((System.nanoTime() - start) / 1e9);
    return row(delay, 0, rate, latency, formed);
  }

  /** Prints a row of the batcher and returns it. */
  private static Map<String, Object> row(
      double delay, int callers, double perSecond, Histogram latency, LongAdder formed) {
    double together = latency.getTotalCount() / formed.doubleValue();
    double median = latency.getValueAtPercentile(50) / 1e6;
    double slow = latency.getValueAtPercentile(99) / 1e6;
    System.out.printf(
        "%8.1f %8s %11.1f %8.2f %8.2f %8.2f%n",
        delay, callers == 0 ? "random" : callers, perSecond, together, median, slow);
    return Map.of(
        "delayMillis", delay,
        "callers", callers,
        "answeredPerSecond", perSecond,
        "requestsPerBatch", together,
        "p50Millis", median,
        "p99Millis", slow);
  }
}
