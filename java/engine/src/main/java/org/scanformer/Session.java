package org.scanformer;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.scanformer.internal.engine.Controls;
import org.scanformer.internal.engine.Engine;
import org.scanformer.internal.engine.EngineSession;
import org.scanformer.internal.engine.Outcome;
import org.scanformer.internal.engine.TextKv;

/**
 * A live caller's own line to a model: one frame after another, in bounded time and without
 * garbage. It shares the model's weights and has a workspace and a stream of the device to itself,
 * both reserved when it is opened.
 *
 * <pre>{@code
 * try (Session session = model.openSession(SessionOptions.defaults());
 *     Expression expression = model.encode("the man left of the red car")) {
 *   session.warmUp();
 *   SessionResult result = session.newResult();
 *   LocateOptions options = LocateOptions.builder().budget(Duration.ofMillis(30)).build();
 *   while (camera.read(pixels)) {
 *     session.locate(frame, expression, options, result);
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

  /** A shape is run as it is, then recorded, then measured. */
  private static final int WARM_UP_ROUNDS = 3;

  private final ReentrantLock lock = new ReentrantLock();
  private final Engine engine;
  private final EngineSession session;
  private final SessionOptions options;
  private final LocateOptions defaults = LocateOptions.defaults();
  private final int[] maxPatches;
  private final Controls controls = new Controls();
  private final Controls.BoxListener onBox = this::onBox;
  private final Map<String, Expression> texts;

  /** The result that the running call fills and the listener that sees it. */
  private SessionResult filling;

  private LocateOptions.BoxListener listener;
  private boolean closed;

  Session(Engine engine, SessionOptions options) {
    this.engine = engine;
    this.options = options;
    this.session = engine.openSession(options.threads(), options.clock(), this::close);
    this.maxPatches = session.maxPatches();
    this.texts =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Expression> eldest) {
            if (size() <= Session.this.options.textCache()) {
              return false;
            }
            eldest.getValue().close();
            return true;
          }
        };
  }

  /** A result for this session's calls. */
  public SessionResult newResult() {
    return new SessionResult(maxPatches.length, maxPatches);
  }

  /**
   * Runs frames of the declared size with all, some and no patches, under both schedules, so that
   * later calls find everything compiled, recorded and measured. Takes some dozens of calls' time.
   */
  public void warmUp() {
    int width = options.warmUpWidth();
    int height = options.warmUpHeight();
    Image frame =
        Image.of(ByteBuffer.allocateDirect(3 * width * height), PixelFormat.RGB, width, height);
    SessionResult result = newResult();
    int finest = maxPatches[maxPatches.length - 1];
    try (Expression expression = new Expression(engine, "a", engine.encode("a"))) {
      for (Schedule schedule : Schedule.values()) {
        for (float share : WARM_UP_SHARES) {
          SelectionPolicy selection =
              share == 1 ? SelectionPolicy.all() : SelectionPolicy.topK(Math.round(share * finest));
          LocateOptions warm =
              LocateOptions.builder().schedule(schedule).selection(selection).build();
          for (int round = 0; round < WARM_UP_ROUNDS; round++) {
            locate(frame, expression, warm, result);
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
      run(image, expression, callOptions, deadline, result);
    } finally {
      lock.unlock();
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
      Expression expression = texts.get(text);
      if (expression == null) {
        expression = new Expression(engine, text, engine.encode(text));
        texts.put(text, expression);
      }
      run(image, expression, callOptions, Long.MAX_VALUE, result);
    } finally {
      lock.unlock();
    }
  }

  private void begin() {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("The session is called from within its own call");
    }
    if (!lock.tryLock()) {
      throw new IllegalStateException(
          "The session is in use by another thread: it serves one at a time, open one a thread");
    }
    if (closed) {
      lock.unlock();
      throw new IllegalStateException("The session is closed");
    }
  }

  private void run(
      Image image,
      Expression expression,
      LocateOptions callOptions,
      long deadline,
      SessionResult result) {
    if (result.boxes.length != maxPatches.length) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The result is another model's: it has room for "
              + result.boxes.length
              + " scales, expected "
              + maxPatches.length);
    }
    expression.requireOf(engine);
    TextKv text = expression.keysAndValues();
    if (!engine.acquire(text)) {
      expression.requireOpen();
      throw new IllegalStateException("The engine is closed");
    }
    try {
      result.completedScales = 0;
      result.imageWidth = image.width();
      result.imageHeight = image.height();
      filling = result;
      listener = callOptions.listener();
      controls.reset(callOptions.schedule());
      controls.deadline = deadline;
      controls.maxPatches = callOptions.maxPatches();
      controls.stopAtScore = callOptions.stopAtScore();
      controls.stopAtAgreement = callOptions.stopAtAgreement();
      controls.listener = listener == null ? null : onBox;
      session.locate(controls, callOptions.budgetNanos(), image, text, callOptions.selection());
      fill(result);
      for (int s = 0; s < result.completedScales; s++) {
        session.readMask(s, result.masks[s]);
      }
    } finally {
      filling = null;
      listener = null;
      engine.release(text);
    }
  }

  private void onBox(int scale) {
    fill(filling);
    listener.onBox(filling);
  }

  private void fill(SessionResult result) {
    Outcome out = session.outcome();
    result.completedScales = out.completedScales;
    result.deadlineMet = out.deadlineMet;
    result.totalNanos = out.totalNanos;
    for (int s = 0; s < result.completedScales; s++) {
      System.arraycopy(out.boxes[s], 0, result.boxes[s], 0, 4);
      result.hasBox[s] = out.hasBox[s];
      result.scores[s] = out.scores[s][0];
      result.selected[s] = out.selected[s][0];
      result.rows[s] = session.gridRows(s);
      result.cols[s] = session.gridCols(s);
      result.nanos[s] = out.scaleNanos[s];
    }
  }

  /** Waits for a running call and frees everything. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        texts.values().forEach(Expression::close);
        engine.closeSession(session);
      }
    } finally {
      lock.unlock();
    }
  }
}
