package org.scanformer.server.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.thread.Scheduler;
import org.scanformer.server.Admission;
import org.scanformer.server.FailureKind;
import org.scanformer.server.Limits;
import org.scanformer.server.LocateService;
import org.scanformer.server.RequestObserver;
import org.scanformer.server.ServiceException;

/**
 * Takes every request from its head to its reply: guards, finds the route, reads the body, admits,
 * answers in time, and tells the observer. No thread waits for a client or a model.
 */
final class RequestHandler extends Handler.Abstract {
  private static final Logger LOG = Logger.getLogger("org.scanformer.server");

  /** How long a client would wait for its answer, in milliseconds. */
  static final String TIMEOUT_HEADER = "X-Request-Timeout-Ms";

  private final Routes routes;
  private final Guard guard;
  private final Limits limits;
  private final Admission admission;
  private final RequestObserver observer;

  RequestHandler(
      Routes routes, Guard guard, Limits limits, Admission admission, RequestObserver observer) {
    this.routes = routes;
    this.guard = guard;
    this.limits = limits;
    this.admission = admission;
    this.observer = observer;
  }

  /** A request on its way; what it is found to be is filled in as it goes. */
  private final class Exchange {
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final long arrival = System.nanoTime();
    private final Admission.Ticket ticket = admission.open();
    private String template = "none";
    private final BodyReader reader;
    private volatile boolean bodyIsRead;

    private Exchange(Request request, Response response, Callback callback) {
      this.request = request;
      this.response = response;
      this.callback = callback;
      this.reader = new BodyReader(request, ticket, limits.bodyBytes());
    }

