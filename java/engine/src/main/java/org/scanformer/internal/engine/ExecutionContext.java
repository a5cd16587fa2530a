package org.scanformer.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.scanformer.Candidate;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.PatchMask;
import org.scanformer.Request;
import org.scanformer.ScaleResult;
import org.scanformer.ScanFormerException;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.Timings;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TensorNames;
import org.scanformer.internal.model.TokenizedText;

/**
 * A stream of a device with a workspace of its own, which runs the model with weights that others
 * may share. Not safe for use by several threads.
 */
public final class ExecutionContext {
  final Backend backend;
  final ScaleLoop loop;
  final int maxBatch;
  private final ModelConfig config;
  private final Workspace work;
  private final boolean hasCandidateHead;
  private final RunResult result;
  private final BatchSlot[] slots;

  /** Reserves the workspace, which a plan has found to fit. */
  ExecutionContext(
      ModelConfig config,
      Backend backend,
      Weights weights,
      Workspace work,
      DeviceState device,
      LongSupplier clock) {
    this.config = config;
    this.backend = backend;
    this.work = work;
    hasCandidateHead = weights.candidateHead != null;
    work.reserve(backend);
    loop = new ScaleLoop(config, backend, weights, work, device, clock);
    maxBatch = work.maxBatch;
    result = new RunResult(config.numScales(), maxBatch);
    slots = new BatchSlot[maxBatch];
    for (int r = 0; r < maxBatch; r++) {
      slots[r] = new BatchSlot(config);
    }
  }

  /** What the last run found, until the next. */
  public RunResult result() {
    return result;
  }

  /** Patches of each scale's largest grid. */
  public int[] maxPatches() {
    return work.maxPatches.clone();
  }

  /** Patches down in a scale's grid of one of the last run's requests. */
  public int gridRows(int scale, int request) {
    return work.tables.grids[scale].rows(request);
  }

  /** Patches across. */
  public int gridCols(int scale, int request) {
    return work.tables.grids[scale].cols(request);
  }

  /** Copies one byte a patch, 1 for each that was selected for one of the last run's requests. */
  public void readMask(int scale, int request, byte[] to) {
    work.tables.readMask(scale, request, to);
  }

  /** The most requests of a run. */
  public int maxBatch() {
    return maxBatch;
  }

  /** Why no run is recorded as a whole, or null where those are that can be. */
  String whyNoOneGraph() {
    return loop.whyNoOneGraph();
  }

  /** Why the device refuses to record work and replay it, or null where it does not. */
  String whyNoRecording() {
    return backend.whyNoRecording();
  }

  /** Numbers of patches to select that lead an image of a size through all sizes of work. */
  int[] warmUpSelections(int width, int height) {
    return WarmUpSelections.of(
        config, backend, work.limits.maxPatches(), config.coarseGrid(width, height));
  }

  /**
   * Sets a request of the next run, with an encoded expression, which is held until it has run.
   *
   * @param foundBound what {@link #foundBound} gives
   * @param candidates the most candidates
   * @throws ScanFormerException BAD_INPUT when the image or its masks do not fit, or candidates are
   *     asked for and the model has no head for them
   */
  public void set(
      int request,
      Image image,
      EncodedExpression expression,
      SelectionPolicy selection,
      float foundBound,
      int candidates) {
    requireCandidateHead(candidates);
    TextKv text = expression.keysAndValues();
    set(request, image, expression.words(), text, selection, foundBound, candidates);
    ModelConfig.Grid grid = slots[request].coarseGrid();
    slots[request].rule().requireFits(grid, image, work.maxSelected);
    if (grid.rows() * grid.cols() > work.maxPatches[0]) {
      throw work.limits.tooLarge(config, image, grid);
    }
  }

  /** Releases what the last runs were of. */
  public void clear() {
    for (BatchSlot slot : slots) {
      slot.clear();
    }
  }

  /**
   * Sets a request of the next run.
   *
   * @param text keys and values of the words, or null where they are not encoded yet
   */
  void set(
      int request,
      Image image,
      TokenizedText words,
      TextKv text,
      SelectionPolicy selection,
      float foundBound,
      int candidates) {
    slots[request].set(image, text == null ? words.ids() : null, text, selection);
    slots[request].describe(words, foundBound, candidates);
  }

  /**
   * The least score of an object that is there.
   *
   * @param threshold the caller's; NaN for the model's
   * @return NaN where every object is taken to be there
   * @throws ScanFormerException BAD_INPUT when the caller has a threshold and the model no scores
   */
  public float foundBound(float threshold) {
    if (Float.isNaN(threshold)) {
      return config.foundThreshold();
    }
    requireScores("foundThreshold");
    return threshold;
  }

