package org.scanformer.video;

import java.util.Objects;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

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
  /** Reads of pipes and cameras cannot be interrupted: a thread in one of them is left behind. */
  private static final long NANOS_TO_END = 2_000_000_000;

  private final VideoSourceOptions options;
  private final FrameQueue queue;
  private final FrameReader reader;
  private final FrameReader.StreamFacts facts;
  private final boolean live;
  private final Thread thread;
  private final FrameImages images = new FrameImages();

  /** Guards against a close while a frame's image is made. */
  private final Object closing = new Object();

  private boolean closed;

  private VideoSource(VideoInput input, VideoSourceOptions options) {
    this.options = options;
    boolean newest =
        options.delivery() == null
            ? input.live()
            : options.delivery() == VideoSourceOptions.Delivery.NEWEST;
    live = input.live();
    queue = new FrameQueue(newest ? 1 : FrameQueue.MOST_WAITING, newest);
    reader = new FrameReader(input, options, newest, queue);
    thread = new Thread(reader, "scanformer-video");
    thread.setDaemon(true);
    thread.start();
    try {
      facts = reader.awaitOpen();
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "The video " + input + " was not opened: interrupted");
    } catch (RuntimeException e) {
      close();
      throw e;
    }
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
    FrameSlot slot;
    try {
      slot = queue.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
    synchronized (closing) {
      return slot == null || closed ? null : images.of(slot, options.upright());
    }
  }

  /** Whether frames come at the source's own pace: cameras and live URLs. */
  public boolean isLive() {
    return live;
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
    return reader.statistics();
  }

  /**
   * Ends the decoding and frees everything, the last frame too. Where a pipe or a camera gives
   * nothing, the decoder's thread cannot be ended: it is left after two seconds, and ends with the
   * next data or the process. Idempotent.
   */
  @Override
  public void close() {
    synchronized (closing) {
      if (closed) {
        return;
      }
      closed = true;
      reader.cancel();
      queue.close();
    }
    boolean interrupted = false;
    long end = System.nanoTime() + NANOS_TO_END;
    while (thread.isAlive() && System.nanoTime() < end) {
      try {
        thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    images.close();
    if (!thread.isAlive()) {
      queue.free();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
