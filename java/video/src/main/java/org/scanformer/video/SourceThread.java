package org.scanformer.video;

import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * The thread that decodes a source, and the frames on their way from it. It knows nothing of the
 * {@link VideoSource} that it belongs to, so that one that is forgotten can be closed. {@link
 * #next()} by one thread at a time, all else by any.
 */
final class SourceThread {
  /** Reads of pipes and cameras cannot be interrupted: a thread in one of them is left behind. */
  private static final long NANOS_TO_END = 2_000_000_000;

  private final boolean upright;
  private final FrameQueue queue = new FrameQueue();
  private final FrameReader reader;
  private final Thread thread;
  private final FrameImages images = new FrameImages();

  /** Guards against a close while a frame's image is made. */
  private final Object closing = new Object();

  private boolean closed;

  /** Begins to read an input. */
  SourceThread(VideoInput input, VideoSourceOptions options) {
    upright = options.upright();
    reader = new FrameReader(input, options, queue);
    thread = new Thread(reader, "scanformer-video");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Waits until the source is open; closes it where that fails.
   *
   * @throws ScanFormerException as opening it failed
   */
  FrameReader.StreamFacts awaitOpen(VideoInput input) {
    try {
      return reader.awaitOpen();
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

  /** See {@link VideoSource#next()}. */
  VideoFrame next() {
    FrameSlot slot;
    try {
      slot = queue.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
    synchronized (closing) {
      return slot == null || closed ? null : images.of(slot, upright);
    }
  }

  VideoStatistics statistics() {
    return reader.statistics();
  }

  /** See {@link VideoSource#close()}; whether it was still open. */
  boolean close() {
    synchronized (closing) {
      if (closed) {
        return false;
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
    return true;
  }
}
