package org.scanformer.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import com.sun.management.ThreadMXBean;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.server.Admission;
import org.scanformer.server.Fixture;
import org.scanformer.server.Limits;
import org.scanformer.server.ServiceException;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import org.scanformer.server.grpc.inference.InferTensorContents;
import org.scanformer.server.grpc.inference.ModelInferRequest;

/** Messages that protobuf would make many objects of are refused before it makes them. */
@Timeout(60)
class MessageMemoryTest {
  private static final int MOST = 20 << 20;

  private static Fixture server;
  private static RawCall client;

  @BeforeAll
  static void start() {
    server = Fixture.limited(MessageMemoryTest::small);
    client = new RawCall(server.server().grpcPort());
  }

  private static Limits small(Limits limits) {
    return new Limits(
        limits.bodyBytes(),
        limits.pixels(),
        limits.requests(),
        128 << 20,
        limits.connections(),
        limits.headerTime(),
        limits.bodyTime(),
        limits.requestTime(),
        limits.drainTime());
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  /** As many as fit of a field of two bytes, within messages of the fields that are named. */
  private static byte[] full(int tag, int... within) throws IOException {
    byte[] message = new byte[MOST];
    for (int i = 0; i < message.length; i += 2) {
      message[i] = (byte) tag;
    }
    for (int i = within.length - 1; i >= 0; i--) {
      ByteArrayOutputStream outer = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(outer);
      out.writeByteArray(within[i], message);
      out.flush();
      message = outer.toByteArray();
    }
    return message;
  }

  private static int bytesField(int number) {
    return number << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  private static void assertRefused(byte[] message, Status.Code code, String told) {
    Status end = client.askUnread(message).get();
    assertEquals(code, end.getCode(), end.toString());
    assertTrue(end.getDescription().contains(told), end.toString());
  }

  private static void assertHasTooManyFields(byte[] message) {
    assertRefused(message, Status.Code.INVALID_ARGUMENT, "more than 1000 fields");
  }

  @Test
  void manyEmptyInputsAreRefusedTimeAndAgain() throws IOException {
    byte[] message = full(bytesField(5));
    for (int i = 0; i < 20; i++) {
      assertHasTooManyFields(message);
    }
  }

  @Test
  void manyOfEveryMessageAreRefused() throws IOException {
    assertHasTooManyFields(full(bytesField(4)));
    assertHasTooManyFields(full(bytesField(6)));
    assertHasTooManyFields(full(bytesField(7)));
    assertHasTooManyFields(full(bytesField(4), 5));
    assertHasTooManyFields(full(bytesField(5), 5));
    assertHasTooManyFields(full(bytesField(2), 6));
    assertHasTooManyFields(full(bytesField(2), 4));
    assertHasTooManyFields(full(bytesField(3), 6, 2, 2));
    assertHasTooManyFields(full(bytesField(8), 5, 5));
  }

  @Test
  void manyUnknownFieldsAreRefused() throws IOException {
    assertHasTooManyFields(full(15 << 3 | WireFormat.WIRETYPE_VARINT));
    assertHasTooManyFields(full(5 << 3 | WireFormat.WIRETYPE_VARINT));
    assertHasTooManyFields(full(bytesField(9), 5, 5));
  }

  @Test
  void manyNumbersFindNoMemory() throws IOException {
    for (byte[] message :
        List.of(full(4 << 3, 5, 5), full(3 << 3, 5), full(0, 5, 5, 4), full(0, 5, 3))) {
      assertRefused(message, Status.Code.RESOURCE_EXHAUSTED, "send less");
    }
  }

  @Test
  void groupsAreRefusedHoweverDeep() {
    byte[] message = new byte[MOST];
    Arrays.fill(message, (byte) (1 << 3 | WireFormat.WIRETYPE_START_GROUP));
    assertRefused(message, Status.Code.INVALID_ARGUMENT, "groups");
  }

  @Test
  void whatIsNoMessageIsTold() throws IOException {
    for (byte[] message : List.of(new byte[] {0}, new byte[] {0x2a, 9}, new byte[] {0x0a, 1, -1})) {
      assertRefused(message, Status.Code.INVALID_ARGUMENT, "The message cannot be read");
    }
  }

  @Test
  void nothingIsMadeOfWhatIsRefused() throws IOException {
    byte[] message = full(bytesField(5));
    Admission.Ticket ticket = new Admission(Limits.defaults()).open();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(thread);
    assertThrows(
        ServiceException.class,
        () -> MessageMemory.count(message, ModelInferRequest.getDescriptor(), ticket));
    long made = threads.getThreadAllocatedBytes(thread) - before;
    assertTrue(made < 1 << 20, made + " bytes");
  }

  @Test
  void numbersAreCountedAlikeOneByOneAndPacked() throws IOException {
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder();
    InferTensorContents.Builder contents =
        request
            .addInputsBuilder()
            .getContentsBuilder()
            .addAllUintContents(Collections.nCopies(1000, 300));
    assertEquals(12_000, counted(request.build().toByteArray()) - 3 * 128);
    contents.clear().addAllFp64Contents(Collections.nCopies(1000, 0.5));
    assertEquals(24_000, counted(request.build().toByteArray()) - 3 * 128);
    contents.clear().addAllBoolContents(Collections.nCopies(1000, true));
    assertEquals(3_000, counted(request.build().toByteArray()) - 3 * 128);
    byte[] oneByOne = {0x2a, 6, 0x2a, 4, 0x20, 1, 0x20, 2};
    assertEquals(24, counted(oneByOne) - 2 * 128);
  }

  private static long counted(byte[] message) throws IOException {
    Admission admission = new Admission(Limits.defaults());
    MessageMemory.count(message, ModelInferRequest.getDescriptor(), admission.open());
    return admission.bytes();
  }

  @Test
  void theMostQuestionsAreAnswered() throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), "png", png);
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName("shapes");
    request.addInputs(input("image", ByteString.copyFrom(png.toByteArray())));
    request.addInputs(input("text", ByteString.copyFromUtf8("the star")));
    Status end = client.askUnread(request.build().toByteArray()).get();
    assertTrue(end.isOk(), end.toString());
  }

  private static ModelInferRequest.InferInputTensor input(String name, ByteString element) {
    return ModelInferRequest.InferInputTensor.newBuilder()
        .setName(name)
        .setDatatype("BYTES")
        .addShape(256)
        .setContents(
            InferTensorContents.newBuilder().addAllBytesContents(Collections.nCopies(256, element)))
        .build();
  }

  @Test
  void compressedMessagesAreCountedToo() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.server().grpcPort())
            .usePlaintext()
            .build();
    GRPCInferenceServiceBlockingStub stub =
        GRPCInferenceServiceGrpc.newBlockingStub(channel).withCompression("gzip");
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName("none");
    assertEquals(Status.Code.NOT_FOUND, failure(stub, request).getCode());
    request.addRawInputContents(ByteString.copyFrom(new byte[MOST + (1 << 17)]));
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, failure(stub, request).getCode());
    request.clear().addAllRawInputContents(Collections.nCopies(1001, ByteString.EMPTY));
    assertEquals(Status.Code.INVALID_ARGUMENT, failure(stub, request).getCode());
    channel.shutdownNow();
  }

  private static Status failure(
      GRPCInferenceServiceBlockingStub stub, ModelInferRequest.Builder request) {
    return assertThrows(StatusRuntimeException.class, () -> stub.modelInfer(request.build()))
        .getStatus();
  }
}
