package org.scanformer;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.scanformer.internal.engine.Backends;
import org.scanformer.internal.engine.Engine;
import org.scanformer.internal.engine.JavaMemory;
import org.scanformer.internal.engine.ModelInspection;
import org.scanformer.internal.engine.Trace;
import org.scanformer.internal.files.Uninterrupted;
import org.scanformer.internal.model.BundledModel;

/**
 * A model that finds the object in an image that an expression refers to.
 *
 * <pre>{@code
 * try (ScanFormer model = ScanFormer.load(Path.of("model"))) {
 *   Location found = model.locate(Image.read(Path.of("street.jpg")), "the man left of the red car");
 *   System.out.println(found.box());
 * }
 * }</pre>
 *
 * <p>Thread-safe: calls of several threads run one after another, each with all the threads of the
 * device. Memory is reserved when the model is loaded, for {@link ScanFormerOptions#maxBatch()}
 * requests of any size. Live callers use {@link #openSession}. After {@link #close()} every call is
 * an {@link IllegalStateException}. Loading and calls ignore interrupts, and leave the interrupt
 * status set.
 */
public final class ScanFormer implements Locator, AutoCloseable {
  private final Engine engine;
  private final Schedule schedule;

  private ScanFormer(Engine engine, Schedule schedule) {
    this.engine = engine;
    this.schedule = schedule;
  }

  /** Loads the bundled model with the default options. */
  public static ScanFormer load() {
    return load(ScanFormerOptions.defaults());
  }

  /**
   * Loads the bundled model: the one that a jar such as {@code scanformer-model-photos} or {@code
   * scanformer-model-shapes} provides. None is preferred, so that a jar added to the class path
   * never changes answers in silence.
   *
   * @throws ScanFormerException BAD_MODEL when there is none, or more than one, as then {@link
   *     #load(ModelProvider)} is to choose; otherwise as {@link #load(Path, ScanFormerOptions)}
   */
  public static ScanFormer load(ScanFormerOptions options) {
    return Backends.whileLoading(
        options, () -> BundledModel.with(directory -> load(directory, options)));
  }

  /** Loads a model of {@link Models}, or a provider's own, with the default options. */
  public static ScanFormer load(ModelProvider model) {
    return load(model, ScanFormerOptions.defaults());
  }

  /**
   * Loads a model of {@link Models}, or a provider's own: for programs with several bundled models,
   * or with one that no service file names. Its files are unpacked while it is loaded.
   *
   * @throws ScanFormerException BAD_MODEL when it is not there; otherwise as {@link #load(Path,
   *     ScanFormerOptions)}
   */
  public static ScanFormer load(ModelProvider model, ScanFormerOptions options) {
    Objects.requireNonNull(model, "model");
    return Backends.whileLoading(
        options, () -> BundledModel.with(model, directory -> load(directory, options)));
  }

  /** Loads a model directory with the default options. */
  public static ScanFormer load(Path directory) {
    return load(directory, ScanFormerOptions.defaults());
  }

  /**
   * Loads a model directory: {@code config.json}, {@code model.safetensors} and {@code
   * tokenizer.json}.
   *
   * @throws ScanFormerException BAD_MODEL naming the file and field or tensor; UNSUPPORTED when no
   *     device can do what the options ask for; OUT_OF_MEMORY with the bytes needed and available
   */
  public static ScanFormer load(Path directory, ScanFormerOptions options) {
    return load(directory, options, Backends::open);
  }

  static ScanFormer load(Path directory, ScanFormerOptions options, Engine.BackendOpener opener) {
    return JavaMemory.guard(
        "loading the model " + directory,
        () ->
            new ScanFormer(
                Uninterrupted.call(() -> Engine.load(directory, options, opener)),
                options.schedule()));
  }

  Engine engine() {
    return engine;
  }

  /**
   * Says what a model directory holds and what a model loaded with these options would reserve,
   * without reading the weights.
   *
   * @throws ScanFormerException as {@link #load(Path, ScanFormerOptions)}
   */
  public static ModelInfo inspect(Path directory, ScanFormerOptions options) {
    return JavaMemory.guard(
        "inspecting the model " + directory,
        () -> Uninterrupted.call(() -> ModelInspection.of(directory, options)));
  }

  /**
   * Says the same of the bundled model.
   *
   * @throws ScanFormerException as {@link #load(ScanFormerOptions)}
   */
  public static ModelInfo inspect(ScanFormerOptions options) {
    return BundledModel.with(directory -> inspect(directory, options));
  }

  /**
   * Says the same of a model of {@link Models}, or of a provider's own.
   *
   * @throws ScanFormerException as {@link #load(ModelProvider, ScanFormerOptions)}
   */
  public static ModelInfo inspect(ModelProvider model, ScanFormerOptions options) {
    Objects.requireNonNull(model, "model");
    return BundledModel.with(model, directory -> inspect(directory, options));
  }

  /** What each backend finds on this machine. Never throws. */
  public static List<DeviceReport> devices() {
    return Backends.devices();
  }

