package org.scanformer.server.http;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.scanformer.server.Admission;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/** Reads a body as it comes, without a thread that waits for it, up to a limit. */
final class BodyReader {
  private final Request request;
  private final Admission.Ticket ticket;
  private final int maxBytes;

  /** The length that the head gives, or else the limit. */
  private final int expected;

  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private byte[] bytes = {};
  private int size;

  private BodyReader(Request request, Admission.Ticket ticket, int maxBytes) {
    this.request = request;
    this.ticket = ticket;
    this.maxBytes = maxBytes;
    long length = request.getLength();
    expected = length > 0 && length <= maxBytes ? (int) length : maxBytes;
  }

  /**
   * Reads a body.
   *
   * @param ticket counts what has come
   * @return completed by a thread of the server; fails with TOO_LARGE, TOO_SLOW when the connection
   *     was idle for too long, BAD_REQUEST when it broke, or as the ticket refuses. Reading ends
   *     when it is completed by others.
   */
  static CompletableFuture<byte[]> read(Request request, Admission.Ticket ticket, int maxBytes) {
    if (request.getHeaders().contains(HttpHeader.CONTENT_ENCODING)) {
      throw new ServiceException(
          FailureKind.UNSUPPORTED_TYPE,
          "Bodies in a Content-Encoding are not read: send it without one");
    }
    BodyReader reader = new BodyReader(request, ticket, maxBytes);
    if (request.getLength() > maxBytes) {
      throw reader.tooLarge();
    }
    reader.readAvailable();
    return reader.body;
  }

  private ServiceException tooLarge() {
    return new ServiceException(
        FailureKind.TOO_LARGE, "The body has more than the " + maxBytes + " bytes allowed");
  }

  private void readAvailable() {
    while (!body.isDone()) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        request.demand(this::readAvailable);
        return;
      }
      if (Content.Chunk.isFailure(chunk)) {
        body.completeExceptionally(failure(chunk.getFailure()));
        return;
      }
      take(chunk);
    }
  }

  private void take(Content.Chunk chunk) {
    try {
      int more = chunk.remaining();
      if (more > maxBytes - size) {
        throw tooLarge();
      }
      ticket.reserve(more);
      grow(size + more);
      chunk.get(bytes, size, more);
      size += more;
      if (chunk.isLast()) {
        body.complete(size == bytes.length ? bytes : Arrays.copyOf(bytes, size));
      }
    } catch (ServiceException | OutOfMemoryError e) {
      body.completeExceptionally(e);
    } finally {
      chunk.release();
    }
  }

  /** Memory follows what has come: a length alone, which costs nothing to give, takes none. */
  private void grow(int needed) {
    if (needed > bytes.length) {
      long doubled = Math.min(2L * needed, Math.max(needed, expected));
      bytes = Arrays.copyOf(bytes, (int) doubled);
    }
  }

  private static ServiceException failure(Throwable cause) {
    return cause instanceof TimeoutException
        ? new ServiceException(FailureKind.TOO_SLOW, "Nothing more of the body came in time")
        : ServiceException.badRequest("The body could not be read: %s", cause.getMessage());
  }
}
