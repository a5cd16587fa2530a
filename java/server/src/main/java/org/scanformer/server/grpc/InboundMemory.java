package org.scanformer.server.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.scanformer.server.Admission;
import org.scanformer.server.ServiceException;

/**
 * Counts the bytes of a call's message as they come, and of what is read from them, until the call
 * has ended and nothing works for it. A message that is not sent whole would hold uncounted memory
 * otherwise. Thread-safe.
 */
final class InboundMemory extends ServerStreamTracer {
  private static final Context.Key<InboundMemory> OF_CALL = Context.key("inbound-memory");

  private final Admission.Ticket ticket;
  private final CompletableFuture<ServiceException> refusal = new CompletableFuture<>();
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private volatile Context.CancellableContext context;

  private InboundMemory(Admission.Ticket ticket) {
    this.ticket = ticket;
  }

  /** What makes one for each call. */
  static Factory of(Admission admission) {
    return new Factory() {
      @Override
      public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        return new InboundMemory(admission.open());
      }
    };
  }

  /** That of the call that the calling thread works for. */
  static InboundMemory ofCall() {
    return OF_CALL.get();
  }

  /** Counts what the call holds; closed when the call has ended, if not before. */
  Admission.Ticket ticket() {
    return ticket;
  }

  /** Completed when there is no memory for the message, or it is refused unread. */
  CompletableFuture<ServiceException> refusal() {
    return refusal;
  }

  /** Completed when the call has ended, and its client has taken the answer or is gone. */
  CompletableFuture<Void> end() {
    return end;
  }

  /**
   * Ends the call, though it was answered: its client does not take the answer. A call that is
   * closed cannot be cancelled by itself, but by a deadline of the context that it is in.
   */
  void giveUp() {
    context.cancel(new TimeoutException("The answer was not taken in time"));
  }

  @Override
  public Context filterContext(Context given) {
    context = given.withValue(OF_CALL, this).withCancellation();
    return context;
  }

  @Override
  public void inboundWireSize(long bytes) {
    reserve(bytes);
  }

  @Override
  public void inboundUncompressedSize(long bytes) {
    reserve(bytes);
  }

  private void reserve(long bytes) {
    try {
      ticket.reserve(bytes);
    } catch (ServiceException e) {
      refuse(e);
    }
  }

  /**
   * Requires that there was memory for what has come of the message.
   *
   * @throws ServiceException what the call is refused with
   */
  void requireMemory() {
    ServiceException failure = refusal.getNow(null);
    if (failure != null) {
      throw failure;
    }
  }

  /** Refuses the call, whose message is not handed on. */
  void refuse(ServiceException failure) {
    refusal.complete(failure);
  }

  @Override
  public void streamClosed(Status status) {
    ticket.close();
    end.complete(null);
    // A call that gRPC itself refuses has none.
    if (context != null) {
      context.cancel(null);
    }
  }
}
