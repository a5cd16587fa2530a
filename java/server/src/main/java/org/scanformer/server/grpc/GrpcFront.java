package org.scanformer.server.grpc;

import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.scanformer.server.Admission;
import org.scanformer.server.Limits;
import org.scanformer.server.Models;
import org.scanformer.server.RequestObserver;
import org.scanformer.server.ServerOptions;
import org.scanformer.server.ServerState;
import org.scanformer.server.oip.Inference;

/** The server's side of gRPC. Thread-safe. */
public final class GrpcFront implements AutoCloseable {
  private static final int THREADS = 8;
  private static final int MAX_HEAD_BYTES = 8 << 10;

  /** A message has more than the image in it. */
  private static final int MESSAGE_EXTRA_BYTES = 1 << 16;

  private final ExecutorService executor;
  private final ScheduledExecutorService timer;
  private final Server server;

  /**
   * Binds the port and answers from then on.
   *
   * @throws IllegalArgumentException when the certificate cannot be used
   * @throws IllegalStateException when the port cannot be bound, saying why
   */
  public GrpcFront(
      ServerOptions options,
      Models models,
      ServerState state,
      Inference inference,
      Admission admission,
      RequestObserver observer) {
    Limits limits = options.limits();
    executor = Executors.newFixedThreadPool(THREADS, daemons("scanformer-grpc"));
    ScheduledThreadPoolExecutor deadlines =
        new ScheduledThreadPoolExecutor(1, daemons("scanformer-grpc-timer"));
    // Or else the task of every call that was answered would wait for its time.
    deadlines.setRemoveOnCancelPolicy(true);
    timer = deadlines;
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(options.address(), options.grpcPort()))
            .executor(executor)
            .maxInboundMessageSize(limits.bodyBytes() + MESSAGE_EXTRA_BYTES)
            .maxInboundMetadataSize(MAX_HEAD_BYTES)
            .maxConcurrentCallsPerConnection(limits.requests())
            .handshakeTimeout(limits.headerTime().toMillis(), TimeUnit.MILLISECONDS)
            .maxConnectionIdle(5, TimeUnit.MINUTES)
            .keepAliveTime(1, TimeUnit.MINUTES)
            .keepAliveTimeout(20, TimeUnit.SECONDS)
            .addStreamTracerFactory(InboundMemory.of(admission))
            .addService(
                ServerInterceptors.intercept(
                    BoundedMarshaller.of(
                        new InferenceService(models, state, inference, limits).bindService()),
                    new CallGuard(options.token(), timer, limits.bodyTime(), observer)));
    if (options.tls() != null) {
      builder.useTransportSecurity(
          options.tls().certificate().toFile(), options.tls().key().toFile());
    }
    try {
      server = builder.build().start();
    } catch (IOException e) {
      shutdownThreads();
      throw new IllegalStateException(
          "gRPC cannot be served on "
              + options.address()
              + " port "
              + options.grpcPort()
              + ": "
              + (e.getCause() == null ? e : e.getCause()).getMessage(),
          e);
    }
  }

  private static ThreadFactory daemons(String name) {
    return work -> {
      Thread thread = new Thread(work, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  private void shutdownThreads() {
    executor.shutdown();
    timer.shutdownNow();
  }

  /** The port that it listens on. */
  public int port() {
    return server.getPort();
  }

  /** Closes the port and all connections. Idempotent. */
  @Override
  public void close() {
    server.shutdown();
    try {
      // What is in work was waited for already: only last words are on their way.
      if (!server.awaitTermination(1, TimeUnit.SECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    shutdownThreads();
  }
}
