package org.scanformer.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.scanformer.server.Fixture;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import org.scanformer.server.grpc.inference.InferParameter;
import org.scanformer.server.grpc.inference.InferTensorContents;
import org.scanformer.server.grpc.inference.ModelInferRequest;
import org.scanformer.server.grpc.inference.ModelInferResponse;
import org.scanformer.server.grpc.inference.ModelMetadataRequest;
import org.scanformer.server.grpc.inference.ModelMetadataResponse;
import org.scanformer.server.grpc.inference.ModelReadyRequest;
import org.scanformer.server.grpc.inference.ServerLiveRequest;
import org.scanformer.server.grpc.inference.ServerMetadataRequest;
import org.scanformer.server.grpc.inference.ServerReadyRequest;

/** The protocol over gRPC, by a client that is generated from the protocol's own file. */
class GrpcFrontTest {
  private static Fixture server;
  private static ManagedChannel channel;
  private static GRPCInferenceServiceBlockingStub client;

  @BeforeAll
  static void start() {
    server = Fixture.start();
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.server().grpcPort())
            .usePlaintext()
            .build();
    client = GRPCInferenceServiceGrpc.newBlockingStub(channel);
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    server.close();
  }

  private static ModelInferRequest.Builder request() {
    return ModelInferRequest.newBuilder().setModelName("shapes").setId("7");
  }

  private static ModelInferRequest.InferInputTensor.Builder input(String name) {
    return ModelInferRequest.InferInputTensor.newBuilder()
        .setName(name)
        .setDatatype("BYTES")
        .addShape(1);
  }

  private static InferTensorContents contents(byte[] element) {
    return InferTensorContents.newBuilder().addBytesContents(ByteString.copyFrom(element)).build();
  }

  private static ModelInferRequest withContents() {
    return request()
        .addInputs(input("image").setContents(contents(Fixture.scene())))
        .addInputs(input("text").setContents(contents(Fixture.TEXT.getBytes())))
        .build();
  }

  private static ByteString raw(byte[] element) {
    ByteBuffer raw =
        ByteBuffer.allocate(4 + element.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(element.length)
            .put(element)
            .flip();
    return ByteString.copyFrom(raw);
  }

  @Test
  void tellsHealthAndMetadata() {
    assertTrue(client.serverLive(ServerLiveRequest.getDefaultInstance()).getLive());
    assertTrue(client.serverReady(ServerReadyRequest.getDefaultInstance()).getReady());
    assertTrue(
        client.modelReady(ModelReadyRequest.newBuilder().setName("shapes").build()).getReady());
    assertEquals(
        "scanformer", client.serverMetadata(ServerMetadataRequest.getDefaultInstance()).getName());
    ModelMetadataResponse model =
        client.modelMetadata(ModelMetadataRequest.newBuilder().setName("shapes").build());
    assertEquals("[1]", model.getVersionsList().toString());
    assertEquals("image", model.getInputs(0).getName());
    assertEquals("[-1, 4]", model.getOutputs(0).getShapeList().toString());
  }

  @Test
  void answersContentsAndRawContentsAlike() {
    ModelInferResponse plain = client.modelInfer(withContents());
    assertEquals("7", plain.getId());
    assertEquals("box", plain.getOutputs(0).getName());
    float x = plain.getOutputs(0).getContents().getFp32Contents(0);
    ModelInferResponse raw =
        client.modelInfer(
            request()
                .addInputs(input("image"))
                .addInputs(input("text"))
                .addRawInputContents(raw(Fixture.scene()))
                .addRawInputContents(raw(Fixture.TEXT.getBytes()))
                .build());
    assertFalse(raw.getOutputs(0).hasContents());
    ByteBuffer box =
        raw.getRawOutputContents(0).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(x, box.getFloat(0));
    String location = plain.getOutputs(3).getContents().getBytesContents(0).toStringUtf8();
    assertEquals(x, Fixture.json(location).at("/box/x").floatValue());
  }

  private static void assertRefused(Status.Code code, ModelInferRequest.Builder request) {
    StatusRuntimeException refusal =
        assertThrows(StatusRuntimeException.class, () -> client.modelInfer(request.build()));
    assertEquals(code, refusal.getStatus().getCode(), refusal.toString());
  }

  @Test
  void refusesWhatIsWrong() {
    assertRefused(Status.Code.INVALID_ARGUMENT, request());
    assertRefused(Status.Code.NOT_FOUND, request().setModelName("other"));
    assertRefused(Status.Code.NOT_FOUND, request().setModelVersion("9"));
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        withContents().toBuilder().addRawInputContents(ByteString.EMPTY));
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        withContents().toBuilder()
            .putParameters("found_threshold", InferParameter.getDefaultInstance()));
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        request()
            .addInputs(input("image").setContents(contents(new byte[3])))
            .addInputs(input("text").setContents(contents("a".getBytes()))));
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        request()
            .addInputs(input("image"))
            .addInputs(input("text"))
            .addRawInputContents(ByteString.copyFrom(new byte[] {5, 0, 0, 0, 1}))
            .addRawInputContents(raw("a".getBytes())));
  }

  /** A client reads trailers of 8 KB at most, in which such a character takes nine bytes. */
  @Test
  void repeatsLittleOfWhatIsWrong() {
    assertRefused(Status.Code.NOT_FOUND, request().setModelName("中".repeat(3000)));
  }

  /** A name takes a few bytes of a message, and its tensor many of the answer. */
  @Test
  void givesAnOutputOnce() {
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        withContents().toBuilder().addOutputs(output("location")).addOutputs(output("location")));
  }

  private static ModelInferRequest.InferRequestedOutputTensor output(String name) {
    return ModelInferRequest.InferRequestedOutputTensor.newBuilder().setName(name).build();
  }

  @Test
  void endsAtTheDeadline() {
    StatusRuntimeException late =
        assertThrows(
            StatusRuntimeException.class,
            () -> client.withDeadlineAfter(1, TimeUnit.MILLISECONDS).modelInfer(withContents()));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, late.getStatus().getCode());
  }

  @Test
  void refusesAMessageThatIsTooLarge() {
    StatusRuntimeException refusal =
        assertThrows(
            StatusRuntimeException.class,
            () ->
                client.modelInfer(
                    request()
                        .addRawInputContents(ByteString.copyFrom(new byte[21 << 20]))
                        .build()));
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, refusal.getStatus().getCode());
  }
}
