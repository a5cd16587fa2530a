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
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/** Reads messages, once there is memory for what they are read to. Thread-safe. */
final class BoundedMarshaller<T> implements MethodDescriptor.Marshaller<T> {
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
      byte[] bytes = bytes(stream);
      memory.requireMemory();
      MessageMemory.count(bytes, ((Message) empty).getDescriptorForType(), memory.ticket());
      CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
      // Images are parts of the bytes, and no copies.
      in.enableAliasing(true);
      return (T) ((Message) empty).getParserForType().parseFrom(in);
    } catch (ServiceException e) {
      memory.refuse(e);
    } catch (StatusRuntimeException e) {
      // Of the stream, where more is decompressed than a message may have.
      memory.refuse(new ServiceException(FailureKind.TOO_LARGE, e.getStatus().getDescription()));
    } catch (IOException e) {
      memory.refuse(ServiceException.badRequest("The message cannot be read: %s", e.getMessage()));
    }
    return empty;
  }

  private static byte[] bytes(InputStream stream) throws IOException {
    if (!(stream instanceof KnownLength)) {
      return stream.readAllBytes();
    }
    byte[] bytes = new byte[stream.available()];
    stream.readNBytes(bytes, 0, bytes.length);
    return bytes;
  }
}
