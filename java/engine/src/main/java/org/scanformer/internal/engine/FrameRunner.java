package org.scanformer.internal.engine;

import java.util.List;
import java.util.function.LongSupplier;
import org.scanformer.ErrorCode;
import org.scanformer.Expression;
import org.scanformer.Image;
import org.scanformer.LocateOptions;
import org.scanformer.Location;
import org.scanformer.ScanFormerException;
import org.scanformer.Schedule;

/**
 * Runs frames one after another on a context of its own and fills their results. A call adds its
 * expressions and results, runs, and ends; it allocates nothing when everything was used before.
 * Not safe for use by several threads.
 */
public final class FrameRunner implements RunOptions.BoxListener {
  /** Sees the results of a running call. */
  public interface Listener {
    /** One of the call's results has the boxes so far. */
    void onBox(int request);
  }

  private final Engine engine;
  private final TextCache texts;
  private final ExecutionContext context;
  private final int[] maxPatches;

  /** The scores below which the running call's objects are absent, by scale. */
  private final float[] absenceBounds;

  private final RunOptions runOptions = new RunOptions();

  /** What the running call reads and fills, by request, and who sees it. */
  private final EncodedExpression[] expressions;

  private final FrameResult[] filling;
  private int requests;
  private Listener listener;
  private boolean running;

  /**
   * Opens a context on an engine's device.
   *
   * @param textCache texts that are kept encoded
   * @param clock nanoseconds, from any origin
   * @param owner as {@link Engine#openContext} needs it
   * @throws ScanFormerException OUT_OF_MEMORY with the bytes needed and available
   */
  public FrameRunner(
      Engine engine,
      Limits limits,
      int threads,
      int textCache,
      LongSupplier clock,
      ContextOwner owner) {
    this.engine = engine;
    this.texts = new TextCache(engine, textCache);
    this.context = engine.openContext(limits, threads, clock, owner);
    this.maxPatches = context.maxPatches();
    this.absenceBounds = new float[maxPatches.length];
    this.expressions = new EncodedExpression[context.maxBatch()];
    this.filling = new FrameResult[context.maxBatch()];
  }

  /** The most requests of a call. */
  public int maxBatch() {
    return context.maxBatch();
  }

  /** Patches of the finest scale's largest grid. */
  public int finestPatches() {
    return maxPatches[maxPatches.length - 1];
  }

  /**
   * Numbers of patches to select that lead a single frame through all sizes of work that the device
   * keeps recorded; none where it records nothing.
   */
  public int[] warmUpSelections(int width, int height) {
    return context.warmUpSelections(width, height);
  }

  /** Why no call is one graph, or null where those are that can be. */
  public String whyNoOneGraph() {
    return context.whyNoOneGraph();
  }

  /** Why the device refuses to record work and replay it, or null where it does not. */
  public String whyNoRecording() {
    return context.whyNoRecording();
  }

  /** Whether a run is going on, in which the application's listener and metrics are called. */
  public boolean isRunning() {
    return running;
  }

  /** A result for this runner's calls. */
  public FrameResult newResult() {
    return new FrameResult(maxPatches);
  }

  /** The encoded text, as long as no other takes its place among the texts that are kept. */
  public Expression text(String text) {
    return texts.get(text);
  }

  /**
   * Adds a request to the call: holds its expression until {@link #end()}, and checks the result
   * that is to be filled.
   *
   * @throws ScanFormerException BAD_INPUT when the result is another runner's and does not fit, or
   *     the expression is another model's
   * @throws IllegalStateException when the expression is closed
   */
  public void add(Expression expression, FrameResult result) {
    if (!result.fits(maxPatches)) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The result is another session's, for frames of other sizes or for another model,"
              + " expected one of this session's newResult()");
    }
    for (int r = 0; r < requests; r++) {
      if (filling[r] == result) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "Images " + r + " and " + requests + " have the same result, expected one for each");
      }
    }
    EncodedExpression encoded = EncodedExpression.of(expression, engine);
    encoded.hold();
    expressions[requests] = encoded;
    filling[requests] = result;
    requests++;
  }

  /**
   * Runs what was added, and fills the results.
   *
   * @param single the image of the only request, or null
   * @param images otherwise one image a request
   * @param start by the clock: when the call began, of which adding its requests is a part
   * @param deadline by the clock; the earlier of it and the options' budget counts
   * @param boxListener sees the results whenever a scale has a box, or null
   */
  public void run(
      Image single,
      List<Image> images,
      LocateOptions options,
      long start,
      long deadline,
      Listener boxListener) {
    if (!Float.isNaN(options.stopAtScore())) {
      context.requireScores("stopAtScore");
    }
    listener = boxListener;
    runOptions.reset(options.schedule());
    runOptions.deadline = deadline;
    runOptions.maxPatches = options.maxPatches();
    runOptions.stopAtScore = options.stopAtScore();
    context.absenceBounds(options.stopWhenAbsent(), absenceBounds);
    runOptions.stopBelowScores = absenceBounds;
    runOptions.stopAtAgreement = options.stopAtAgreement();
    runOptions.listener = listener == null ? null : this;
    runOptions.limit(start, options.budgetNanos());
    float foundBound = context.foundBound(options.foundThreshold());
    for (int r = 0; r < requests; r++) {
      Image image = single != null ? single : images.get(r);
      filling[r].begin(image.width(), image.height(), expressions[r].words());
      context.set(r, image, expressions[r], options.selection(), foundBound, options.candidates());
    }
    running = true;
    try {
      context.run(requests, runOptions);
    } catch (RuntimeException | Error e) {
      for (int r = 0; r < requests; r++) {
        filling[r].discard();
      }
      throw e;
    } finally {
      running = false;
    }
    for (int r = 0; r < requests; r++) {
      filling[r].read(context, r, absenceBounds);
      filling[r].complete(context, r);
    }
  }

  /** The answer to the only request of the call that has run. */
  public Location location(Schedule schedule) {
    return context.locations(1, schedule).get(0);
  }

  @Override
  public void onBox(int scale) {
    for (int r = 0; r < requests; r++) {
      filling[r].read(context, r, absenceBounds);
      listener.onBox(r);
    }
  }

  /** Ends a call, whether it has run or failed. */
  public void end() {
    for (int r = 0; r < requests; r++) {
      expressions[r].release();
      expressions[r] = null;
      filling[r] = null;
    }
    requests = 0;
    listener = null;
  }

  /** Releases the images and policies that are remembered for calls to come. */
  public void forget() {
    context.clear();
  }

  /** Frees the texts and the context, when no call is running. */
  public void close() {
    forget();
    texts.close();
    engine.closeContext(context);
  }
}
