package org.scanformer.trainer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.datasets.ReferringPair;

/**
 * The training loop. A step is a function of the seed and of its number, so a run that was stopped
 * or killed continues from its checkpoint as if it had not been interrupted. Where a run is to take
 * a time, its schedules go by the time that it has taken.
 */
@SuppressWarnings("try") // scopes and guards work by being open
final class Trainer implements AutoCloseable {
  /** Until this share of the run no pairs are left out, as all losses are large. */
  private static final double TRIM_FROM = 0.1;

  private static final double GRADIENT_CLIP = 10;
  private static final double AVERAGE_DECAY = 0.999;

  private final TrainOptions options;
  private final Parameters parameters;
  private final TrainingModel model;
  private final Losses losses;
  private final Optimizer optimizer;
  private final TrainingData data;
  private final TrainingCheckpoint checkpoints;
  private final BatchLoader loader;
  private final Tensor average;
  private LongFunction<SelectionRule> rules;
  private long step;

  /** When the run began or, resumed, would have begun; null before its first step here. */
  private Long begin;

  private double secondsBefore;

  /**
   * A trainer.
   *
   * @param heads that the parameters have for training
   * @param builders make batches, each in a thread of its own; the trainer closes them
   */
  Trainer(
      TrainOptions options,
      Parameters parameters,
      TrainingModel model,
      Losses losses,
      AuxiliaryHeads heads,
      TrainingData data,
      List<BatchBuilder> builders) {
    this.options = options;
    this.parameters = parameters;
    this.model = model;
    this.losses = losses;
    this.data = data;
    this.loader = new BatchLoader(builders, model.device());
    this.optimizer = new Optimizer(parameters, options.muon(), options.weightDecay(), model.type());
    this.average = Torch.zeros(parameters.values().device(), ScalarType.Float, parameters.size());
    average.copy_(parameters.values());
    this.checkpoints =
        new TrainingCheckpoint(
            Map.of(
                "values", parameters.values(),
                "average", average,
                "first", optimizer.first(),
                "second", optimizer.second()),
            CheckpointLayout.of(parameters, heads),
            options.muon() ? "muon" : "adamw");
    SelectionSchedule selection =
        new SelectionSchedule(
            options.steps(), options.seed(), options.curriculum(), losses.budget());
    this.rules = ofStep -> selection.rule(ofStep, progress(ofStep));
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

  /** Names the data, with what decides which of it a step has, as far as the data tells. */
  String dataName() {
    long pairs =
        data.epochs().stream()
            .flatMap(epoch -> epoch.pairs().values().stream())
            .mapToLong(Integer::longValue)
            .sum();
    return data.name() + (pairs == 0 ? "" : ", " + pairs + " pairs");
  }

  /** All settings that decide what a step does. */
  String settings() {
    return options + ", " + losses + ", " + model;
  }

  /** The average of the parameters over the last steps, [size]. */
  Tensor average() {
    return average;
  }

  private double progress(long ofStep) {
    return options.isTimed()
        ? Math.min(1, seconds() / options.seconds())
        : (double) ofStep / options.steps();
  }

  /** The seconds that the run has taken, without those between a stop and its resumption. */
  private double seconds() {
    return begin == null ? secondsBefore : (System.nanoTime() - begin) * 1e-9;
  }

  /** Whether the run is at its end. */
  boolean finished() {
    return progress(step) >= 1;
  }

  private Batch load(BatchBuilder builder, long ofStep) {
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
  void run(BooleanSupplier stop, Consumer<StepReport> listener) {
    if (begin == null) {
      begin = System.nanoTime() - (long) (secondsBefore * 1e9);
    }
    long end = options.isTimed() ? Long.MAX_VALUE : options.steps();
    try (BatchLoader.Batches batches = loader.batches(step, end, this::load)) {
      boolean stopped = false;
      while (!stopped && !finished()) {
        try (Batch batch = batches.next()) {
          listener.accept(train(batch));
        }
        stopped = stop.getAsBoolean();
      }
    }
  }

  private StepReport train(Batch batch) {
    try (PointerScope scope = new PointerScope()) {
      SelectionRule rule = rules.apply(step);
      Scan scan = model.scan(batch, rule);
      Losses.Result loss =
          progress(step) < TRIM_FROM ? losses.of(batch, scan) : losses.trimmed(batch, scan);
      loss.total().backward();
      double rate = options.rate(step, progress(step));
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
    try (BatchLoader.Batches batches =
        loader.batches(
            0, groups.size(), (builder, i) -> build(builder, groups.get(i.intValue())))) {
      return new Evaluator(parameters, model, losses, batches::next)
          .evaluate(average, groups.size(), rules);
    }
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
    return pairs.stream().anyMatch(this::isReadable);
  }

  private boolean isReadable(ReferringPair pair) {
    try (BatchLoader.Batches batches =
            loader.batches(0, 1, (builder, i) -> build(builder, List.of(pair)));
        Batch batch = batches.next()) {
      return batch != null;
    }
  }

  private static Batch build(BatchBuilder builder, List<ReferringPair> pairs) {
    return builder.build(pairs, BatchBuilder.Replacement.NONE);
  }

  // ---- Checkpoints ----

  /** Writes everything that a resumed run needs, atomically. */
  void save(Path file) throws IOException {
    checkpoints.save(file, step, options.isTimed() ? seconds() : 0, settings(), dataName());
  }

  /**
   * Restores the state of a checkpoint.
   *
   * @return the heads that begin anew, as the checkpoint has none for these categories, colours or
   *     words
   * @throws IllegalArgumentException naming the file and what does not fit; then nothing is
   *     restored
   */
  Set<String> restore(Path file) throws IOException {
    TrainingCheckpoint.Progress progress = checkpoints.restore(file);
    step = progress.step();
    secondsBefore = progress.seconds();
    return progress.anew();
  }

  @Override
  public void close() {
    loader.close();
    optimizer.close();
    average.close();
  }
}
