package org.scanformer.server.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc;

/** A client of gRPC that sends any bytes for a message. Thread-safe. */
public final class RawCall implements AutoCloseable {
  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private static final MethodDescriptor<byte[], byte[]> INFER =
      MethodDescriptor.<byte[], byte[]>newBuilder(BYTES, BYTES)
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName(GRPCInferenceServiceGrpc.getModelInferMethod().getFullMethodName())
          .build();

  private final ManagedChannel channel;

  /** Opens a connection to a port of the loopback interface. */
  public RawCall(int port) {
    this(port, 1 << 20);
  }

  /** The same, that lets so many bytes come of what it does not read. */
  public RawCall(int port, int window) {
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port)
            .usePlaintext()
            .flowControlWindow(window)
            .build();
  }

  /** Asks for an inference; returns whether it was refused. */
  public boolean isRefused(byte[] message) {
    try {
      ClientCalls.blockingUnaryCall(channel, INFER, CallOptions.DEFAULT, message);
      return false;
    } catch (StatusRuntimeException e) {
      return true;
    }
  }

  /** Sends a whole call, and waits for nothing; returns what cancels it. */
  public Runnable ask(byte[] message) {
    ClientCall<byte[], byte[]> call = channel.newCall(INFER, CallOptions.DEFAULT);
    ClientCalls.futureUnaryCall(call, message);
    return () -> call.cancel("the client has changed its mind", null);
  }

  /** Sends a message but no end of the call; returns how the server ends it. */
  public Status endOfUnfinished(byte[] message) {
    CompletableFuture<Status> end = new CompletableFuture<>();
    start(end).sendMessage(message);
    return end.join();
  }

  /** Sends a whole call, and reads nothing until it is asked how the call ends. */
  public Supplier<Status> askUnread(byte[] message) {
    CompletableFuture<Status> end = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call = start(end);
    call.sendMessage(message);
    call.halfClose();
    return () -> {
      call.request(2);
      return end.join();
    };
  }

  private ClientCall<byte[], byte[]> start(CompletableFuture<Status> end) {
    ClientCall<byte[], byte[]> call = channel.newCall(INFER, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status);
          }
        },
        new Metadata());
    return call;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
