package org.scanformer.server.grpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/** Reads messages, once there is memory for what they are read to. Thread-safe. */
final class BoundedMarshaller<T> implements MethodDescriptor.Marshaller<T> {
  /** What is decompressed of a message before its memory is asked for again. */
  private static final int PIECE = 64 << 10;

  private final PrototypeMarshaller<T> marshaller;

  private BoundedMarshaller(PrototypeMarshaller<T> marshaller) {
    this.marshaller = marshaller;
  }

  /** A service that reads its requests so. */
  static ServerServiceDefinition of(ServerServiceDefinition service) {
    ServerServiceDefinition.Builder bounded =
        ServerServiceDefinition.builder(service.getServiceDescriptor().getName());
    service.getMethods().forEach(method -> bounded.addMethod(of(method)));
    return bounded.build();
  }

  private static <Q, A> ServerMethodDefinition<Q, A> of(ServerMethodDefinition<Q, A> method) {
    MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
    PrototypeMarshaller<Q> requests = (PrototypeMarshaller<Q>) descriptor.getRequestMarshaller();
    return ServerMethodDefinition.create(
        descriptor.toBuilder().setRequestMarshaller(new BoundedMarshaller<>(requests)).build(),
        method.getServerCallHandler());
  }

  @Override
  public InputStream stream(T message) {
    return marshaller.stream(message);
  }

  /** An empty message, which nobody takes, where the call is refused. */
  @Override
  @SuppressWarnings("unchecked") // The prototype's parser makes what the prototype is.
  public T parse(InputStream stream) {
    T empty = marshaller.getMessagePrototype();
    InboundMemory memory = InboundMemory.ofCall();
    try {
      byte[] bytes = bytes(stream, memory);
      MessageMemory.count(bytes, ((Message) empty).getDescriptorForType(), memory.ticket());
      CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
      // Images are parts of the bytes, and no copies.
      in.enableAliasing(true);
      return (T) ((Message) empty).getParserForType().parseFrom(in);
    } catch (ServiceException | OutOfMemoryError e) {
      memory.refuse(ServiceException.of(e));
    } catch (StatusRuntimeException e) {
      // Of the stream, where more is decompressed than a message may have.
      memory.refuse(new ServiceException(FailureKind.TOO_LARGE, e.getStatus().getDescription()));
    } catch (IOException e) {
      memory.refuse(ServiceException.badRequest("The message cannot be read: %s", e.getMessage()));
    }
    return empty;
  }

  private static byte[] bytes(InputStream stream, InboundMemory memory) throws IOException {
    memory.requireMemory();
    if (!(stream instanceof KnownLength)) {
      return decompressed(stream, memory);
    }
    byte[] bytes = new byte[stream.available()];
    stream.readNBytes(bytes, 0, bytes.length);
    return bytes;
  }

  /** What is read is counted by the stream, and refuses the call where it is too much. */
  private static byte[] decompressed(InputStream stream, InboundMemory memory) throws IOException {
    List<byte[]> pieces = new ArrayList<>();
    int size = 0;
    for (int read = PIECE; read == PIECE; size += read) {
      byte[] piece = new byte[PIECE];
      read = stream.readNBytes(piece, 0, PIECE);
      memory.requireMemory();
      pieces.add(piece);
    }
    memory.ticket().reserve(size);
    ByteBuffer whole = ByteBuffer.allocate(size);
    for (byte[] piece : pieces) {
      whole.put(piece, 0, Math.min(PIECE, whole.remaining()));
    }
    return whole.array();
  }
}
