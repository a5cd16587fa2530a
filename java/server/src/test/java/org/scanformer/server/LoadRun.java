package org.scanformer.server;

import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.Image;
import org.scanformer.ScanFormer;

/**
 * Measures throughput and latency against the number of clients, of the server over the loopback
 * interface and of the library called directly, each with the decoding of the picture. Not a test:
 * a program, with the seconds of each measurement as its argument.
 */
public final class LoadRun {
  private static final int[] CLIENTS = {1, 4, 16, 64};
  private static final String PATH = "/v1/locate?text=the+red+circle";

  private LoadRun() {}

  /** Prints a row of a table for each number of clients. */
  public static void main(String[] args) throws Exception {
    int seconds = args.length == 0 ? 10 : Integer.parseInt(args[0]);
    System.out.println("| clients | called | requests/s | p50 ms | p99 ms |");
    System.out.println("|---|---|---|---|---|");
    byte[] file = Fixture.scene();
    try (ScanFormer model = ScanFormer.load();
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      Callable<Object> direct =
          () -> batcher.locate(Image.read(new ByteArrayInputStream(file)), "the red circle");
      measure(direct, 16, seconds, null);
      for (int clients : CLIENTS) {
        measure(direct, clients, seconds, "directly");
      }
    }
    try (Fixture server = Fixture.start()) {
      Callable<Object> served =
          () -> {
            HttpResponse<String> answer = server.post(PATH, "image/png", file);
            if (answer.statusCode() != 200) {
              throw new IllegalStateException(answer.body());
            }
            return answer;
          };
      measure(served, 16, seconds, null);
      for (int clients : CLIENTS) {
        measure(served, clients, seconds, "over HTTP");
      }
    }
  }

  private static void measure(Callable<Object> call, int clients, int seconds, String name)
      throws Exception {
    Histogram micros = new ConcurrentHistogram(3);
    long begun = System.nanoTime();
    long end = begun + seconds * 1_000_000_000L;
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    List<Future<Object>> running = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      running.add(
          threads.submit(
              () -> {
                while (System.nanoTime() < end) {
                  long before = System.nanoTime();
                  call.call();
                  micros.recordValue((System.nanoTime() - before) / 1000);
                }
                return null;
              }));
    }
    for (Future<Object> each : running) {
      each.get();
    }
    threads.shutdown();
    double elapsed = (System.nanoTime() - begun) / 1e9;
    if (name != null) {
      System.out.printf(
          "| %d | %s | %.0f | %.1f | %.1f |%n",
          clients,
          name,
          micros.getTotalCount() / elapsed,
          micros.getValueAtPercentile(50) / 1e3,
          micros.getValueAtPercentile(99) / 1e3);
    }
  }
}
