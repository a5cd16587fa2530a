package org.scanformer.server.http;

import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.scanformer.server.Admission;
import org.scanformer.server.Limits;
import org.scanformer.server.LocateService;
import org.scanformer.server.Models;
import org.scanformer.server.RequestObserver;
import org.scanformer.server.ServerMetrics;
import org.scanformer.server.ServerOptions;
import org.scanformer.server.ServerState;
import org.scanformer.server.Tls;
import org.scanformer.server.oip.Inference;

/** The server's side of HTTP. Thread-safe. */
public final class HttpFront implements AutoCloseable {
  private static final int MAX_THREADS = 64;
  private static final int MAX_HEAD_BYTES = 8 << 10;

  /** What is read of a connection at once: images come in a few pieces rather than in many. */
  private static final int READ_BYTES = 64 << 10;

  private final Server server;
  private final ServerConnector connector;

  /**
   * Checks what can be checked before a model is loaded, which may take long.
   *
   * @throws IllegalArgumentException when an option cannot be used
   */
  public static void check(ServerOptions options) {
    ImageUrls.prefixes(options.allowedUrls());
    if (options.tls() != null) {
      PemFiles.read(options.tls());
    }
  }

  /**
   * Binds the port and answers from then on.
   *
   * @throws IllegalArgumentException when an option cannot be used
   * @throws IllegalStateException when the port cannot be bound, saying why
   */
  public HttpFront(
      ServerOptions options,
      Models models,
      LocateService service,
      ServerState state,
      Admission admission,
      ServerMetrics metrics,
      RequestObserver observer) {
    Limits limits = options.limits();
    Routes routes = new Routes();
    StaticFiles.addTo(routes);
    routes.get("/metrics", Endpoint.of(call -> Reply.text(ServerMetrics.TYPE, metrics.scrape())));
    ImageUrls urls = new ImageUrls(options.allowedUrls(), limits.bodyBytes());
    routes.post("/v1/locate", new LocateEndpoint(models, service, urls));
    new InferenceEndpoints(models, state, new Inference(service)).addTo(routes);

    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 4);
    threads.setName("scanformer-http");
    server = new Server(threads);
    connector = connector(options.tls(), limits);
    connector.setHost(options.address());
    connector.setPort(options.httpPort());
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(limits.connections(), connector));
    HeadDeadlines deadlines = new HeadDeadlines(server.getScheduler(), limits.headerTime());
    connector.addBean(deadlines);
    server.setHandler(
        new RequestHandler(
            routes, new Guard(options.hosts(), options.token()), limits, admission, observer));
    // What Jetty itself refuses, such as a head that is no HTTP, and replies that cannot be sent.
    server.setErrorHandler(
        (request, response, callback) -> {
          int status = response.getStatus() < 400 ? 500 : response.getStatus();
          String detail =
              status < 500 ? "The request is not one of HTTP" : "The server failed to answer";
          RequestHandler.send(response, Reply.problem(status, detail), callback);
          return true;
        });
    try {
      server.start();
    } catch (Exception e) {
      close();
      throw new IllegalStateException(
          "HTTP cannot be served on "
              + options.address()
              + " port "
              + options.httpPort()
              + ": "
              + e.getMessage(),
          e);
    }
    deadlines.start();
  }

  private ServerConnector connector(Tls tls, Limits limits) {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(MAX_HEAD_BYTES);
    HttpConnectionFactory plain = new HttpConnectionFactory(http);
    plain.setInputBufferSize(READ_BYTES);
    ServerConnector made;
    if (tls == null) {
      made = new ServerConnector(server, 1, 1, plain);
    } else {
      SslContextFactory.Server context = new SslContextFactory.Server();
      context.setKeyStore(PemFiles.read(tls));
      context.setKeyStorePassword(PemFiles.PASSWORD);
      made =
          new ServerConnector(
              server, 1, 1, new SslConnectionFactory(context, plain.getProtocol()), plain);
    }
    made.setIdleTimeout(TimeUnit.SECONDS.toMillis(Math.max(1, limits.bodyTime().toSeconds())));
    return made;
  }

  /** The port that it listens on. */
  public int port() {
    return connector.getLocalPort();
  }

  /** Closes the port and all connections. Idempotent. */
  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("HTTP could not be stopped: " + e.getMessage(), e);
    }
  }
}
