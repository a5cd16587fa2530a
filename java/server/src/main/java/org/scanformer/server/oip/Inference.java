package org.scanformer.server.oip;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Schedule;
import org.scanformer.server.Admission;
import org.scanformer.server.Json;
import org.scanformer.server.LocateService;
import org.scanformer.server.Question;
import org.scanformer.server.ServedModel;
import org.scanformer.server.ServiceException;

/**
 * Makes requests of tensors, and tensors of the answers. As many images as expressions are asked
 * one to one; a single image is asked for every expression, and a single expression in every image.
 * Thread-safe.
 */
public final class Inference {
  /** The most questions of a request. */
  public static final int MAX_QUESTIONS = Tensor.MAX_STRINGS;

  private final LocateService service;

  /** Asks through a service. */
  public Inference(LocateService service) {
    this.service = service;
  }

  /**
   * Answers a request.
   *
   * @param ticket counts what its images hold
   * @param deadline a {@link System#nanoTime()}
   * @return the outputs that the request names; fails as a whole with the first failure. What has
   *     not begun then, or when the future is cancelled, is not run
   */
  public CompletableFuture<List<Tensor>> infer(
      ServedModel model, InferenceRequest request, Admission.Ticket ticket, long deadline) {
    List<String> outputs = outputs(model, request);
    Inputs inputs = Inputs.of(request);
    int count = inputs.questions();
    if (count > MAX_QUESTIONS) {
      throw ServiceException.badRequest(
          "The request asks %d questions, at most %d are allowed", count, MAX_QUESTIONS);
    }
    List<Question> questions = new ArrayList<>();
    for (int i = 0; i < inputs.text().strings().size(); i++) {
      questions.add(question(inputs.text().text(i), request.parameters()));
    }
    List<CompletableFuture<Image>> images = inputs.images(service, ticket, deadline);
    CompletableFuture<List<Location>> whole = new CompletableFuture<>();
    images.forEach(image -> withdraw(image, whole));
    List<CompletableFuture<Location>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Question question = questions.get(questions.size() == 1 ? 0 : i);
      answers.add(
          images
              .get(images.size() == 1 ? 0 : i)
              .thenCompose(
                  image ->
                      whole.isDone()
                          ? CompletableFuture.failedFuture(new CancellationException())
                          : withdraw(
                              service.locate(model, image, question, ticket, deadline), whole)));
    }
    complete(whole, answers);
    CompletableFuture<List<Tensor>> tensors =
        whole.thenApplyAsync(found -> tensors(found, outputs), service.writers());
    tensors.whenComplete(
        (made, failure) -> {
          if (failure != null) {
            whole.completeExceptionally(failure);
          }
        });
    return tensors;
  }

  /** Cancels a part of a request when the request has failed. */
  private static <T> CompletableFuture<T> withdraw(
      CompletableFuture<T> part, CompletableFuture<?> whole) {
    whole.whenComplete(
        (found, failure) -> {
          if (failure != null) {
            part.cancel(false);
          }
        });
    return part;
  }

  /** Completes a request with all of its answers, or with the first failure. */
  private static void complete(
      CompletableFuture<List<Location>> whole, List<CompletableFuture<Location>> answers) {
    answers.forEach(
        answer ->
            answer.whenComplete(
                (location, failure) -> {
                  if (failure != null) {
                    whole.completeExceptionally(failure);
                  }
                }));
    CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .thenRun(() -> whole.complete(answers.stream().map(CompletableFuture::join).toList()));
  }

  private static List<String> outputs(ServedModel model, InferenceRequest request) {
    List<String> known = TensorMetadata.outputs(model).stream().map(TensorMetadata::name).toList();
    for (String name : request.outputs()) {
      if (!known.contains(name)) {
        throw ServiceException.badRequest(
            "The model %s has no output '%s': its outputs are %s", model.name(), name, known);
      }
    }
    // A name of a few bytes asks for a tensor of thousands.
    if (request.outputs().stream().distinct().count() < request.outputs().size()) {
      throw ServiceException.badRequest(
          "%d outputs are named, expected each of %s once at most",
          request.outputs().size(), known);
    }
    return request.outputs().isEmpty() ? known : request.outputs();
  }

  private static Question question(String text, Map<String, Object> parameters) {
    Object threshold = parameters.get("found_threshold");
    if (threshold != null && !(threshold instanceof Number)) {
      throw ServiceException.badRequest("found_threshold must be a number, found %s", threshold);
    }
    Object candidates = parameters.get("candidates");
    if (candidates != null
        && !(candidates instanceof Number number && number.doubleValue() == number.intValue())) {
      throw ServiceException.badRequest("candidates must be a whole number, found %s", candidates);
    }
    Object schedule = parameters.get("schedule");
    return new Question(
        text,
        threshold == null ? null : ((Number) threshold).doubleValue(),
        candidates == null ? 0 : ((Number) candidates).intValue(),
        schedule(schedule == null ? null : schedule.toString()));
  }

  /**
   * The schedule of a name.
   *
   * @param name null for the default
   * @throws ServiceException BAD_REQUEST when there is none of that name
   */
  public static Schedule schedule(String name) {
    return switch (name == null ? "final-only" : name.toLowerCase(Locale.ROOT)) {
      case "final-only" -> Schedule.FINAL_ONLY;
      case "per-scale" -> Schedule.PER_SCALE;
      default ->
          throw ServiceException.badRequest(
              "schedule must be final-only or per-scale, found '%s'", name);
    };
  }

  private static List<Tensor> tensors(List<Location> found, List<String> outputs) {
    return outputs.stream().map(name -> tensor(name, found)).toList();
  }

  private static Tensor tensor(String name, List<Location> found) {
    long[] shape = {found.size()};
    return switch (name) {
      case TensorMetadata.BOX ->
          floats(
              name,
              new long[] {found.size(), 4},
              found.stream()
                  .map(Location::box)
                  .flatMap(box -> Stream.of(box.x(), box.y(), box.width(), box.height()))
                  .toList());
      case TensorMetadata.SCORE ->
          floats(name, shape, found.stream().map(Location::score).toList());
      case TensorMetadata.FOUND -> {
        ByteBuffer flags = ByteBuffer.allocate(found.size());
        found.forEach(location -> flags.put((byte) (location.found() ? 1 : 0)));
        yield Tensor.ofRaw(name, Datatype.BOOL, shape, flags.flip());
      }
      default ->
          Tensor.ofStrings(
              name, shape, found.stream().map(location -> Json.write(location.toMap())).toList());
    };
  }

  private static Tensor floats(String name, long[] shape, List<? extends Number> values) {
    ByteBuffer raw = ByteBuffer.allocate(4 * values.size()).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(value -> raw.putFloat(value.floatValue()));
    return Tensor.ofRaw(name, Datatype.FP32, shape, raw.flip());
  }
}
