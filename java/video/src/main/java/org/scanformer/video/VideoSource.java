package org.scanformer.video;

import java.lang.ref.Reference;
import java.util.Objects;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.engine.Unclosed;

/**
 * Frames of a file, a camera or a stream, decoded on a thread of its own by FFmpeg and handed out
 * without copies.
 *
 * <pre>{@code
 * try (VideoSource source = VideoSource.open("clip.mp4")) {
 *   for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
 *     session.locate(frame.image(), expression, result);
 *   }
 * }
 * }</pre>
 *
 * <p>Up to three decoded frames wait for the consumer, or just the newest one: see {@link
 * VideoSourceOptions#delivery()}. Damaged frames are counted, and what can be decoded of them is
 * delivered. A live source that stalls, fails or ends is opened again after a wait.
 *
 * <p>One thread at a time may call {@link #next()}; {@link #close()} and {@link #statistics()} may
 * be called by any, but a frame is not valid any more once another thread has closed the source.
 */
public final class VideoSource implements AutoCloseable {
  private final VideoInput input;
  private final SourceThread decoding;
  private final FrameReader.StreamFacts facts;

  private VideoSource(VideoInput input, VideoSourceOptions options) {
    this.input = input;
    decoding = new SourceThread(input, options);
    facts = decoding.awaitOpen(input);
    Unclosed.watch(this, "video source", decoding::close);
  }

  /** {@link #open(String, VideoSourceOptions)} with the defaults. */
  public static VideoSource open(String location) {
    return open(location, VideoSourceOptions.defaults());
  }

  /**
   * Opens a source and waits for it to answer.
   *
   * @param location a video file; {@code cam0} or {@code /dev/video0} for a camera; a URL that
   *     FFmpeg knows, such as rtsp://… or http://…; {@code frames/%04d.png} or {@code
   *     'frames/*.png'} for a sequence of images; {@code -} for standard input
   * @throws ScanFormerException BAD_INPUT when it cannot be opened, does not answer in time or has
   *     no video; UNSUPPORTED when FFmpeg's libraries are missing, or its decoder
   */
  public static VideoSource open(String location, VideoSourceOptions options) {
    Objects.requireNonNull(location, "location");
    Objects.requireNonNull(options, "options");
    Ffmpeg.start();
    return new VideoSource(VideoInput.of(location, options), options);
  }

  /**
   * The next frame, or the newest one, as the source's delivery says; waits for it. The frame
   * before is not valid any more.
   *
   * @return null at the end of the video, and when the source is closed or the calling thread
   *     interrupted, whose interrupt status then is set
   * @throws ScanFormerException BAD_INPUT when the video broke off for good; the frames before were
   *     delivered
   */
  public VideoFrame next() {
    try {
      return decoding.next();
    } finally {
      // Or it might be taken for forgotten, and closed, while it waits for the frame.
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Whether frames come at the source's own pace: cameras, and URLs other than a video of a known
   * length on a web server.
   */
  public boolean isLive() {
    return facts.live();
  }

  /** Frames a second as the video says; 0 when it does not. */
  public double framesPerSecond() {
    return facts.framesPerSecond();
  }

  /** The video's length in nanoseconds; -1 when it is not known, as of live sources. */
  public long durationNanos() {
    return facts.nanos();
  }

  /** What was done so far. */
  public VideoStatistics statistics() {
    return decoding.statistics();
  }

  /** The location, without a password that it may hold. */
  @Override
  public String toString() {
    return input.toString();
  }

  /**
   * Ends the decoding and frees everything, the last frame too. Where a pipe or a camera gives
   * nothing, the decoder's thread cannot be ended: it is left after two seconds, and ends with the
   * next data or the process. Idempotent.
   */
  @Override
  public void close() {
    decoding.close();
  }
}
