package org.scanformer;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.scanformer.internal.engine.EncodedExpression;
import org.scanformer.internal.engine.Engine;
import org.scanformer.internal.engine.ExecutionContext;
import org.scanformer.internal.engine.RunOptions;
import org.scanformer.internal.engine.RunResult;
import org.scanformer.internal.engine.TextCache;

/**
 * A live caller's own line to a model: one frame after another, in bounded time and without
 * garbage. It shares the model's weights and has a workspace and a stream of the device to itself,
 * both reserved when it is opened.
 *
 * <pre>{@code
 * try (Session session = model.openSession(SessionOptions.defaults());
 *     Expression expression = model.encode("the man left of the red car")) {
 *   context.warmUp();
 *   SessionResult result = context.newResult();
 *   LocateOptions options = LocateOptions.builder().budget(Duration.ofMillis(30)).build();
 *   while (camera.read(pixels)) {
 *     context.locate(frame, expression, options, result);
 *     draw(result.x(), result.y(), result.width(), result.height());
 *   }
 * }
 * }</pre>
 *
 * <p>One thread at a time: a call while another thread's is running is an {@link
 * IllegalStateException}, as is every call after {@link #close()}. A call does not watch for
 * interrupts.
 */
public final class Session implements AutoCloseable {
  private static final float[] WARM_UP_SHARES = {1f, 0.75f, 0.5f, 0.25f, 0.1f, 0f};

  private static final int WARM_UP_WIDTH = 640;
  private static final int WARM_UP_HEIGHT = 480;

  /** A shape is run as it is, then recorded, then measured. */
  private static final int WARM_UP_ROUNDS = 3;

  private final ReentrantLock lock = new ReentrantLock();
  private final Engine engine;
  private final ExecutionContext context;
  private final SessionOptions options;
  private final LocateOptions defaults = LocateOptions.defaults();
  private final int[] maxPatches;
  private final RunOptions runOptions = new RunOptions();
  private final RunOptions.BoxListener onBox = this::onBox;
  private final TextCache texts;

  /** What the running call reads and fills, by request, and the listener that sees it. */
  private final EncodedExpression[] expressions;

  private final SessionResult[] filling;
  private int requests;
  private LocateOptions.BoxListener listener;
  private boolean closed;

  /** Set before the lock is waited for, so that a call that finds it taken can say why. */
  private volatile boolean closing;

  Session(Engine engine, SessionOptions options) {
    this.engine = engine;
    this.options = options;
    this.texts = new TextCache(engine, options.textCache());
    // Once it is open the engine may close it, on another thread, which has to wait until it is
    // whole.
    lock.lock();
    try {
      this.context =
          engine.openContext(options.limits(), options.threads(), options.clock(), this::close);
      this.maxPatches = context.maxPatches();
      this.expressions = new EncodedExpression[context.maxBatch()];
      this.filling = new SessionResult[context.maxBatch()];
    } finally {
      lock.unlock();
    }
  }

  /** A result for this session's calls. */
  public SessionResult newResult() {
    return new SessionResult(maxPatches.length, maxPatches);
  }

  /**
   * Runs frames of the declared size, or of 640x480, with all, some and no patches, under both
   * schedules, so that later calls find everything compiled, recorded and measured. Takes some
   * dozens of calls' time.
   */
  public void warmUp() {
    boolean declared = options.frameWidth() > 0;
    int width = declared ? options.frameWidth() : WARM_UP_WIDTH;
    int height = declared ? options.frameHeight() : WARM_UP_HEIGHT;
    Image frame =
        Image.of(ByteBuffer.allocateDirect(3 * width * height), PixelFormat.RGB, width, height);
    int finest = maxPatches[maxPatches.length - 1];
    try (Expression expression = engine.encode("a")) {
      for (int batch = 1; batch <= context.maxBatch(); batch *= 2) {
        List<Image> frames = Collections.nCopies(batch, frame);
        List<Expression> texts = Collections.nCopies(batch, expression);
        List<SessionResult> results = Stream.generate(this::newResult).limit(batch).toList();
        for (Schedule schedule : Schedule.values()) {
          for (float share : WARM_UP_SHARES) {
            SelectionPolicy selection =
                share == 1
                    ? SelectionPolicy.all()
                    : SelectionPolicy.topK(Math.round(share * finest));
            LocateOptions warm =
                LocateOptions.builder().schedule(schedule).selection(selection).build();
            for (int round = 0; round < WARM_UP_ROUNDS; round++) {
              locate(frames, texts, warm, Long.MAX_VALUE, results);
            }
          }
        }
      }
    }
  }

  /** {@link #locate(Image, Expression, LocateOptions, SessionResult)} with the default options. */
  public void locate(Image image, Expression expression, SessionResult result) {
    locate(image, expression, defaults, result);
  }

  /**
   * Locates what an encoded expression speaks of. Allocates nothing when image, options and result
   * were used before.
   *
   * @param expression encoded by the session's model
   * @param result what is filled; its old content is lost, also when the call fails
   * @throws ScanFormerException BAD_INPUT when the expression is another model's, or masks do not
   *     fit; else as the device fails
   */
  public void locate(
      Image image, Expression expression, LocateOptions callOptions, SessionResult result) {
    locate(image, expression, callOptions, Long.MAX_VALUE, result);
  }

