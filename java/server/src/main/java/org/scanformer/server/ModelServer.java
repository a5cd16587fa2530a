package org.scanformer.server;

import java.util.function.Consumer;
import org.scanformer.BatcherOptions;
import org.scanformer.server.grpc.GrpcFront;
import org.scanformer.server.http.HttpFront;
import org.scanformer.server.oip.Inference;

/** A running server. Thread-safe. */
public final class ModelServer implements AutoCloseable {
  private final ServerOptions options;
  private final Admission admission;
  private final ServerMetrics metrics;
  private final Models models;
  private final LocateService service;
  private final HttpFront http;
  private final GrpcFront grpc;
  private boolean closed;

  /**
   * Loads the models, then binds the ports and answers from then on.
   *
   * @param version the server's version, which it tells to those who ask
   * @param observer sees every request, besides the metrics
   * @param progress is told what happens, a line each
   * @throws org.scanformer.ScanFormerException when a model cannot be loaded
   * @throws IllegalArgumentException when an option cannot be used
   * @throws IllegalStateException when a port cannot be bound
   */
  public static ModelServer start(
      ServerOptions options, String version, RequestObserver observer, Consumer<String> progress) {
    HttpFront.check(options);
    Admission admission = new Admission(options.limits());
    ServerMetrics metrics = new ServerMetrics(admission);
    Models models =
        Models.load(
            options.models(),
            spec -> {
              ServedModel model = load(spec, options, metrics);
              progress.accept("Loaded " + model);
              return model;
            });
    try {
      return new ModelServer(options, version, observer, admission, metrics, models);
    } catch (RuntimeException | Error e) {
      models.close();
      throw e;
    }
  }

  private static ServedModel load(ModelSpec spec, ServerOptions options, ServerMetrics metrics) {
    return ServedModel.load(
        spec,
        options.modelOptions().maxBatch(1).metrics(metrics.of(spec)).build(),
        BatcherOptions.builder()
            .maxBatch(options.maxBatch())
            .maxDelay(options.batchDelay())
            .queueCapacity(queueCapacity(options.limits()))
            .overflow(BatcherOptions.Overflow.REJECT));
  }

  /** What is admitted finds room: it would be refused after a part of it was run, otherwise. */
  private static int queueCapacity(Limits limits) {
    return (int) Math.min(1 << 20, (long) limits.requests() * Inference.MAX_QUESTIONS);
  }

  /** Serves models that are loaded, and closes them when it is closed. */
  ModelServer(
      ServerOptions options,
      String version,
      RequestObserver observer,
      Admission admission,
      ServerMetrics metrics,
      Models models) {
    this.options = options;
    this.admission = admission;
    this.metrics = metrics;
    this.models = models;
    service = new LocateService(options.limits());
    ServerState state = new ServerState(version, models, admission);
    RequestObserver observers = metrics.and(observer);
    try {
      http = new HttpFront(options, models, service, state, admission, metrics, observers);
      try {
        grpc =
            options.grpcPort() < 0
                ? null
                : new GrpcFront(
                    options, models, state, new Inference(service), admission, observers);
      } catch (RuntimeException | Error e) {
        http.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      service.close();
      throw e;
    }
  }

  /** The port of HTTP. */
  public int httpPort() {
    return http.port();
  }

  /** The port of gRPC; -1 where there is none. */
  public int grpcPort() {
    return grpc == null ? -1 : grpc.port();
  }

  /** The number of requests in work. */
  public int activeRequests() {
    return admission.requests();
  }

  /**
   * Refuses new requests, waits for those in work as long as the options allow, and frees
   * everything. Idempotent.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    admission.drain(options.limits().drainTime().toNanos());
    if (grpc != null) {
      grpc.close();
    }
    http.close();
    // Those who waited longer than that are cut off by now.
    models.stop();
    service.close();
    models.close();
    metrics.close();
  }
}
