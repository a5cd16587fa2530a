package org.scanformer.trainer;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.SafetensorsFile;
import org.scanformer.internal.model.SafetensorsWriter;

/**
 * The training loop. A step is a function of the seed and of its number, so a run that was stopped
 * or killed continues from its checkpoint as if it had not been interrupted.
 */
@SuppressWarnings("try") // scopes and guards work by being open
final class Trainer implements AutoCloseable {
  /** Until this share of the run no pairs are left out, as all losses are large. */
  private static final double TRIM_FROM = 0.1;

  private static final double GRADIENT_CLIP = 10;
  private static final double AVERAGE_DECAY = 0.999;

  private static final String STEP = "step";
  private static final long STEP_BASE = 65536;

  /** Every whole number up to this is a float. */
  private static final long MAX_FIRST_DIGIT = 1 << 24;

  private final TrainOptions options;
  private final Parameters parameters;
  private final TrainingModel model;
  private final Losses losses;
  private final Optimizer optimizer;
  private final TrainingData data;
  private final BatchBuilder builder;
  private final Tensor average;
  private LongFunction<SelectionRule> rules;
  private final ExecutorService loader =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "batches");
            thread.setDaemon(true);
            return thread;
          });
  private long step;

  Trainer(
      TrainOptions options,
      Parameters parameters,
      TrainingModel model,
      Losses losses,
      TrainingData data,
      BatchBuilder builder) {
    this.options = options;
    this.parameters = parameters;
    this.model = model;
    this.losses = losses;
    this.data = data;
    this.builder = builder;
    this.optimizer = new Optimizer(parameters, options.muon(), options.weightDecay(), model.type());
    this.average = Torch.zeros(parameters.values().device(), ScalarType.Float, parameters.size());
    average.copy_(parameters.values());
    this.rules =
        new SelectionSchedule(
                options.steps(), options.seed(), options.curriculum(), losses.budget())
            ::rule;
  }

  /**
   * The settings of a run.
   *
   * @param steps of the whole run
   * @param batchSize pairs per step
   * @param adamRate peak learning rate of AdamW
   * @param muonRate peak learning rate of Muon, where used
   * @param muon whether Muon optimises the layers' matrices
   * @param cosine whether the rate falls as a cosine from the warm-up's end; otherwise it is
   *     constant for 30 % of the run and then falls linearly to 0
   * @param warmup steps in which the rate rises from 0
   * @param seed of the initial values and of every random choice
   * @param curriculum whether the run starts with every patch selected
   */
  record TrainOptions(
      long steps,
      int batchSize,
      double adamRate,
      double muonRate,
      boolean muon,
      double weightDecay,
      boolean cosine,
      long warmup,
      long seed,
      boolean curriculum) {
    /** The learning rate's factor at a step, counted from 0. */
    double rate(long step) {
      double rise = warmup == 0 ? 1 : Math.min(1, (step + 1.0) / warmup);
      double progress = (double) step / steps;
      double fall;
      if (cosine) {
        double t = Math.max(0, (double) (step - warmup) / Math.max(1, steps - warmup));
        fall = 0.5 * (1 + Math.cos(Math.PI * t));
      } else {
        fall = progress < 0.3 ? 1 : (1 - progress) / 0.7;
      }
      return rise * fall;
    }
  }

  /**
   * The figures of a step, for the log.
   *
   * @param loss the minimised loss
   * @param boxLoss of the last scale
   * @param gradientNorm before clipping
   * @param rate the learning rate's factor
   * @param everything whether every patch was selected
   * @param tokens of all pairs, of the text and then of each scale
   */
  record StepReport(
      long step,
      double loss,
      double boxLoss,
      double gradientNorm,
      double rate,
      boolean everything,
      double[] hits,
      double[] selectedShare,
      int[] tokens) {}

  /** Steps taken so far. */
  long step() {
    return step;
  }

  /** Names the data, with everything that decides what of it a step has. */
  String dataName() {
    return data.name();
  }

  /** The average of the parameters over the last steps, [size]. */
  Tensor average() {
    return average;
  }

  private double progress(long ofStep) {
    return (double) ofStep / options.steps();
  }

  private Batch load(long ofStep) {
    List<ReferringPair> pairs = data.batch(ofStep, progress(ofStep));
    Batch batch =
        builder.build(pairs, (place, attempt) -> data.replacement(ofStep, place, attempt));
    if (batch == null) {
      throw new IllegalArgumentException(
          "step "
              + ofStep
              + ": none of the pairs of that coarse grid can be read, such as "
              + pairs.get(0).id()
              + " with the image "
              + pairs.get(0).image().name());
    }
    return batch;
  }

  /**
   * Replaces the run's choice of what is selected, to measure steps.
   *
   * @param rules of steps by their numbers, as {@link SelectionSchedule#rule}
   */
  void selectBy(LongFunction<SelectionRule> rules) {
    this.rules = rules;
  }

  /**
   * Trains to the end or until a stop is requested.
   *
   * @param stop asked after every step
   * @param listener called after every step
   */
  void run(BooleanSupplier stop, java.util.function.Consumer<StepReport> listener) {
    Future<Batch> next = step < options.steps() ? submit(step) : null;
    while (step < options.steps()) {
      Batch batch = await(next);
      next = step + 1 < options.steps() ? submit(step + 1) : null;
      listener.accept(train(batch));
      if (stop.getAsBoolean()) {
        break;
      }
    }
    if (next != null) {
      next.cancel(false);
    }
  }

  private Future<Batch> submit(long ofStep) {
    return loader.submit(() -> load(ofStep));
  }

  private static Batch await(Future<Batch> batch) {
    try {
      return batch.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a batch was made", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    }
  }

  private StepReport train(Batch batch) {
    try (PointerScope scope = new PointerScope()) {
      SelectionRule rule = rules.apply(step);
      Scan scan = model.scan(batch, rule);
      Losses.Result loss =
          progress(step) < TRIM_FROM ? losses.of(batch, scan) : losses.trimmed(batch, scan);
      loss.total().backward();
      double rate = options.rate(step);
      double norm;
      try (NoGradGuard guard = new NoGradGuard()) {
        Tensor gradients = parameters.gradients();
        norm = gradients.norm().item_double();
        if (!Double.isFinite(norm)) {
          throw new IllegalStateException(
              "step " + step + ": the gradient's norm is " + norm + "; lower the learning rate");
        }
        if (norm > GRADIENT_CLIP) {
          gradients.mul_(Torch.scalar(GRADIENT_CLIP / norm));
        }
        step++;
        optimizer.step(step, rate * options.adamRate(), rate * options.muonRate());
        gradients.zero_();
        // At first the average follows more quickly.
        double decay = Math.min(AVERAGE_DECAY, (1.0 + step) / (10.0 + step));
        average.lerp_(parameters.values(), Torch.scalar(1 - decay));
      }
      return new StepReport(
          step,
          loss.total().item_double(),
          loss.boxLoss(),
          norm,
          rate,
          rule.isEverything(),
          loss.hits(),
          loss.selectedShare(),
          scan.tokens);
    }
  }

  // ---- Evaluation ----

  /**
   * Evaluates the averaged parameters with several selections.
   *
   * @param groups held-out pairs, as {@link #groups} makes them; those that cannot be read are left
   *     out
   * @param rules what to select
   * @return an evaluation for each rule; null if no pair could be read
   */
  List<Evaluator.Evaluation> evaluate(List<List<ReferringPair>> groups, SelectionRule... rules) {
    return new Evaluator(parameters, model, losses, this::build).evaluate(average, groups, rules);
  }

  /** Groups pairs by their grids into the pairs of batches. */
  List<List<ReferringPair>> groups(List<ReferringPair> pairs) {
    Map<Object, List<ReferringPair>> byGrid = new java.util.LinkedHashMap<>();
    for (ReferringPair pair : pairs) {
      Object grid = parameters.config().coarseGrid(pair.image().width(), pair.image().height());
      byGrid.computeIfAbsent(grid, key -> new ArrayList<>()).add(pair);
    }
    List<List<ReferringPair>> groups = new ArrayList<>();
    for (List<ReferringPair> group : byGrid.values()) {
      for (int i = 0; i < group.size(); i += options.batchSize()) {
        groups.add(List.copyOf(group.subList(i, Math.min(group.size(), i + options.batchSize()))));
      }
    }
    return groups;
  }

  /** Whether any of the pairs can be read. */
  boolean anyReadable(List<ReferringPair> pairs) {
    return pairs.stream().anyMatch(pair -> build(List.of(pair)) != null);
  }

  /** Builds a batch in the loader's thread, as the builder has only one user at a time. */
  private Batch build(List<ReferringPair> pairs) {
    return await(loader.submit(() -> builder.build(pairs, BatchBuilder.Replacement.NONE)));
  }

  // ---- Checkpoints ----

  /** Writes everything that a resumed run needs, atomically. */
  void save(Path file) throws IOException {
    new SafetensorsWriter()
        .metadata("step", Long.toString(step))
        .metadata(CheckpointMetadata.OPTIONS, options.toString())
        .metadata(CheckpointMetadata.DATA, data.name())
        .tensor("values", Torch.floats(parameters.values()), parameters.size())
        .tensor("average", Torch.floats(average), parameters.size())
        .tensor("first", Torch.floats(optimizer.first()), parameters.size())
        .tensor("second", Torch.floats(optimizer.second()), parameters.size())
        .tensor(STEP, new float[] {step / STEP_BASE, step % STEP_BASE}, 2)
        .write(file);
  }

  /**
   * Restores the state of a checkpoint.
   *
   * @throws IllegalArgumentException naming the file and the tensor that is missing, of another
   *     shape, or no number of steps; then nothing is restored
   */
  void restore(Path file) {
    Map<String, Tensor> states =
        Map.of(
            "values", parameters.values(),
            "average", average,
            "first", optimizer.first(),
            "second", optimizer.second());
    try (SafetensorsFile checkpoint = SafetensorsFile.open(file);
        NoGradGuard guard = new NoGradGuard()) {
      requireShape(checkpoint, STEP, 2);
      states.keySet().forEach(name -> requireShape(checkpoint, name, parameters.size()));
      long restored = step(checkpoint);
      states.forEach((name, state) -> Torch.set(state, read(checkpoint, name, parameters.size())));
      step = restored;
    }
  }

  private static void requireShape(SafetensorsFile checkpoint, String name, long length) {
    SafetensorsFile.TensorInfo info = checkpoint.tensors().get(name);
    if (info == null || info.shape().length != 1 || info.shape()[0] != length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: found %s, expected [%d]%s",
              checkpoint.path(),
              info == null
                  ? "no tensor \"" + name + "\""
                  : "the shape " + Arrays.toString(info.shape()) + " of \"" + name + "\"",
              length,
              name.equals(STEP) ? "" : "; was it trained with another configuration?"));
    }
  }

  private static float[] read(SafetensorsFile checkpoint, String name, long length) {
    float[] values = new float[Math.toIntExact(length)];
    checkpoint.read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  /** Two digits to the base 65536, as one float would not hold every step. */
  private static long step(SafetensorsFile checkpoint) {
    float[] digits = read(checkpoint, STEP, 2);
    if (!isWhole(digits[0], MAX_FIRST_DIGIT) || !isWhole(digits[1], STEP_BASE - 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: found %s in \"%s\", expected whole numbers from 0 to %d and from 0 to %d",
              checkpoint.path(),
              Arrays.toString(digits),
              STEP,
              MAX_FIRST_DIGIT,
              STEP_BASE - 1));
    }
    return (long) digits[0] * STEP_BASE + (long) digits[1];
  }

  private static boolean isWhole(float number, long most) {
    return number >= 0 && number <= most && number == (long) number;
  }

  @Override
  public void close() {
    loader.shutdownNow();
    optimizer.close();
    average.close();
    builder.close();
  }
}
