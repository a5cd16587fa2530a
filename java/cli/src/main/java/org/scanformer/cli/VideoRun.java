package org.scanformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.scanformer.ErrorCode;
import org.scanformer.Expression;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.video.Track;
import org.scanformer.video.Tracker;
import org.scanformer.video.TrackerOptions;
import org.scanformer.video.VideoFrame;
import org.scanformer.video.VideoSource;
import org.scanformer.video.VideoSourceOptions;

/** A run of the command for video: source, tracker and what is made of the tracks. */
final class VideoRun {
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** A day: no frame waits for longer, and the model takes no deadline that is years away. */
  private static final long LONGEST_LATENCY_NANOS = 86_400_000_000_000L;

  private static final int SECONDS_TO_FINISH = 20;

  private final VideoCommand asked;
  private final PrintWriter out;
  private final PrintWriter err;
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean stopped;

  VideoRun(VideoCommand asked, PrintWriter out, PrintWriter err) {
    this.asked = asked;
    this.out = out;
    this.err = err;
  }

  /** Runs to the end of the video, or until the process is to end; the exit code. */
  int run() throws IOException {
    try (VideoSource source = open()) {
      Thread hook = new Thread(() -> stop(source), "scanformer-stop");
      Runtime.getRuntime().addShutdownHook(hook);
      try {
        VideoStatus done = track(source);
        err.println(done.summary());
        if (asked.out() != null && done.frames() > 0) {
          err.println("Video: " + asked.out().toAbsolutePath());
        }
        return 0;
      } finally {
        finished.countDown();
        removeHook(hook);
      }
    }
  }

  private VideoSource open() {
    try {
      return VideoSource.open(asked.source(), sourceOptions());
    } catch (ScanFormerException e) {
      boolean mayBeRaw =
          asked.source().equals("-") && asked.size() == null && e.code() == ErrorCode.BAD_INPUT;
      if (!mayBeRaw) {
        throw e;
      }
      throw new CliException(
          e.getMessage() + "; frames without a container need --size and --pixel-format");
    }
  }

  /** Follows the video to its end and completes what was made of it. */
  private VideoStatus track(VideoSource source) throws IOException {
    try (ScanFormer model = asked.model().load(asked.device().toBuilder().build());
        Tracker tracker = Tracker.open(model, asked.texts(), trackerOptions());
        VideoOutput output = new VideoOutput(asked, source, out);
        VideoStatus status = new VideoStatus(source, err)) {
      RequestOptions.requireScores(model, asked.foundThreshold());
      for (String text : asked.texts()) {
        try (Expression expression = model.encode(text)) {
          LocationText.warn(err, text, expression.unknownWords(), expression.truncated());
        }
      }
      tracker.warmUp();
      follow(source, tracker, output, status);
      if (status.frames() == 0 && !stopped) {
        throw new CliException("The video has no frame that can be decoded");
      }
      return status;
    }
  }

  private void follow(VideoSource source, Tracker tracker, VideoOutput output, VideoStatus status)
      throws IOException {
    double interval = asked.framesPerSecond() == null ? 0 : 1e9 / asked.framesPerSecond();
    double due = 0;
    for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
      if (frame.timestampNanos() < due) {
        continue;
      }
      // Half an interval of tolerance keeps the rate where times are not exact.
      due = Math.max(due + interval, frame.timestampNanos() + interval / 2);
      long deadline =
          asked.maxLatency() == null
              ? Long.MAX_VALUE
              : frame.arrivalNanos()
                  + (long) Math.min(asked.maxLatency() * NANOS_PER_MILLI, LONGEST_LATENCY_NANOS);
      List<Track> tracks = tracker.follow(frame.image(), frame.timestampNanos(), deadline);
      output.write(frame, tracks);
      status.step(frame, tracks);
    }
    if (!stopped) {
      status.end();
    }
  }

  /** Called when the process is to end: ends the video and waits for its files. */
  private void stop(VideoSource source) {
    stopped = true;
    source.close();
    try {
      finished.await(SECONDS_TO_FINISH, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending, and the hook is what waits for this thread.
    }
  }

  private VideoSourceOptions sourceOptions() {
    VideoSourceOptions.Builder options =
        VideoSourceOptions.builder().decoding(decoding()).cudaDevice(asked.device().device());
    int[] size = asked.size();
    if (size != null) {
      options.raw(size[0], size[1], asked.pixelFormat(), asked.rawFramesPerSecond());
    }
    return options.build();
  }

  private VideoSourceOptions.Decoding decoding() {
    boolean drawn = asked.out() != null || asked.show();
    return switch (asked.decoder()) {
      case CPU -> VideoSourceOptions.Decoding.CPU;
      case NVDEC -> VideoSourceOptions.Decoding.NVDEC;
      case AUTO ->
          drawn || !asked.device().usesGpu()
              ? VideoSourceOptions.Decoding.CPU
              : VideoSourceOptions.Decoding.AUTO;
    };
  }

  private TrackerOptions trackerOptions() {
    TrackerOptions.Builder options = TrackerOptions.builder();
    if (asked.foundThreshold() != null) {
      options.foundThreshold(asked.foundThreshold());
    }
    return options.build();
  }
}
