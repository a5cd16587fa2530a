package org.scanformer;

import java.lang.ref.Reference;
import java.util.List;
import java.util.Objects;
import org.scanformer.internal.engine.Deadlines;
import org.scanformer.internal.engine.Engine;
import org.scanformer.internal.engine.FrameRunner;
import org.scanformer.internal.engine.JavaMemory;
import org.scanformer.internal.engine.Unclosed;

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
 * IllegalStateException}, as is every call after {@link #close()}. A call ignores interrupts.
 */
public final class Session implements Locator, AutoCloseable {
  private final Engine engine;
  private final SessionOptions options;
  private final LocateOptions defaults = LocateOptions.defaults();
  private final SessionLine line;
  private final FrameRunner runner;
  private final FrameRunner.Listener onBox = this::onBox;

  /** The results of the running call, by request, and the listener that sees them. */
  private final SessionResult[] results;

  private int requests;
  private LocateOptions.BoxListener listener;

  Session(Engine engine, SessionOptions options) {
    this.engine = engine;
    this.options = options;
    line = new SessionLine(engine, options);
    runner = line.runner;
    results = new SessionResult[runner.maxBatch()];
    Unclosed.watch(this, "session", line::closeUnlessClosed);
  }

  /** A result for this session's calls. */
  public SessionResult newResult() {
    return new SessionResult(runner.newResult());
  }

  /**
   * Runs frames of the declared size, or of 640x480, with all, some and no patches, under both
   * schedules, so that later calls find everything compiled, recorded and measured. On a GPU, which
   * records the work of each size, single frames of that size go through all sizes; several frames
   * together only through some, so that calls with others record what they meet. Takes the time of
   * some dozens of calls, on a GPU of some hundreds.
   *
   * @throws ScanFormerException OUT_OF_MEMORY when the JVM has no memory for such a frame;
   *     otherwise as the calls fail
   */
  public void warmUp() {
    try (Expression expression = engine.encode("a", false)) {
      new SessionWarmUp(this, options, expression, runner).run();
      forget();
    } catch (OutOfMemoryError e) {
      throw JavaMemory.exhausted("warming up a session for the declared frames", e);
    }
  }

  private void forget() {
    begin();
    try {
      runner.forget();
    } finally {
      end();
    }
  }

  /**
   * Answers one request, with every scale's box. For callers that do not mind garbage: it makes
   * options and an answer.
   */
  @Override
  public Location locate(Request request) {
    LocateOptions.Builder callOptions =
        LocateOptions.builder().selection(request.selection()).candidates(request.candidates());
    if (!Float.isNaN(request.foundThreshold())) {
      callOptions.foundThreshold(request.foundThreshold());
    }
    begin();
    try {
      long start = now();
      Expression expression = request.expression();
      SessionResult result = newResult();
      add(expression != null ? expression : runner.text(request.text()), result);
      run(request.image(), null, callOptions.build(), start, Long.MAX_VALUE);
      return runner.location(defaults.schedule());
    } finally {
      end();
    }
  }

  /** {@link #locate(Image, Expression, LocateOptions, SessionResult)} with the default options. */
  public void locate(Image image, Expression expression, SessionResult result) {
    locate(image, expression, defaults, result);
  }

  /**
   * Locates what an encoded expression refers to. Allocates nothing when the result was used
   * before, and image and options are among the last four that were. The session holds these images
   * until it has others or is closed; in calls of several images, four for each of them.
   *
   * @param expression encoded by the session's model
   * @param result what is filled; its old content is lost, also when the call fails
   * @throws ScanFormerException BAD_INPUT when the expression is another model's, or masks do not
   *     fit; otherwise as the device fails
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
   * @throws ScanFormerException BAD_INPUT when it is no time by that clock, such as one by {@link
   *     System#currentTimeMillis()}; otherwise as the call without it
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
      long start = now();
      result.frame.discard();
      add(expression, result);
      run(image, null, callOptions, start, deadline);
    } finally {
      end();
    }
  }

  /**
   * Locates what a text refers to. The last {@link SessionOptions#textCache()} texts stay encoded,
   * so that the text of a stream of frames is encoded once. The call that encodes it waits for
   * those that are running on the model itself; its budget counts that time too.
   */
  public void locate(Image image, String text, LocateOptions callOptions, SessionResult result) {
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(text, "text");
    begin();
    try {
      long start = now();
      result.frame.discard();
      add(runner.text(text), result);
      run(image, null, callOptions, start, Long.MAX_VALUE);
    } finally {
      end();
    }
  }

  /**
   * Locates an expression in each of several images together, as of several cameras at one moment.
   * All go through the same scales: a call stops early when each of its images has met one of the
   * options' bounds. A listener is called once for each image.
   *
   * @param images at least one, at most {@link SessionOptions#maxBatch()}
   * @param expressions one an image, encoded by the session's model
   * @param deadline as in the call for one image
   * @param callResults one an image, all different; filled
   * @throws ScanFormerException BAD_INPUT when the lists do not fit each other or the session;
   *     otherwise as the call for one image
   */
  public void locate(
      List<Image> images,
      List<Expression> expressions,
      LocateOptions callOptions,
      long deadline,
      List<SessionResult> callResults) {
    begin();
    try {
      long start = now();
      for (int r = 0; r < callResults.size(); r++) {
        callResults.get(r).frame.discard();
      }
      requireAsMany(images.size(), expressions.size(), callResults.size());
      for (int r = 0; r < images.size(); r++) {
        add(expressions.get(r), callResults.get(r));
      }
      run(null, images, callOptions, start, deadline);
    } finally {
      end();
    }
  }

  private void requireAsMany(int images, int expressions, int callResults) {
    if (images < 1 || images > runner.maxBatch()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The call has " + images + " images, expected 1 to " + runner.maxBatch());
    }
    if (expressions != images || callResults != images) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The call has "
              + images
              + " images, "
              + expressions
              + " expressions and "
              + callResults
              + " results, expected as many of each");
    }
  }

  private void begin() {
    if (line.isCallingThread()) {
      throw new IllegalStateException("The session is called from within its own call");
    }
    engine.requireOutsideCalls();
    line.begin();
  }

  private void add(Expression expression, SessionResult result) {
    runner.add(expression, result.frame);
    results[requests] = result;
    requests++;
  }

  /** The time at which a call starts, from which on its budget counts. */
  private long now() {
    return options.clock().getAsLong();
  }

  private void run(
      Image single, List<Image> images, LocateOptions callOptions, long start, long deadline) {
    Deadlines.require(deadline, start);
    listener = callOptions.listener();
    runner.run(single, images, callOptions, start, deadline, listener == null ? null : onBox);
  }

  private void onBox(int request) {
    listener.onBox(results[request]);
  }

  private void end() {
    for (int r = 0; r < requests; r++) {
      results[r] = null;
    }
    requests = 0;
    listener = null;
    runner.end();
    line.lock.unlock();
    // What was forgotten is freed after its call, never within it.
    Reference.reachabilityFence(this);
  }

  /**
   * Its options and, where one graph a call is asked for, whether it is used or why it is not; also
   * why a device refuses to replay recorded work, where it does.
   */
  @Override
  public String toString() {
    return "session, " + options + oneGraph() + recording();
  }

  private String oneGraph() {
    if (!options.oneGraph()) {
      return "";
    }
    String reason = runner.whyNoOneGraph();
    return reason == null ? " used" : " not used, calls go scale by scale: " + reason;
  }

  private String recording() {
    String reason = runner.whyNoRecording();
    return reason == null ? "" : "; kernels are launched one by one: " + reason;
  }

  /**
   * Waits for a running call and frees everything. Idempotent.
   *
   * @throws IllegalStateException within a call of this session, of its model or of another session
   *     of that model, by a listener, by metrics or by an application's own list of arguments
   */
  @Override
  public void close() {
    if (engine.isInCall() || line.isCallingThread()) {
      throw new IllegalStateException(
          "The session cannot be closed from within a call of its model, by a listener, by metrics"
              + " or by the call's own arguments: let another thread close it, or close it after"
              + " the call");
    }
    line.close();
  }
}