    private CompletableFuture<Reply> answer() {
      guard.checkSite(request.getHeaders());
      Routes.Match match = routes.find(request.getMethod(), path());
      Routes.Route route = match.route();
      template = route.template();
      if (!route.isPublic()) {
        guard.checkToken(request.getHeaders());
      }
      long deadline = LocateService.deadline(arrival, timeout());
      Map<String, String> query = query();
      Function<byte[], Call> call =
          body -> new Call(request.getHeaders(), match.variables(), query, body, ticket, deadline);
      if (!route.readsBody()) {
        return route.endpoint().answer(call.apply(new byte[0]));
      }
      return body()
          .thenCompose(
              body -> {
                bodyIsRead = true;
                // It is read though the client be told meanwhile that its time is over.
                ticket.retain();
                try {
                  ticket.enter();
                  return route.endpoint().answer(call.apply(body));
                } finally {
                  ticket.release();
                }
              })
          .orTimeout(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    private String path() {
      return Request.getPathInContext(request);
    }

    private CompletableFuture<byte[]> body() {
      CompletableFuture<byte[]> body = reader.read();
      if (!body.isDone()) {
        Scheduler.Task tooSlow =
            getServer()
                .getScheduler()
                .schedule(
                    () ->
                        body.completeExceptionally(
                            new ServiceException(
                                FailureKind.TOO_SLOW,
                                "The body was not sent within " + limits.bodyTime())),
                    limits.bodyTime().toMillis(),
                    TimeUnit.MILLISECONDS);
        // The task holds the whole body, which nobody counts once the request is answered.
        body.whenComplete((bytes, failure) -> tooSlow.cancel());
      }
      return body;
    }

    private Duration timeout() {
      String asked = request.getHeaders().get(TIMEOUT_HEADER);
      if (asked == null) {
        return limits.requestTime();
      }
      if (!asked.matches("[1-9][0-9]{0,8}")) {
        throw ServiceException.badRequest(
            "%s must be a number of milliseconds of at least 1, found '%s'", TIMEOUT_HEADER, asked);
      }
      Duration timeout = Duration.ofMillis(Long.parseLong(asked));
      return timeout.compareTo(limits.requestTime()) < 0 ? timeout : limits.requestTime();
    }

    private Map<String, String> query() {
      Map<String, String> query = new HashMap<>();
      try {
        for (Fields.Field field : Request.extractQueryParameters(request)) {
          query.put(field.getName(), field.getValue());
        }
      } catch (IllegalArgumentException | IllegalStateException e) {
        throw ServiceException.badRequest("The query cannot be read: %s", e.getMessage());
      }
      return query;
    }

    private void finish(Reply reply, Throwable failure) {
      int status = HttpStatus.INTERNAL_SERVER_ERROR_500;
      try {
        Reply sent = failure == null ? reply : problem(failure);
        // What is left of a body that was not read whole would be taken for the next request.
        boolean unread = failure != null && hasBody() && !bodyIsRead;
        if (unread) {
          response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        if (sent.status() == HttpStatus.METHOD_NOT_ALLOWED_405) {
          response.getHeaders().put(HttpHeader.ALLOW, routes.allowed(path()));
        }
        CompletableFuture<Void> taken = new CompletableFuture<>();
        send(
            response,
            sent,
            Callback.from(
                () -> {
                  close();
                  taken.complete(null);
                  end(unread);
                },
                broken -> {
                  callback.failed(broken);
                  close();
                  taken.complete(null);
                }));
        status = sent.status();
        closeUnlessTaken(taken);
      } catch (Throwable e) {
        // Nobody is told of it otherwise: the client would wait, and its place be taken, for good.
        LOG.log(Level.SEVERE, "A reply could not be sent", e);
        close();
        callback.failed(e);
      }
      observer.answered(
          "http",
          request.getMethod(),
          template,
          String.valueOf(status),
          System.nanoTime() - arrival);
    }

    /**
     * Ends the exchange, of a client that still sends its body a little later: if the connection
     * were closed at once, what it sends would be answered with a reset, and the reply lost.
     */
    private void end(boolean unread) {
      // Who still waits to be told to go on, or sends on a stream of its own, has nothing to be
      // dropped.
      boolean sends =
          unread
              && request.getConnectionMetaData().getHttpVersion().getVersion()
                  <= HttpVersion.HTTP_1_1.getVersion()
              && (reader.isAsked() || !request.getHeaders().contains(HttpHeader.EXPECT));
      if (!sends) {
        callback.succeeded();
        return;
      }
      try {
        reader.drop(getServer().getScheduler(), callback::succeeded);
      } catch (RuntimeException e) {
        callback.failed(e);
      }
    }

    /** Who reads a byte now and then would keep the place and the reply for good otherwise. */
    private void closeUnlessTaken(CompletableFuture<Void> taken) {
      if (!taken.isDone()) {
        EndPoint client = request.getConnectionMetaData().getConnection().getEndPoint();
        Scheduler.Task tooSlow =
            getServer()
                .getScheduler()
                .schedule(client::close, limits.bodyTime().toMillis(), TimeUnit.MILLISECONDS);
        taken.whenComplete((none, failure) -> tooSlow.cancel());
      }
    }

    private boolean hasBody() {
      return request.getLength() > 0 || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
    }

    private void close() {
      ticket.close();
    }
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Exchange exchange = new Exchange(request, response, callback);
    CompletableFuture<Reply> reply;
    try {
      reply = exchange.answer();
    } catch (RuntimeException | Error e) {
      exchange.finish(null, e);
      return true;
    }
    if (reply.isDone()) {
      reply.whenComplete(exchange::finish);
    } else {
      // Not by the model's thread, which has the next batch to run.
      reply.whenCompleteAsync(exchange::finish, getServer().getThreadPool());
    }
    return true;
  }

  private static Reply problem(Throwable failure) {
    ServiceException told = ServiceException.of(failure);
    if (told.kind() == FailureKind.INTERNAL) {
      LOG.log(Level.SEVERE, "A request failed", failure);
    }
    return Reply.problem(told);
  }

  /** Writes a reply. */
  static void send(Response response, Reply reply, Callback callback) {
    response.setStatus(reply.status());
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, reply.type());
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, reply.body().length);
    response.getHeaders().put("X-Content-Type-Options", "nosniff");
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
    reply.headers().forEach(response.getHeaders()::put);
    response.write(true, ByteBuffer.wrap(reply.body()), callback);
  }
}
