package org.scanformer.server;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.Image;
import org.scanformer.ScanFormer;

/**
 * A process of its own that answers, so that its processor time is told apart from the clients': a
 * server, or the library with callers within the process.
 */
final class LoadTarget implements AutoCloseable {
  /** Clients at a time, at most. */
  static final int MOST_CLIENTS = 64;

  private static final String TEXT = "the red circle";
  private static final String PATH = "/v1/locate?text=the+red+circle";
  private static final String LIBRARY = "library";

  private final Process process;
  private final BufferedReader told;
  private final PrintStream asked;

  /** The server's port; negative for the library. */
  private final int port;

  private LoadTarget(String kind) throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                LoadTarget.class.getName(),
                kind)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    told = process.inputReader(StandardCharsets.UTF_8);
    asked = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    String ready = told.readLine();
    if (ready == null) {
      throw new IOException("the process of the " + kind + " did not start");
    }
    port = Integer.parseInt(ready);
  }

  /** The library, called directly through a {@link Batcher}. */
  static LoadTarget library() throws IOException {
    return new LoadTarget(LIBRARY);
  }

  /** A server that lets requests wait for others for so many milliseconds. */
  static LoadTarget server(int delay) throws IOException {
    return new LoadTarget(String.valueOf(delay));
  }

  /** Measures with so many clients. */
  Load.Figures measure(int clients, double seconds) throws Exception {
    if (port >= 0) {
      byte[] request = RawClient.post(PATH, "image/png", Fixture.scene());
      return Load.measure(() -> new HttpClient(port, request), clients, seconds);
    }
    asked.println(clients + " " + seconds);
    String[] figures = told.readLine().split(" ");
    return new Load.Figures(
        Long.parseLong(figures[0]),
        Double.parseDouble(figures[1]),
        Double.parseDouble(figures[2]),
        Double.parseDouble(figures[3]));
  }

  /** The processor time of the process until now. */
  long cpuNanos() {
    return process.info().totalCpuDuration().orElseThrow().toNanos();
  }

  /** The memory of the process. */
  long residentBytes() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc", String.valueOf(process.pid()), "status")).stream()
            .filter(each -> each.startsWith("VmRSS:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
  }

  @Override
  public void close() throws IOException {
    asked.close();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks over a connection that stays open. */
  private static final class HttpClient implements Load.Client {
    private final RawClient connection;
    private final byte[] request;

    HttpClient(int port, byte[] request) throws IOException {
      connection = new RawClient(port);
      this.request = request;
    }

    @Override
    public void ask() throws IOException {
      int status = connection.ask(request);
      if (status != 200) {
        throw new IOException("status " + status);
      }
    }

    @Override
    public void close() throws IOException {
      connection.close();
    }
  }

  /** The process's own side: answers until its input ends. */
  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    if (args[0].equals(LIBRARY)) {
      callLibrary(in);
      return;
    }
    try (Fixture server = start(Duration.ofMillis(Integer.parseInt(args[0])))) {
      System.out.println(server.server().httpPort());
      while (in.readLine() != null) {
        // Nothing is asked this way.
      }
    }
  }

  private static void callLibrary(BufferedReader in) throws Exception {
    byte[] file = Fixture.scene();
    try (ScanFormer model = ScanFormer.load();
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      System.out.println(-1);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] how = line.split(" ");
        Load.Figures figures =
            Load.measure(
                () -> () -> batcher.locate(Image.read(new ByteArrayInputStream(file)), TEXT),
                Integer.parseInt(how[0]),
                Double.parseDouble(how[1]));
        System.out.println(
            figures.answers()
                + " "
                + figures.perSecond()
                + " "
                + figures.p50()
                + " "
                + figures.p99());
      }
    }
  }

  private static Fixture start(Duration delay) {
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
                List.of(),
                options.allowedUrls(),
                moreRequests(options.limits())));
  }

  /** A client may ask again before the server has counted its answer as given. */
  private static Limits moreRequests(Limits limits) {
    return new Limits(
        limits.bodyBytes(),
        limits.pixels(),
        2 * MOST_CLIENTS,
        limits.memoryBytes(),
        limits.connections(),
        limits.headerTime(),
        limits.bodyTime(),
        limits.requestTime(),
        limits.drainTime());
  }
}
