package org.scanformer;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** The calls of {@link Session#warmUp()}. */
final class SessionWarmUp {
  /** Parts of the finest grid's patches that are selected. */
  private static final float[] SHARES = {1f, 0.75f, 0.5f, 0.25f, 0.1f, 0f};

  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;

  /** A shape is run as it is, then recorded, then measured. */
  private static final int ROUNDS = 3;

  private SessionWarmUp() {}

  /**
   * Runs frames of the declared size, or of 640x480.
   *
   * @param expression encoded by the session's model
   * @param finestPatches patches of the finest scale's largest grid
   */
  static void run(
      Session session, SessionOptions options, Expression expression, int finestPatches) {
    boolean declared = options.frameWidth() > 0;
    int width = declared ? options.frameWidth() : WIDTH;
    int height = declared ? options.frameHeight() : HEIGHT;
    Image frame =
        Image.of(ByteBuffer.allocateDirect(3 * width * height), PixelFormat.RGB, width, height);
    for (int batch = 1; batch <= options.maxBatch(); batch *= 2) {
      List<Image> frames = Collections.nCopies(batch, frame);
      List<Expression> expressions = Collections.nCopies(batch, expression);
      List<SessionResult> results = Stream.generate(session::newResult).limit(batch).toList();
      for (Schedule schedule : Schedule.values()) {
        for (float share : SHARES) {
          SelectionPolicy selection =
              share == 1
                  ? SelectionPolicy.all()
                  : SelectionPolicy.topK(Math.round(share * finestPatches));
          LocateOptions warm =
              LocateOptions.builder().schedule(schedule).selection(selection).build();
          for (int round = 0; round < ROUNDS; round++) {
            session.locate(frames, expressions, warm, Long.MAX_VALUE, results);
          }
        }
      }
    }
  }
}
