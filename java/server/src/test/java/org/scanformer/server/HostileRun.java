package org.scanformer.server;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.scanformer.server.grpc.RawCall;

/**
 * Measures what clients get who ask as they should, beside others who do not. Not a test: a
 * program, with the seconds of each measurement as its argument.
 */
public final class HostileRun {
  private static final int CLIENTS = 4;
  private static final int IDLE = 1000;
  private static final int SLOW = 200;
  private static final int SENDERS = 4;
  private static final String PATH = "/v1/locate?text=the+red+circle";

  private HostileRun() {}

  /** What a thread does until it is told to stop. */
  private interface Nuisance {
    void once() throws Exception;
  }

  /** Prints a row of a table for each kind of others. */
  public static void main(String[] args) throws Exception {
    double seconds = args.length == 0 ? 3 : Double.parseDouble(args[0]);
    byte[] request = RawClient.post(PATH, "image/png", Fixture.scene());
    try (Fixture server = Fixture.start()) {
      int port = server.server().httpPort();
      Load.ClientMaker good =
          () -> {
            RawClient client = new RawClient(port);
            return () -> require(200, client.ask(request));
          };
      Load.measure(good, CLIENTS, 3 * seconds);
      System.out.println("| beside | requests/s | p50 ms | p99 ms | heap MiB | refused/s |");
      System.out.println("|---|---|---|---|---|---|");
      print("nobody", Load.measure(good, CLIENTS, seconds), 0);
      List<Socket> idle = new ArrayList<>();
      for (int i = 0; i < IDLE; i++) {
        idle.add(new Socket("127.0.0.1", port));
      }
      print(IDLE + " idle connections", Load.measure(good, CLIENTS, seconds), 0);
      close(idle);
      print(SLOW + " that send a byte a second", besideSlow(good, port, seconds), 0);
      Random random = new Random(7);
      byte[] bytes = new byte[500];
      random.nextBytes(bytes);
      byte[] huge = new byte[1 << 20];
      beside(
          "bodies of 100 MiB, " + SENDERS + " senders",
          good,
          seconds,
          () -> {
            try (RawClient client = new RawClient(port)) {
              client.send(RawClient.head(PATH, "image/png", 100 << 20));
              client.send(huge);
              require(413, client.answer());
            } catch (IOException e) {
              // The server may close the connection while the body is still sent: that is a
              // refusal.
            }
          });
      byte[] badJson = RawClient.post("/v2/models/shapes/infer", "application/json", bytes);
      beside(
          "malformed JSON, " + SENDERS + " senders",
          good,
          seconds,
          () -> {
            try (RawClient client = new RawClient(port)) {
              require(400, client.ask(badJson));
            }
          });
      try (RawCall call = new RawCall(server.server().grpcPort())) {
        beside(
            "malformed protobuf, " + SENDERS + " senders",
            good,
            seconds,
            () -> {
              if (!call.isRefused(bytes)) {
                throw new IllegalStateException("not refused");
              }
            });
      }
      print("nobody, afterwards", Load.measure(good, CLIENTS, seconds), 0);
      server.assertIdle();
    }
  }

  private static void require(int expected, int status) {
    if (status != expected) {
      throw new IllegalStateException("status " + status + ", expected " + expected);
    }
  }

  /** Beside connections each of which sends a head, a byte of it a second. */
  private static Load.Figures besideSlow(Load.ClientMaker good, int port, double seconds)
      throws Exception {
    List<Socket> slow = new ArrayList<>();
    for (int i = 0; i < SLOW; i++) {
      slow.add(new Socket("127.0.0.1", port));
    }
    AtomicBoolean stopped = new AtomicBoolean();
    byte[] head = RawClient.head(PATH, "image/png", 1000);
    Thread sender =
        new Thread(
            () -> {
              try {
                for (int b = 0; !stopped.get(); b++) {
                  for (Socket socket : slow) {
                    socket.getOutputStream().write(head[b]);
                  }
                  Thread.sleep(1000);
                }
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    sender.start();
    Load.Figures figures = Load.measure(good, CLIENTS, seconds);
    stopped.set(true);
    sender.join();
    close(slow);
    return figures;
  }

  private static void beside(String name, Load.ClientMaker good, double seconds, Nuisance nuisance)
      throws Exception {
    AtomicBoolean stopped = new AtomicBoolean();
    LongAdder refused = new LongAdder();
    List<Thread> senders = new ArrayList<>();
    for (int s = 0; s < SENDERS; s++) {
      Thread sender =
          new Thread(
              () -> {
                while (!stopped.get()) {
                  try {
                    nuisance.once();
                    refused.increment();
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                }
              });
      sender.start();
      senders.add(sender);
    }
    Load.Figures figures = Load.measure(good, CLIENTS, seconds);
    stopped.set(true);
    for (Thread sender : senders) {
      sender.join();
    }
    print(name, figures, refused.sum() / seconds);
  }

  private static void close(List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private static void print(String name, Load.Figures figures, double refused) {
    System.gc();
    Runtime java = Runtime.getRuntime();
    System.out.printf(
        "| %s | %.0f | %.1f | %.1f | %d | %.0f |%n",
        name,
        figures.perSecond(),
        figures.p50(),
        figures.p99(),
        (java.totalMemory() - java.freeMemory()) >> 20,
        refused);
  }
}
