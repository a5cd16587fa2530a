package org.scanformer.server.http;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Scheduler;
import org.scanformer.server.Admission;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/**
 * Reads a body as it comes, without a thread that waits for it, up to a limit; and drops what is
 * left of one that was refused, so that a client which still sends it is not cut off before it has
 * read why. Thread-safe.
 */
final class BodyReader {
  /** What is dropped of a refused body, at most. */
  private static final int DROPPED_BYTES = 1 << 20;

  private static final Duration DROP_TIME = Duration.ofSeconds(1);

  private final Request request;
  private final int maxBytes;

  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private final CompletableFuture<Void> dropped = new CompletableFuture<>();
  private final CountedBytes bytes;
  private int toDrop = DROPPED_BYTES;

  // Guarded by this.
  private State state = State.IDLE;
  private boolean dropping;
  private boolean asked;

  private enum State {
    IDLE,
    READING,
    /** The connection calls when more has come. */
    WAITING
  }

  /**
   * A reader of a request's body.
   *
   * @param ticket counts what has come
   */
  BodyReader(Request request, Admission.Ticket ticket, int maxBytes) {
    this.request = request;
    this.maxBytes = maxBytes;
    long length = request.getLength();
    int expected = length > 0 && length <= maxBytes ? (int) length : maxBytes;
    bytes = new CountedBytes(ticket, expected);
  }

  /**
   * Reads the body.
   *
   * @return completed by a thread of the server; fails with TOO_LARGE, TOO_SLOW when the connection
   *     was idle for too long, BAD_REQUEST when it broke, or as the ticket refuses. Reading ends
   *     when it is completed by others.
   */
  CompletableFuture<byte[]> read() {
    if (request.getHeaders().contains(HttpHeader.CONTENT_ENCODING)) {
      throw new ServiceException(
          FailureKind.UNSUPPORTED_TYPE,
          "Bodies in a Content-Encoding are not read: send it without one");
    }
    if (request.getLength() > maxBytes) {
      throw tooLarge();
    }
    readAvailable();
    return body;
  }

  /**
   * Drops what is left of the body, up to a number of bytes and for a short time.
   *
   * @param then run at the end, by any thread; nothing is read of the request any more
   */
  void drop(Scheduler scheduler, Runnable then) {
    body.cancel(false);
    Scheduler.Task tooSlow =
        scheduler.schedule(this::stopDropping, DROP_TIME.toMillis(), TimeUnit.MILLISECONDS);
    dropped.whenComplete(
        (none, failure) -> {
          tooSlow.cancel();
          then.run();
        });
    boolean idle;
    synchronized (this) {
      dropping = true;
      idle = state == State.IDLE;
      if (state != State.READING) {
        forget();
      }
    }
    if (idle) {
      readAvailable();
    }
  }

  /** Whether the body was asked for: a client that waits for that is told to go on. */
  synchronized boolean isAsked() {
    return asked;
  }

  /** What has come of a body that nobody wants any more, and that no ticket counts. */
  private void forget() {
    bytes.forget();
  }

  /** Not while a request that then ends is read. */
  private synchronized void stopDropping() {
    dropped.complete(null);
  }

  private ServiceException tooLarge() {
    return new ServiceException(
        FailureKind.TOO_LARGE, "The body has more than the " + maxBytes + " bytes allowed");
  }

  private void readAvailable() {
    Content.Chunk chunk = next();
    while (chunk != null) {
      if (Content.Chunk.isFailure(chunk)) {
        body.completeExceptionally(failure(chunk.getFailure()));
        toDrop = 0;
      } else if (body.isDone()) {
        toDrop = chunk.isLast() ? 0 : toDrop - chunk.remaining();
        chunk.release();
      } else {
        take(chunk);
      }
      chunk = next();
    }
    if (toDrop <= 0) {
      dropped.complete(null);
    }
  }

  /** What has come; null if nothing has yet, or no more is wanted. */
  private synchronized Content.Chunk next() {
    if (dropping) {
      forget();
    }
    boolean wanted = !body.isDone() || dropping && toDrop > 0 && !dropped.isDone();
    Content.Chunk chunk = wanted ? request.read() : null;
    asked |= wanted;
    state = !wanted ? State.IDLE : chunk == null ? State.WAITING : State.READING;
    if (state == State.WAITING) {
      request.demand(this::readAvailable);
    }
    return chunk;
  }

  private void take(Content.Chunk chunk) {
    try {
      if (chunk.remaining() > maxBytes - bytes.size()) {
        throw tooLarge();
      }
      bytes.add(chunk.getByteBuffer());
      if (chunk.isLast()) {
        toDrop = 0;
        body.complete(bytes.take());
      }
    } catch (ServiceException | OutOfMemoryError e) {
      body.completeExceptionally(e);
    } finally {
      chunk.release();
    }
  }

  private static ServiceException failure(Throwable cause) {
    return cause instanceof TimeoutException
        ? new ServiceException(FailureKind.TOO_SLOW, "Nothing more of the body came in time")
        : ServiceException.badRequest("The body could not be read: %s", cause.getMessage());
  }
}