  /** The device family that this model runs on. */
  public BackendKind backend() {
    return engine.backend();
  }

  /** The precision that this model runs in. */
  public Precision precision() {
    return engine.precision();
  }

  /** The fields of the model's config.json, by their names there. Unmodifiable. */
  public Map<String, Object> config() {
    return engine.config();
  }

  /**
   * Encodes an expression for use with many images. What the model does not read of it is told by
   * {@link Expression#unknownWords()} and {@link Expression#truncated()}.
   *
   * @throws ScanFormerException BAD_INPUT when it is blank, or when the model cannot read it whole
   *     and is {@linkplain ScanFormerOptions#strictExpressions() strict}
   */
  public Expression encode(String expression) {
    return JavaMemory.guard("encoding an expression", () -> engine.encode(expression));
  }

  /**
   * Opens a session: a caller's own line to the model, for frames one after another in bounded
   * time.
   *
   * @throws ScanFormerException OUT_OF_MEMORY with the bytes needed and available
   */
  public Session openSession(SessionOptions options) {
    return JavaMemory.guard("a session", () -> new Session(engine, options));
  }

  /** Bytes that a session with these options reserves on the device. */
  public long sessionBytes(SessionOptions options) {
    return engine.contextBytes(options.limits());
  }

  /**
   * Opens a queue that answers the requests of many callers in batches, on this model's device.
   *
   * @throws ScanFormerException OUT_OF_MEMORY with the bytes needed and available
   */
  public Batcher openBatcher(BatcherOptions options) {
    return Batcher.open(List.of(this), options);
  }

  /** Answers one request. */
  @Override
  public Location locate(Request request) {
    return locate(List.of(Objects.requireNonNull(request, "request"))).get(0);
  }

  /**
   * Answers requests together, in their order. Requests that share an {@link Image} object share
   * its pyramid.
   *
   * @throws ScanFormerException BAD_INPUT naming the request's number, when one of them is not
   *     usable
   */
  @Override
  public List<Location> locate(List<Request> requests) {
    return locate(requests, schedule);
  }

  /**
   * Locates every expression in every image, under the model's schedule and with the options of
   * {@link Request#of(Image, String)}. See {@link #locateAll(List, List, UnaryOperator, Schedule)}.
   */
  public List<List<Location>> locateAll(List<Image> images, List<String> expressions) {
    return locateAll(images, expressions, UnaryOperator.identity(), schedule);
  }

  /**
   * Locates every expression in every image, with options:
   *
   * <pre>{@code
   * model.locateAll(
   *     images,
   *     expressions,
   *     request -> request.withFoundThreshold(0.6).withCandidates(3),
   *     Schedule.PER_SCALE);
   * }</pre>
   *
   * <p>Each expression is encoded once for all images, and what follows runs in full batches
   * ({@link ScanFormerOptions#maxBatch()}), in which the expressions of one image share its
   * pyramid. At most a batch of encoded expressions is held at a time, in device memory beyond what
   * the model has reserved, as {@link #encode} takes it; for a single image none is. The answers
   * are those of separate calls with expressions that were encoded before.
   *
   * @param options called once for each image and expression; adds options to the request by its
   *     with-methods
   * @return [images][expressions], in the orders of the arguments
   * @throws ScanFormerException BAD_INPUT naming the number of the image and of the expression,
   *     from 0, when one of them is not usable or when {@code options} gives another image or
   *     expression; none is located then
   * @throws NullPointerException naming the argument, with its number in a list
   */
  public List<List<Location>> locateAll(
      List<Image> images,
      List<String> expressions,
      UnaryOperator<Request> options,
      Schedule schedule) {
    return LocateAll.of(this, images, expressions, options).run(schedule);
  }

  /**
   * Answers requests together under a schedule.
   *
   * @throws NullPointerException naming the argument, with its number in the list
   */
  public List<Location> locate(List<Request> requests, Schedule schedule) {
    return locate(requests, schedule, null);
  }

  List<Location> locate(List<Request> requests, Schedule schedule, Trace trace) {
    Objects.requireNonNull(schedule, "schedule");
    List<Request> all = Elements.of("requests", requests);
    return JavaMemory.guard(
        "a call of " + all.size() + " requests", () -> engine.locate(all, schedule, trace));
  }

  /** The device, the precision and the model's size. */
  @Override
  public String toString() {
    Map<String, Object> config = config();
    return "ScanFormer on "
        + backend()
        + " in "
        + precision()
        + ", "
        + config.get("num_hidden_layers")
        + " layers of "
        + config.get("hidden_size")
        + ", "
        + config.get("num_scales")
        + " scales";
  }

  /**
   * Waits for a running call and frees everything, encoded expressions included. Idempotent.
   *
   * @throws IllegalStateException within a call of the model, its sessions or its batchers, by a
   *     listener, by metrics or by a stage of a batcher's future
   */
  @Override
  public void close() {
    engine.close();
  }
}
