package org.scanformer.server.grpc;

import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.scanformer.server.BearerToken;
import org.scanformer.server.RequestObserver;
import org.scanformer.server.ServiceException;

/**
 * Asks every call for the token, closes those whose message does not come in time or finds no
 * memory, ends those whose answer is not taken in time, and tells the observer of each.
 * Thread-safe.
 */
final class CallGuard implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final BearerToken token;
  private final ScheduledExecutorService timer;
  private final Duration messageTime;
  private final RequestObserver observer;

  CallGuard(
      BearerToken token,
      ScheduledExecutorService timer,
      Duration messageTime,
      RequestObserver observer) {
    this.token = token;
    this.timer = timer;
    this.messageTime = messageTime;
    this.observer = observer;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    long arrival = System.nanoTime();
    InboundMemory memory = InboundMemory.ofCall();
    ServerCall<Q, A> observed =
        new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            super.close(status, trailers);
            String method = call.getMethodDescriptor().getBareMethodName();
            observer.answered(
                "grpc",
                method,
                call.getMethodDescriptor().getServiceName(),
                status.getCode().name(),
                System.nanoTime() - arrival);
            giveUpUnlessTaken(memory);
          }
        };
    try {
      token.check(headers.get(AUTHORIZATION));
    } catch (ServiceException e) {
      StatusRuntimeException told = GrpcFailures.of(e);
      observed.close(told.getStatus(), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    AtomicBoolean isDecided = new AtomicBoolean();
    Consumer<Status> refuse =
        status -> {
          if (isDecided.compareAndSet(false, true)) {
            observed.close(status, new Metadata());
          }
        };
    ScheduledFuture<?> tooSlow =
        timer.schedule(
            () ->
                refuse.accept(
                    Status.DEADLINE_EXCEEDED.withDescription(
                        "The message was not sent within " + messageTime)),
            messageTime.toNanos(),
            TimeUnit.NANOSECONDS);
    ServerCall.Listener<Q> listener = next.startCall(observed, headers);
    memory.refusal().thenAccept(failure -> refuse.accept(GrpcFailures.of(failure).getStatus()));
    return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onHalfClose() {
        tooSlow.cancel(false);
        if (isDecided.compareAndSet(false, true)) {
          super.onHalfClose();
        }
      }

      @Override
      public void onCancel() {
        tooSlow.cancel(false);
        super.onCancel();
      }

      @Override
      public void onComplete() {
        // A call that was refused; the task holds it, with what had come of its message.
        tooSlow.cancel(false);
        super.onComplete();
      }
    };
  }

  /** The answer of a client that reads nothing would be held as long as it answers pings. */
  private void giveUpUnlessTaken(InboundMemory memory) {
    if (!memory.end().isDone()) {
      ScheduledFuture<?> tooSlow =
          timer.schedule(memory::giveUp, messageTime.toNanos(), TimeUnit.NANOSECONDS);
      memory.end().thenRun(() -> tooSlow.cancel(false));
    }
  }
}
