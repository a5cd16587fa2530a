package org.scanformer.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.PatchMask;
import org.scanformer.ScaleResult;
import org.scanformer.ScanFormerException;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.Timings;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.model.ModelConfig;

/**
 * A stream of a device with a workspace of its own, which runs the model with weights that others
 * may share. Not safe for use by several threads.
 */
public final class EngineSession {
  final Backend backend;
  final ScaleLoop loop;
  final int maxBatch;
  private final ModelConfig config;
  private final Workspace work;
  private final LongSupplier clock;
  private final Outcome outcome;
  private final Item[] items;

  /** Reserves the workspace, which a plan has found to fit. */
  EngineSession(
      ModelConfig config,
      Backend backend,
      Weights weights,
      Workspace work,
      DeviceState device,
      LongSupplier clock) {
    this.config = config;
    this.backend = backend;
    this.work = work;
    this.clock = clock;
    work.reserve(backend);
    loop = new ScaleLoop(config, backend, weights, work, device, clock);
    maxBatch = work.maxBatch;
    outcome = new Outcome(config.numScales(), maxBatch);
    items = new Item[maxBatch];
    for (int r = 0; r < maxBatch; r++) {
      items[r] = new Item(config);
    }
  }

  /** What the last run found, until the next. */
  public Outcome outcome() {
    return outcome;
  }

  /** Patches of each scale's largest grid. */
  public int[] maxPatches() {
    return work.maxPatches.clone();
  }

  /** Patches down in a scale's grid of one of the last run's requests. */
  public int gridRows(int scale, int request) {
    return loop.gridRows(scale, request);
  }

  /** Patches across. */
  public int gridCols(int scale, int request) {
    return loop.gridCols(scale, request);
  }

  /** Copies a byte a patch, 1 for each that one of the last run's requests looked at. */
  public void readMask(int scale, int request, byte[] to) {
    loop.readMask(scale, request, to);
  }

  /** The most requests of a run. */
  public int maxBatch() {
    return maxBatch;
  }

  /** Makes the controls' deadline that many nanoseconds from now, where that is earlier. */
  public void limit(Controls controls, long budgetNanos) {
    if (budgetNanos != Controls.NONE) {
      long now = clock.getAsLong();
      if (controls.deadline == Controls.NONE || controls.deadline - now > budgetNanos) {
        controls.deadline = now + budgetNanos;
      }
    }
  }

  /**
   * Sets a request of the next run, with an encoded text.
   *
   * @throws ScanFormerException BAD_INPUT when the image or its masks do not fit
   */
  public void set(int request, Image image, TextKv text, SelectionPolicy selection) {
    requireMasksFit(selection, image);
    set(request, image, null, text, selection);
    ModelConfig.Grid grid = items[request].coarseGrid();
    if (grid.rows() * grid.cols() > work.maxPatches[0]) {
      throw work.limits.tooLarge(config, image, grid);
    }
  }

  /** Lets the images of the last run go. */
  public void clear() {
    for (Item item : items) {
      item.clear();
    }
  }

  /** Sets a request of the next run. */
  void set(int request, Image image, int[] ids, TextKv text, SelectionPolicy selection) {
    items[request].set(image, ids, text, selection);
  }

  /** Runs the first requests; what comes out is in the outcome until the next run. */
  public void run(int requests, Controls controls) {
    loop.run(items, requests, controls, outcome);
  }

  /** The outcome of the last run as records. */
  public List<Location> locations(int requests, Schedule schedule) {
    Timings timings = new Timings(outcome.pyramidNanos, outcome.finalNanos, outcome.totalNanos);
    List<Location> locations = new ArrayList<>(requests);
    for (int r = 0; r < requests; r++) {
      List<ScaleResult> scales = new ArrayList<>(outcome.completedScales);
      for (int s = 0; s < outcome.completedScales; s++) {
        scales.add(
            new ScaleResult(
                s,
                mask(s, r),
                outcome.hasBox[s] ? box(s, r) : null,
                outcome.hasBox[s] ? outcome.scores[s][r] : Float.NaN,
                outcome.scaleNanos[s]));
      }
      Image image = items[r].image();
      NormalizedBox answer = box(outcome.last(), r);
      locations.add(
          new Location(
              answer.toPixels(image.width(), image.height()),
              answer,
              outcome.scores[outcome.last()][r],
              schedule,
              backend.kind(),
              backend.precision(),
              scales,
              timings));
    }
    return locations;
  }

  /** Refuses masks that do not fit an image's grids, or select more than is declared. */
  void requireMasksFit(SelectionPolicy policy, Image image) {
    if (!(policy instanceof SelectionPolicy.Masks given)) {
      return;
    }
    List<PatchMask> masks = given.masks();
    int width = image.width();
    int height = image.height();
    if (masks.size() != config.numScales()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "Expected a mask for each of the model's "
              + config.numScales()
              + " scales, found "
              + masks.size());
    }
    ModelConfig.Grid coarse = config.coarseGrid(width, height);
    for (int s = 0; s < masks.size(); s++) {
      PatchMask mask = masks.get(s);
      int rows = coarse.rows() << s;
      int cols = coarse.cols() << s;
      if (mask.rows() != rows || mask.cols() != cols) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The mask of scale "
                + s
                + " must be "
                + rows
                + " x "
                + cols
                + " patches for an image of "
                + width
                + " x "
                + height
                + " pixels, found "
                + mask.rows()
                + " x "
                + mask.cols());
      }
      if (mask.count() > work.maxSelected[s]) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The mask of scale "
                + s
                + " selects "
                + mask.count()
                + " patches, expected at most the declared "
                + work.maxSelected[s]);
      }
      if (s == 0 && mask.count() != mask.total()) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The mask of scale 0 must select all of its "
                + mask.total()
                + " patches, found "
                + mask.count()
                + " selected");
      }
    }
  }

  private NormalizedBox box(int scale, int request) {
    float[] boxes = outcome.boxes[scale];
    int at = 4 * request;
    return new NormalizedBox(boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]);
  }

  private PatchMask mask(int scale, int request) {
    byte[] bytes = new byte[loop.maskSize(scale, request)];
    loop.readMask(scale, request, bytes);
    return PatchMask.of(loop.gridRows(scale, request), loop.gridCols(scale, request), bytes);
  }
}