  /**
   * The same with a deadline of its own.
   *
   * @param deadline the {@link System#nanoTime()} to return before; the earlier of it and the
   *     options' budget counts; {@link Long#MAX_VALUE} for none
   */
  public void locate(
      Image image,
      Expression expression,
      LocateOptions callOptions,
      long deadline,
      SessionResult result) {
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(expression, "expression");
    begin();
    try {
      add(expression, result);
      run(image, null, callOptions, deadline);
    } finally {
      end();
    }
  }

  /**
   * Locates what a text speaks of. The last {@link SessionOptions#textCache()} texts stay encoded,
   * so that the text of a stream of frames is encoded once.
   */
  public void locate(Image image, String text, LocateOptions callOptions, SessionResult result) {
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(text, "text");
    begin();
    try {
      add(texts.get(text), result);
      run(image, null, callOptions, Long.MAX_VALUE);
    } finally {
      end();
    }
  }

  /**
   * Locates an expression in each of several images together, as of several cameras at one moment.
   * All go through the same scales: a bound to stop at is met when all of them meet it. A listener
   * is called once an image.
   *
   * @param images at least one, at most {@link SessionOptions#maxBatch()}
   * @param expressions one an image, encoded by the session's model
   * @param deadline as in the call for one image
   * @param results one an image, all different; filled
   * @throws ScanFormerException BAD_INPUT when the lists do not fit each other or the session; else
   *     as the call for one image
   */
  public void locate(
      List<Image> images,
      List<Expression> expressions,
      LocateOptions callOptions,
      long deadline,
      List<SessionResult> results) {
    int count = images.size();
    if (count < 1 || count > context.maxBatch()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The call has " + count + " images, expected 1 to " + context.maxBatch());
    }
    if (expressions.size() != count || results.size() != count) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The call has "
              + count
              + " images, "
              + expressions.size()
              + " expressions and "
              + results.size()
              + " results, expected as many of each");
    }
    begin();
    try {
      for (int r = 0; r < count; r++) {
        add(expressions.get(r), results.get(r));
      }
      run(null, images, callOptions, deadline);
    } finally {
      end();
    }
  }

  private void begin() {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("The session is called from within its own call");
    }
    boolean free = lock.tryLock();
    if (closing) {
      if (free) {
        lock.unlock();
      }
      throw new IllegalStateException("The session is closed");
    }
    if (!free) {
      throw new IllegalStateException(
          "The session is in use by another thread: it serves one at a time, open one a thread");
    }
  }

  private void end() {
    for (int r = 0; r < requests; r++) {
      expressions[r].release();
      expressions[r] = null;
      filling[r] = null;
    }
    requests = 0;
    listener = null;
    lock.unlock();
  }

  /** Holds an expression for the running call, and checks the result that it is to fill. */
  private void add(Expression expression, SessionResult result) {
    if (result.boxes.length != maxPatches.length) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The result is another model's: it has room for "
              + result.boxes.length
              + " scales, expected "
              + maxPatches.length);
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

  /** Runs what was added, on one image or on as many. */
  private void run(Image single, List<Image> images, LocateOptions callOptions, long deadline) {
    listener = callOptions.listener();
    runOptions.reset(callOptions.schedule());
    runOptions.deadline = deadline;
    runOptions.maxPatches = callOptions.maxPatches();
    runOptions.stopAtScore = callOptions.stopAtScore();
    runOptions.stopAtAgreement = callOptions.stopAtAgreement();
    runOptions.listener = listener == null ? null : onBox;
    context.limit(runOptions, callOptions.budgetNanos());
    for (int r = 0; r < requests; r++) {
      Image image = single != null ? single : images.get(r);
      filling[r].completedScales = 0;
      filling[r].imageWidth = image.width();
      filling[r].imageHeight = image.height();
      context.set(r, image, expressions[r], callOptions.selection());
    }
    context.run(requests, runOptions);
    for (int r = 0; r < requests; r++) {
      fill(filling[r], r);
      for (int s = 0; s < filling[r].completedScales; s++) {
        context.readMask(s, r, filling[r].masks[s]);
      }
    }
  }

  private void onBox(int scale) {
    for (int r = 0; r < requests; r++) {
      fill(filling[r], r);
      listener.onBox(filling[r]);
    }
  }

  private void fill(SessionResult result, int request) {
    RunResult found = context.result();
    result.completedScales = found.completedScales;
    result.deadlineMet = found.deadlineMet;
    result.totalNanos = found.totalNanos;
    for (int s = 0; s < result.completedScales; s++) {
      System.arraycopy(found.boxes[s], 4 * request, result.boxes[s], 0, 4);
      result.hasBox[s] = found.hasBox[s];
      result.scores[s] = found.scores[s][request];
      result.selected[s] = found.selected[s][request];
      result.rows[s] = context.gridRows(s, request);
      result.cols[s] = context.gridCols(s, request);
      result.nanos[s] = found.scaleNanos[s];
    }
  }

  /** Waits for a running call and frees everything. Idempotent. */
  @Override
  public void close() {
    closing = true;
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        texts.close();
        engine.closeContext(context);
      }
    } finally {
      lock.unlock();
    }
  }
}
