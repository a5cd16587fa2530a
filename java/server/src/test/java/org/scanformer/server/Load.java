package org.scanformer.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Clients that ask again as soon as they are answered. */
final class Load {
  private Load() {}

  /** What a client does for one answer. */
  interface Client {
    void ask() throws Exception;

    /** Ends a connection, where there is one. */
    default void close() throws IOException {}
  }

  /** Makes a client. */
  interface ClientMaker {
    Client make() throws Exception;
  }

  /**
   * What was measured.
   *
   * @param answers in all
   * @param perSecond answers
   * @param p50 milliseconds of the median answer
   * @param p99 milliseconds that 99 % of the answers do not exceed
   */
  record Figures(long answers, double perSecond, double p50, double p99) {}

  /**
   * Measures.
   *
   * @throws Exception what a client threw
   */
  static Figures measure(ClientMaker maker, int clients, double seconds) throws Exception {
    Histogram micros = new ConcurrentHistogram(3);
    List<Client> made = new ArrayList<>();
    for (int c = 0; c < clients; c++) {
      made.add(maker.make());
    }
    long begun = System.nanoTime();
    long end = begun + (long) (seconds * 1e9);
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (Client client : made) {
        running.add(
            threads.submit(
                () -> {
                  while (System.nanoTime() < end) {
                    long before = System.nanoTime();
                    client.ask();
                    micros.recordValue((System.nanoTime() - before) / 1000);
                  }
                  return null;
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
    double elapsed = (System.nanoTime() - begun) / 1e9;
    for (Client client : made) {
      client.close();
    }
    return new Figures(
        micros.getTotalCount(),
        micros.getTotalCount() / elapsed,
        micros.getValueAtPercentile(50) / 1e3,
        micros.getValueAtPercentile(99) / 1e3);
  }
}
