package org.scanformer.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Measures throughput, latency and processor time against the number of clients, of the server over
 * the loopback interface and of the library called directly, each with the decoding of the picture.
 * Each answers in a process of its own, so that its processor time is without the clients'. The
 * processes take turns, so that what else the machine does changes all alike, and each row is the
 * turn of the median throughput. Not a test: a program.
 */
public final class LoadRun {
  private static final int[] CLIENTS = {1, 4, 16, LoadTarget.MOST_CLIENTS};
  private static final int[] DELAYS = {0, 2, 5};
  private static final int TURNS = 3;

  /** Until Java has compiled what is measured: a server is at full speed after about a minute. */
  private static final double WARM_UP_SECONDS = 75;

  private static final int SOAK_CLIENTS = 16;
  private static final double SOAK_SECONDS = 60;
  private static final String USAGE =
      """
      Usage: LoadRun table [SECONDS [CLIENTS ...]] | soak [MINUTES]
        table  the server beside the library, SECONDS for each turn (default 3),
               with so many CLIENTS (default 1 4 16 64)
        soak   a server with 16 clients for MINUTES (default 10): what it answers, and its memory\
      """;

  private LoadRun() {}

  /** Prints the table that the first argument names. */
  public static void main(String[] args) throws Exception {
    double number = args.length < 2 ? 0 : Double.parseDouble(args[1]);
    switch (args.length == 0 ? "" : args[0]) {
      case "table" -> table(number > 0 ? number : 3, clients(args));
      case "soak" -> soak(number > 0 ? (int) number : 10);
      default -> System.out.println(USAGE);
    }
  }

  private static int[] clients(String[] args) {
    return args.length <= 2
        ? CLIENTS
        : Arrays.stream(args).skip(2).mapToInt(Integer::parseInt).toArray();
  }

  /** What a turn gave. */
  private record Turn(Load.Figures figures, double cpuMillis) {
    static Turn of(LoadTarget target, int clients, double seconds) throws Exception {
      long before = target.cpuNanos();
      Load.Figures figures = target.measure(clients, seconds);
      return new Turn(figures, (target.cpuNanos() - before) / 1e6 / figures.answers());
    }

    double perSecond() {
      return figures.perSecond();
    }
  }

  private static void table(double seconds, int[] numbers) throws Exception {
    List<String> names = new ArrayList<>(List.of("directly"));
    List<LoadTarget> targets = new ArrayList<>();
    try {
      targets.add(LoadTarget.library());
      for (int delay : DELAYS) {
        names.add("over HTTP" + (delay == 0 ? "" : ", --batch-delay " + delay));
        targets.add(LoadTarget.server(delay));
      }
      for (LoadTarget target : targets) {
        target.measure(SOAK_CLIENTS, WARM_UP_SECONDS);
      }
      System.out.println("| clients | called | requests/s | CPU ms for each | p50 ms | p99 ms |");
      System.out.println("|---|---|---|---|---|---|");
      for (int clients : numbers) {
        rows(names, targets, clients, seconds);
      }
    } finally {
      close(targets);
    }
  }

  private static void rows(
      List<String> names, List<LoadTarget> targets, int clients, double seconds) throws Exception {
    List<List<Turn>> turns = new ArrayList<>();
    targets.forEach(target -> turns.add(new ArrayList<>()));
    for (int t = 0; t < TURNS; t++) {
      for (int i = 0; i < targets.size(); i++) {
        turns.get(i).add(Turn.of(targets.get(i), clients, seconds));
      }
    }
    for (int i = 0; i < targets.size(); i++) {
      List<Turn> own = turns.get(i);
      own.sort(Comparator.comparingDouble(Turn::perSecond));
      Turn median = own.get(TURNS / 2);
      System.out.printf(
          Locale.ROOT,
          "| %d | %s | %.0f | %.1f | %.1f | %.1f |%n",
          clients,
          names.get(i),
          median.perSecond(),
          median.cpuMillis,
          median.figures.p50(),
          median.figures.p99());
    }
  }

  private static void close(List<LoadTarget> targets) throws IOException {
    for (LoadTarget target : targets) {
      target.close();
    }
  }

  private static void soak(int minutes) throws Exception {
    try (LoadTarget target = LoadTarget.server(0)) {
      System.out.println(
          "| minute | requests/s | CPU ms for each | p50 ms | p99 ms | memory MiB |");
      System.out.println("|---|---|---|---|---|---|");
      for (int minute = 1; minute <= minutes; minute++) {
        Turn turn = Turn.of(target, SOAK_CLIENTS, SOAK_SECONDS);
        System.out.printf(
            Locale.ROOT,
            "| %d | %.0f | %.1f | %.1f | %.1f | %d |%n",
            minute,
            turn.perSecond(),
            turn.cpuMillis,
            turn.figures.p50(),
            turn.figures.p99(),
            target.residentBytes() >> 20);
      }
    }
  }
}
