package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.BatcherOptions;
import org.scanformer.Image;
import org.scanformer.ScanFormerOptions;
import org.scanformer.server.grpc.GrpcFront;
import org.scanformer.server.grpc.RawCall;
import org.scanformer.server.grpc.inference.InferTensorContents;
import org.scanformer.server.grpc.inference.ModelInferRequest;
import org.scanformer.server.oip.Inference;

/** What waits for a decoder is counted while it waits, whether or not its client still does. */
@Timeout(60)
class HeldMemoryTest {
  private static final int MIB = 1 << 20;

  private final Limits limits = Limits.defaults();
  private final Admission admission = new Admission(limits);
  private final CountDownLatch busy = new CountDownLatch(1);
  private final ThreadPoolExecutor decoder =
      new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
  private final LocateService service = new LocateService(limits, decoder);

  @BeforeEach
  void keepTheDecoderBusy() {
    decoder.execute(
        () -> {
          try {
            busy.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  @AfterEach
  void stop() {
    busy.countDown();
    service.close();
  }

  private void assertAllIsGivenBack() {
    busy.countDown();
    while (admission.bytes() > 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aFileWhoseRequestIsOverIsCountedUntilItsTurn() {
    Admission.Ticket ticket = admission.open();
    ticket.reserve(10);
    CompletableFuture<Image> image =
        service.decode(
            new byte[10], ticket, LocateService.deadline(System.nanoTime(), Duration.ZERO));
    ticket.close();
    assertEquals(10, admission.bytes());
    assertAllIsGivenBack();
    CompletionException failure = assertThrows(CompletionException.class, image::join);
    assertEquals(FailureKind.DEADLINE, ServiceException.of(failure).kind());
  }

  @Test
  void aMessageWhoseCallIsCancelledIsCountedUntilItsTurn() {
    Models models =
        Models.load(
            List.of(ModelSpec.BUNDLED),
            spec ->
                ServedModel.load(
                    spec, ScanFormerOptions.builder().build(), BatcherOptions.builder()));
    try (models;
        GrpcFront front =
            new GrpcFront(
                Fixture.options(limits),
                models,
                new ServerState("1", models, admission),
                new Inference(service),
                admission,
                RequestObserver.NONE);
        RawCall client = new RawCall(front.port())) {
      Runnable cancel = client.ask(message());
      while (decoder.getQueue().isEmpty()) {
        Thread.onSpinWait();
      }
      assertEquals(1, admission.requests());
      cancel.run();
      while (admission.requests() > 0 && admission.bytes() > 0) {
        Thread.onSpinWait();
      }
      assertTrue(admission.bytes() >= MIB, "" + admission.bytes());
      assertEquals(0, admission.requests());
      assertAllIsGivenBack();
    }
  }

  private static byte[] message() {
    return ModelInferRequest.newBuilder()
        .setModelName("shapes")
        .addInputs(input("image", new byte[MIB]))
        .addInputs(input("text", new byte[] {'a'}))
        .build()
        .toByteArray();
  }

  private static ModelInferRequest.InferInputTensor input(String name, byte[] element) {
    return ModelInferRequest.InferInputTensor.newBuilder()
        .setName(name)
        .setDatatype("BYTES")
        .addShape(1)
        .setContents(
            InferTensorContents.newBuilder().addBytesContents(ByteString.copyFrom(element)))
        .build();
  }
}
