package org.scanformer.server.grpc;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.scanformer.server.Admission;
import org.scanformer.server.Limits;
import org.scanformer.server.LocateService;
import org.scanformer.server.Models;
import org.scanformer.server.ServedModel;
import org.scanformer.server.ServerState;
import org.scanformer.server.ServiceException;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc;
import org.scanformer.server.grpc.inference.ModelInferRequest;
import org.scanformer.server.grpc.inference.ModelInferResponse;
import org.scanformer.server.grpc.inference.ModelMetadataRequest;
import org.scanformer.server.grpc.inference.ModelMetadataResponse;
import org.scanformer.server.grpc.inference.ModelReadyRequest;
import org.scanformer.server.grpc.inference.ModelReadyResponse;
import org.scanformer.server.grpc.inference.ServerLiveRequest;
import org.scanformer.server.grpc.inference.ServerLiveResponse;
import org.scanformer.server.grpc.inference.ServerMetadataRequest;
import org.scanformer.server.grpc.inference.ServerMetadataResponse;
import org.scanformer.server.grpc.inference.ServerReadyRequest;
import org.scanformer.server.grpc.inference.ServerReadyResponse;
import org.scanformer.server.oip.Inference;
import org.scanformer.server.oip.InferenceRequest;
import org.scanformer.server.oip.Tensor;
import org.scanformer.server.oip.TensorMetadata;

/** The protocol's procedures. Thread-safe. */
final class InferenceService extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
  private final Models models;
  private final ServerState state;
  private final Inference inference;
  private final Limits limits;

  InferenceService(Models models, ServerState state, Inference inference, Limits limits) {
    this.models = models;
    this.state = state;
    this.inference = inference;
    this.limits = limits;
  }

  private static <A> void answer(StreamObserver<A> caller, Supplier<A> answer) {
    try {
      caller.onNext(answer.get());
      caller.onCompleted();
    } catch (ServiceException e) {
      caller.onError(GrpcFailures.of(e));
    }
  }

  @Override
  public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> caller) {
    answer(caller, () -> ServerLiveResponse.newBuilder().setLive(true).build());
  }

  @Override
  public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> caller) {
    answer(caller, () -> ServerReadyResponse.newBuilder().setReady(state.isReady()).build());
  }

  @Override
  public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> caller) {
    answer(
        caller,
        () ->
            ModelReadyResponse.newBuilder()
                .setReady(
                    models.get(request.getName(), request.getVersion()).isReady()
                        && !state.isDraining())
                .build());
  }

  @Override
  public void serverMetadata(
      ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> caller) {
    // Binary tensors are raw_input_contents here, which is no extension.
    answer(
        caller,
        () ->
            ServerMetadataResponse.newBuilder()
                .setName(ServerState.NAME)
                .setVersion(state.version())
                .build());
  }

  @Override
  public void modelMetadata(
      ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> caller) {
    answer(
        caller,
        () -> {
          ServedModel model = models.get(request.getName(), request.getVersion());
          return ModelMetadataResponse.newBuilder()
              .setName(model.name())
              .addAllVersions(models.versions(model.name()))
              .setPlatform(ServerState.PLATFORM)
              .addAllInputs(TensorMetadata.inputs().stream().map(ProtoTensors::metadata).toList())
              .addAllOutputs(
                  TensorMetadata.outputs(model).stream().map(ProtoTensors::metadata).toList())
              .build();
        });
  }

  @Override
  public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> caller) {
    long deadline = deadline();
    // The message is held while it is worked on, though a call that is cancelled has ended.
    Admission.Ticket ticket = InboundMemory.ofCall().ticket();
    try {
      ticket.retain();
    } catch (ServiceException e) {
      caller.onError(GrpcFailures.of(e));
      return;
    }
    CompletableFuture<ModelInferResponse> answer = begin(request, ticket, deadline);
    ((ServerCallStreamObserver<ModelInferResponse>) caller)
        .setOnCancelHandler(
            () -> answer.completeExceptionally(Status.CANCELLED.asRuntimeException()));
    answer
        .orTimeout(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)
        .whenComplete(
            (response, failure) -> {
              ticket.close();
              ticket.release();
              if (failure != null) {
                caller.onError(GrpcFailures.of(failure));
              } else {
                reply(caller, response);
              }
            });
  }

  private CompletableFuture<ModelInferResponse> begin(
      ModelInferRequest request, Admission.Ticket ticket, long deadline) {
    try {
      ticket.enter();
      return infer(request, ticket, deadline);
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static void reply(
      StreamObserver<ModelInferResponse> caller, ModelInferResponse response) {
    try {
      caller.onNext(response);
      caller.onCompleted();
    } catch (RuntimeException | Error e) {
      // Nobody is told of it otherwise, and the client would wait for its answer.
      caller.onError(GrpcFailures.of(e));
    }
  }

  private long deadline() {
    Duration most = limits.requestTime();
    Deadline asked = Context.current().getDeadline();
    long nanos = asked == null ? Long.MAX_VALUE : asked.timeRemaining(TimeUnit.NANOSECONDS);
    return LocateService.deadline(
        System.nanoTime(), nanos < most.toNanos() ? Duration.ofNanos(nanos) : most);
  }

  private CompletableFuture<ModelInferResponse> infer(
      ModelInferRequest request, Admission.Ticket ticket, long deadline) {
    ServedModel model = models.get(request.getModelName(), request.getModelVersion());
    List<ByteString> raw = request.getRawInputContentsList();
    if (!raw.isEmpty() && raw.size() != request.getInputsCount()) {
      throw ServiceException.badRequest(
          "%d raw_input_contents found, expected one for each of %d inputs",
          raw.size(), request.getInputsCount());
    }
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < request.getInputsCount(); i++) {
      inputs.add(ProtoTensors.read(request.getInputs(i), raw.isEmpty() ? null : raw.get(i)));
    }
    InferenceRequest asked =
        new InferenceRequest(
            request.getId(),
            ProtoTensors.parameters(request.getParametersMap()),
            inputs,
            request.getOutputsList().stream()
                .map(ModelInferRequest.InferRequestedOutputTensor::getName)
                .toList());
    CompletableFuture<List<Tensor>> found = inference.infer(model, asked, ticket, deadline);
    CompletableFuture<ModelInferResponse> answer =
        found.thenApply(
            outputs -> {
              ModelInferResponse.Builder response =
                  ModelInferResponse.newBuilder()
                      .setModelName(model.name())
                      .setModelVersion(model.version())
                      .setId(request.getId());
              outputs.forEach(output -> ProtoTensors.write(response, output, !raw.isEmpty()));
              return response.build();
            });
    // Nobody waits any more, as the call was cancelled or its deadline has passed.
    answer.whenComplete((response, failure) -> found.cancel(false));
    return answer;
  }
}
