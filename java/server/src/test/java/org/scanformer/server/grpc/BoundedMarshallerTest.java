package org.scanformer.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerMethodDefinition;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.scanformer.server.Admission;
import org.scanformer.server.FailureKind;
import org.scanformer.server.Limits;
import org.scanformer.server.ServiceException;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc;
import org.scanformer.server.grpc.inference.ModelInferRequest;

/** A message whose length is not known is read no further than there is memory for it. */
class BoundedMarshallerTest {
  private static final int MIB = 1 << 20;

  private final Admission admission = new Admission(limits());
  private final InboundMemory memory =
      (InboundMemory) InboundMemory.of(admission).newServerStreamTracer("infer", new Metadata());
  private final Context call = memory.filterContext(Context.ROOT);
  private int most;

  private static Limits limits() {
    Limits limits = Limits.defaults();
    return new Limits(
        limits.bodyBytes(),
        limits.pixels(),
        limits.requests(),
        MIB,
        limits.connections(),
        limits.headerTime(),
        limits.bodyTime(),
        limits.requestTime(),
        limits.drainTime());
  }

  /** Counts what is read of it as gRPC does. */
  private final class Decompressed extends InputStream {
    private final InputStream bytes;

    private Decompressed(byte[] message) {
      bytes = new ByteArrayInputStream(message);
    }

    @Override
    public int read() throws IOException {
      int value = bytes.read();
      count(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int read = bytes.read(into, offset, length);
      count(Math.max(read, 0));
      return read;
    }

    private void count(int size) {
      most += size;
      memory.inboundUncompressedSize(size);
    }
  }

  @SuppressWarnings("unchecked") // The method is that of this message.
  private Object parse(InputStream stream) throws Exception {
    ServerMethodDefinition<?, ?> infer =
        BoundedMarshaller.of(
                new GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase() {}.bindService())
            .getMethod(GRPCInferenceServiceGrpc.getModelInferMethod().getFullMethodName());
    Marshaller<ModelInferRequest> marshaller =
        (Marshaller<ModelInferRequest>) infer.getMethodDescriptor().getRequestMarshaller();
    return call.call(() -> marshaller.parse(stream));
  }

  private static ModelInferRequest message(int bytes) {
    return ModelInferRequest.newBuilder()
        .addRawInputContents(ByteString.copyFrom(new byte[bytes]))
        .build();
  }

  private void assertRefused() {
    ServiceException refusal = memory.refusal().getNow(null);
    assertEquals(FailureKind.OVERLOADED, refusal.kind(), refusal.getMessage());
  }

  @Test
  void isReadToTheEndWhereThereIsMemory() throws Exception {
    for (int bytes : new int[] {0, 1, (64 << 10) - 4, 64 << 10, 200_000}) {
      ModelInferRequest message = message(bytes);
      assertEquals(message, parse(new Decompressed(message.toByteArray())));
    }
    assertNull(memory.refusal().getNow(null));
  }

  @Test
  void isReadNoFurtherThanThereIsMemory() throws Exception {
    parse(new Decompressed(message(20 * MIB).toByteArray()));
    assertRefused();
    assertTrue(most <= MIB + (64 << 10), most + " bytes were read");
  }

  @Test
  void theWholeIsCountedBesideItsPieces() throws Exception {
    parse(new Decompressed(message(700_000).toByteArray()));
    assertRefused();
    memory.streamClosed(null);
    assertEquals(0, admission.bytes());
  }

  @Test
  void aFullHeapRefusesTheCall() throws Exception {
    parse(
        new InputStream() {
          @Override
          public int read() {
            throw new OutOfMemoryError("no room");
          }
        });
    assertRefused();
  }
}
