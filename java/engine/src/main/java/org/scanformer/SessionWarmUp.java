package org.scanformer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.scanformer.internal.engine.FrameRunner;

/** The calls of {@link Session#warmUp()}. */
final class SessionWarmUp {
  /** Parts of the finest grid's patches that are selected. */
  private static final float[] SHARES = {1f, 0.75f, 0.5f, 0.25f, 0.1f, 0f};

  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;

  /** A shape is run as it is, then recorded, then measured. */
  private static final int ROUNDS = 3;

  private static final Duration FAR = Duration.ofHours(1);

  private final Session session;
  private final SessionOptions options;
  private final Expression expression;
  private final FrameRunner runner;

  /**
   * The calls of a session.
   *
   * @param expression encoded by the session's model
   * @param runner the session's
   */
  SessionWarmUp(
      Session session, SessionOptions options, Expression expression, FrameRunner runner) {
    this.session = session;
    this.options = options;
    this.expression = expression;
    this.runner = runner;
  }

  /** Runs frames of the declared size, or of 640x480. */
  void run() {
    boolean declared = options.frameWidth() > 0;
    int width = declared ? options.frameWidth() : WIDTH;
    int height = declared ? options.frameHeight() : HEIGHT;
    Image frame =
        Image.of(ByteBuffer.allocateDirect(3 * width * height), PixelFormat.RGB, width, height);
    // Single frames last: what is recorded of them is not dropped for others.
    for (int batch = Integer.highestOneBit(options.maxBatch()); batch >= 1; batch /= 2) {
      for (float share : SHARES) {
        run(frame, batch, share == 1 ? SelectionPolicy.all() : best(share));
      }
    }
    for (int best : runner.warmUpSelections(width, height)) {
      run(frame, 1, SelectionPolicy.topK(best));
    }
  }

  private SelectionPolicy best(float share) {
    return SelectionPolicy.topK(Math.round(share * runner.finestPatches()));
  }

  private void run(Image frame, int batch, SelectionPolicy selection) {
    List<Image> frames = Collections.nCopies(batch, frame);
    List<Expression> expressions = Collections.nCopies(batch, expression);
    List<SessionResult> results = Stream.generate(session::newResult).limit(batch).toList();
    for (Schedule schedule : Schedule.values()) {
      LocateOptions.Builder warm = LocateOptions.builder().schedule(schedule).selection(selection);
      run(frames, expressions, warm, results);
      if (schedule == Schedule.FINAL_ONLY && batch == 1 && options.oneGraph()) {
        // Calls with a budget go scale by scale.
        run(frames, expressions, warm.budget(FAR), results);
      }
    }
  }

  private void run(
      List<Image> frames,
      List<Expression> expressions,
      LocateOptions.Builder warm,
      List<SessionResult> results) {
    LocateOptions call = warm.build();
    for (int round = 0; round < ROUNDS; round++) {
      session.locate(frames, expressions, call, Long.MAX_VALUE, results);
    }
  }
}
