package org.scanformer.server;

import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.Image;
import org.scanformer.ScanFormer;

/**
 * Measures throughput and latency against the number of clients, of the server over the loopback
 * interface and of the library called directly, each with the decoding of the picture. The ways
 * take turns, so that what else the machine does changes all alike, and each row is the median of
 * the turns. Processor time tells of the overhead where others use the machine too, as throughput
 * then depends on who has more threads. Not a test: a program, with the seconds of each measurement
 * as its argument.
 */
public final class LoadRun {
  private static final int[] CLIENTS = {1, 4, 16, 64};
  private static final int TURNS = 3;
  private static final String TEXT = "the red circle";
  private static final String PATH = "/v1/locate?text=the+red+circle";

  private LoadRun() {}

  /** Prints a row of a table for each way and number of clients. */
  public static void main(String[] args) throws Exception {
    double seconds = args.length == 0 ? 3 : Double.parseDouble(args[0]);
    byte[] file = Fixture.scene();
    byte[] request = RawClient.post(PATH, "image/png", file);
    try (ScanFormer model = ScanFormer.load();
        Batcher batcher = model.openBatcher(BatcherOptions.defaults());
        Fixture atOnce = server(Duration.ZERO);
        Fixture delayed = server(Duration.ofMillis(5))) {
      List<Way> ways =
          List.of(
              new Way(
                  "directly",
                  () -> () -> batcher.locate(Image.read(new ByteArrayInputStream(file)), TEXT)),
              new Way("over HTTP", () -> post(atOnce, request)),
              new Way("over HTTP, --batch-delay 5", () -> post(delayed, request)));
      for (Way way : ways) {
        Load.measure(way.clients, 16, 2 * seconds);
      }
      System.out.println(
          "| clients | called | requests/s | CPU ms | CPU of direct | p50 ms | p99 ms |");
      System.out.println("|---|---|---|---|---|---|---|");
      for (int clients : CLIENTS) {
        run(ways, clients, seconds);
      }
    }
  }

  /** A way to ask. */
  private record Way(String name, Load.ClientMaker clients) {}

  private static Fixture server(Duration delay) {
    return Fixture.start(
        options ->
            new ServerOptions(
                options.models(),
                options.modelOptions(),
                options.maxBatch(),
                delay,
                options.address(),
                0,
                -1,
                null,
                options.token(),
                options.hosts(),
                options.allowedUrls(),
                moreRequests(options.limits())));
  }

  /** A client may ask again before the server has counted its answer as given. */
  private static Limits moreRequests(Limits limits) {
    return new Limits(
        limits.bodyBytes(),
        limits.pixels(),
        2 * CLIENTS[CLIENTS.length - 1],
        limits.memoryBytes(),
        limits.connections(),
        limits.headerTime(),
        limits.bodyTime(),
        limits.requestTime(),
        limits.drainTime());
  }

  private static Load.Client post(Fixture server, byte[] request) throws Exception {
    RawClient client = new RawClient(server.server().httpPort());
    return () -> {
      int status = client.ask(request);
      if (status != 200) {
        throw new IllegalStateException("status " + status);
      }
    };
  }

  private static void run(List<Way> ways, int clients, double seconds) throws Exception {
    List<List<Load.Figures>> turns = new ArrayList<>();
    for (int t = 0; t < TURNS; t++) {
      List<Load.Figures> turn = new ArrayList<>();
      for (Way way : ways) {
        turn.add(Load.measure(way.clients, clients, seconds));
      }
      turns.add(turn);
    }
    for (int w = 0; w < ways.size(); w++) {
      int way = w;
      System.out.printf(
          "| %d | %s | %.0f | %.1f | %.2f | %.1f | %.1f |%n",
          clients,
          ways.get(way).name,
          median(turns, turn -> turn.get(way).perSecond()),
          median(turns, turn -> turn.get(way).cpu()),
          median(turns, turn -> turn.get(way).cpu() / turn.get(0).cpu()),
          median(turns, turn -> turn.get(way).p50()),
          median(turns, turn -> turn.get(way).p99()));
    }
  }

  private static double median(
      List<List<Load.Figures>> turns, ToDoubleFunction<List<Load.Figures>> value) {
    double[] values = turns.stream().mapToDouble(value).sorted().toArray();
    return values[values.length / 2];
  }
}
