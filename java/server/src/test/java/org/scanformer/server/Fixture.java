package org.scanformer.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.scanformer.ScanFormerOptions;

/** A server of the bundled model on free ports of the loopback interface, and a client. */
public final class Fixture implements AutoCloseable {
  /** A drawn scene, and what is asked of it. */
  public static final Path SCENE = Path.of("..", "cli", "src", "demo", "scene.png");

  /** An expression that is true of the scene. */
  public static final String TEXT = "the red triangle on the right of the yellow star";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ModelServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  private Fixture(ServerOptions options) {
    LibraryLogs.quieten();
    server = ModelServer.start(options, "1.2.3", RequestObserver.NONE, line -> {});
  }

  /** Requires that no request is in work, soon: a client may have its answer a little before. */
  public void assertIdle() {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (server.activeRequests() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    if (server.activeRequests() > 0) {
      throw new AssertionError(server.activeRequests() + " requests are still in work");
    }
  }

  /** With the default options. */
  public static Fixture start() {
    return start(options -> options);
  }

  /** With changed options. */
  public static Fixture start(UnaryOperator<ServerOptions> change) {
    return new Fixture(change.apply(options(Limits.defaults())));
  }

  /** With changed limits. */
  public static Fixture limited(UnaryOperator<Limits> change) {
    return new Fixture(options(change.apply(Limits.defaults())));
  }

  /** The default options with limits. */
  public static ServerOptions options(Limits limits) {
    return new ServerOptions(
        List.of(ModelSpec.BUNDLED),
        ScanFormerOptions.builder(),
        8,
        Duration.ZERO,
        "127.0.0.1",
        0,
        0,
        null,
        BearerToken.NONE,
        List.of("localhost", "127.0.0.1"),
        List.of(),
        limits);
  }

  /** The scene's file. */
  public static byte[] scene() {
    try {
      return Files.readAllBytes(SCENE);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The server. */
  public ModelServer server() {
    return server;
  }

  /** The address of a path. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.httpPort() + path);
  }

  /** Reads a path. */
  public HttpResponse<String> get(String path) {
    return send(HttpRequest.newBuilder(uri(path)));
  }

  /** Sends a body, with pairs of a header's name and value. */
  public HttpResponse<String> post(String path, String type, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return send(request);
  }

  /** Sends JSON. */
  public HttpResponse<String> postJson(String path, Object json, String... headers) {
    return post(path, "application/json", Json.write(json), headers);
  }

  /** Sends a request. */
  public HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return client.send(
          request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A response's JSON. */
  public static JsonNode json(HttpResponse<String> response) {
    return json(response.body());
  }

  /** Reads JSON. */
  public static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }

  /** A body of multipart/form-data with the boundary "part". */
  public static byte[] multipart(byte[] image, Map<String, String> fields) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    fields.forEach(
        (name, value) ->
            body.writeBytes(
                ("--part\r\nContent-Disposition: form-data; name=\""
                        + name
                        + "\"\r\n\r\n"
                        + value
                        + "\r\n")
                    .getBytes(StandardCharsets.UTF_8)));
    if (image != null) {
      body.writeBytes(
          "--part\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n"
              .getBytes(StandardCharsets.UTF_8));
      body.writeBytes(image);
      body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }
    body.writeBytes("--part--\r\n".getBytes(StandardCharsets.UTF_8));
    return body.toByteArray();
  }

  @Override
  public void close() {
    server.close();
  }
}
