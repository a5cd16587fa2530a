package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.server.grpc.RawCall;
import org.scanformer.server.grpc.inference.InferTensorContents;
import org.scanformer.server.grpc.inference.ModelInferRequest;

/** A client of gRPC that lets no answer come, but answers pings, does not keep it in memory. */
@Timeout(60)
class SlowReaderTest {
  private static Limits impatient(Limits limits) {
    return new Limits(
        limits.bodyBytes(),
        limits.pixels(),
        limits.requests(),
        limits.memoryBytes(),
        limits.connections(),
        limits.headerTime(),
        Duration.ofSeconds(1),
        limits.requestTime(),
        limits.drainTime());
  }

  private static byte[] message() {
    return ModelInferRequest.newBuilder()
        .setModelName("shapes")
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("pixels")
                .setDatatype("UINT8")
                .addShape(1)
                .addShape(1)
                .addShape(1)
                .addShape(3)
                .setContents(
                    InferTensorContents.newBuilder()
                        .addUintContents(1)
                        .addUintContents(2)
                        .addUintContents(3)))
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("text")
                .setDatatype("BYTES")
                .addShape(1)
                .setContents(
                    InferTensorContents.newBuilder()
                        .addBytesContents(ByteString.copyFromUtf8("the star"))))
        .build()
        .toByteArray();
  }

  @Test
  void anAnswerThatIsNotReadIsGivenUp() throws Exception {
    try (Fixture server = Fixture.limited(SlowReaderTest::impatient);
        RawCall client = new RawCall(server.server().grpcPort(), 64)) {
      assertEquals(Status.Code.OK, client.askUnread(message()).get().getCode(), "read at once");
      Supplier<Status> unread = client.askUnread(message());
      Thread.sleep(5000);
      assertEquals(Status.Code.CANCELLED, unread.get().getCode());
    }
  }
}