  /**
   * The scores below which an object is absent with more than a probability.
   *
   * @param probability 0 to 1; NaN for no bounds
   * @param bounds filled, one a scale
   * @throws ScanFormerException BAD_INPUT when the model has no scores
   */
  void absenceBounds(float probability, float[] bounds) {
    if (!Float.isNaN(probability)) {
      requireScores("stopWhenAbsent");
    }
    boolean calibrated = !config.absenceCalibration().isEmpty() && !Float.isNaN(probability);
    for (int s = 0; s < bounds.length; s++) {
      // Both calibrations are of the head's own logit.
      bounds[s] =
          calibrated
              ? (float)
                  config
                      .scoreCalibration()
                      .probability(config.absenceCalibration().get(s).logit(1.0 - probability))
              : 1 - probability;
    }
  }

  /** Refuses an option that needs scores when the model has none. */
  void requireScores(String option) {
    if (!config.scoreHead()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The option " + option + " needs a model with a score head, found one without");
    }
  }

  /** Refuses a request for candidates when the model has no head for them. */
  void requireCandidateHead(int candidates) {
    if (candidates > 0 && !hasCandidateHead) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The option candidates needs a model with the tensor "
              + TensorNames.CANDIDATE_HEAD
              + ".weight, found one without; the trainer writes it with each model");
    }
  }

  /** Whether a scale's box is of an object that is there, in the last run. */
  boolean isFound(int scale, int request) {
    return result.hasBox[scale] && slots[request].isFound(result.scores[scale][request]);
  }

  /** Runs the first requests; {@link #result()} holds what was found until the next run. */
  public void run(int requests, RunOptions runOptions) {
    runOptions.withCandidates = false;
    for (int r = 0; r < requests; r++) {
      runOptions.withCandidates |= slots[r].candidates() > 0;
    }
    loop.run(slots, requests, runOptions, result);
  }

  /** The result of the last run as records. */
  public List<Location> locations(int requests, Schedule schedule) {
    Timings timings = new Timings(result.pyramidNanos, result.finalNanos, result.totalNanos);
    List<Location> locations = new ArrayList<>(requests);
    for (int r = 0; r < requests; r++) {
      List<ScaleResult> scales = new ArrayList<>(result.completedScales);
      for (int s = 0; s < result.completedScales; s++) {
        scales.add(
            new ScaleResult(
                s,
                mask(s, r),
                result.hasBox[s] ? box(s, r) : null,
                result.hasBox[s] ? result.scores[s][r] : Float.NaN,
                isFound(s, r),
                result.scaleNanos[s]));
      }
      Image image = slots[r].image();
      NormalizedBox answer = box(result.last(), r);
      locations.add(
          new Location(
              answer.toPixels(image.width(), image.height()),
              answer,
              result.scores[result.last()][r],
              isFound(result.last(), r),
              candidates(r, image),
              slots[r].words().unknownWords(),
              slots[r].words().truncated(),
              schedule,
              backend.kind(),
              backend.precision(),
              scales,
              timings));
    }
    return locations;
  }

  private List<Candidate> candidates(int request, Image image) {
    List<Candidate> candidates = new ArrayList<>(result.candidates.count(request));
    float[] box = new float[4];
    for (int i = 0; i < result.candidates.count(request); i++) {
      result.candidates.copyBox(request, i, box, 0);
      NormalizedBox relative = new NormalizedBox(box[0], box[1], box[2], box[3]);
      candidates.add(
          new Candidate(
              relative.toPixels(image.width(), image.height()),
              relative,
              result.candidates.score(request, i)));
    }
    return candidates;
  }

  /** Refuses a request that does not fit the model; its expression is not looked at. */
  void requireFits(Request request) {
    Image image = request.image();
    SelectionRule.of(request.selection(), config)
        .requireFits(config.coarseGrid(image.width(), image.height()), image, work.maxSelected);
    foundBound(request.foundThreshold());
    requireCandidateHead(request.candidates());
  }

  private NormalizedBox box(int scale, int request) {
    float[] boxes = result.boxes[scale];
    int at = 4 * request;
    return new NormalizedBox(boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]);
  }

  private PatchMask mask(int scale, int request) {
    byte[] bytes = new byte[work.tables.grids[scale].total(request)];
    work.tables.readMask(scale, request, bytes);
    return PatchMask.of(gridRows(scale, request), gridCols(scale, request), bytes);
  }
}
