package org.scanformer.video;

import java.util.concurrent.CountDownLatch;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * The thread that opens a source, decodes it and opens it again where that is asked for. All calls
 * of FFmpeg for the source are its own.
 */
final class FrameReader implements Runnable {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final VideoInput input;
  private final VideoSourceOptions options;
  private final FrameQueue queue;
  private final InputDeadline deadline;
  private final CountDownLatch opened = new CountDownLatch(1);

  private volatile RuntimeException refusal;
  private volatile StreamFacts facts;
  private volatile long decoded;
  private volatile long decodeErrors;
  private volatile long stalls;
  private volatile long reconnects;

  private final FrameTimes times = new FrameTimes();
  private long firstArrival = -1;
  private boolean newest;

  /** What is known of a source when it is open. */
  record StreamFacts(int width, int height, double framesPerSecond, long nanos, boolean live) {}

  FrameReader(VideoInput input, VideoSourceOptions options, FrameQueue queue) {
    this.input = input;
    this.options = options;
    this.queue = queue;
    this.deadline =
        new InputDeadline(input.mayStall() ? options.stallLimit().toNanos() : Long.MAX_VALUE);
  }

  /**
   * Waits until the source is open.
   *
   * @throws ScanFormerException as opening it failed
   */
  StreamFacts awaitOpen() throws InterruptedException {
    opened.await();
    if (refusal != null) {
      throw refusal;
    }
    return facts;
  }

  /** Ends the reading soon. Called by any thread. */
  void cancel() {
    deadline.cancel();
  }

  VideoStatistics statistics() {
    return new VideoStatistics(
        decoded, queue.delivered(), queue.dropped(), decodeErrors, stalls, reconnects);
  }

  @Override
  public void run() {
    RuntimeException failure = null;
    try {
      deadline.adopt();
      failure = readAll();
    } catch (RuntimeException e) {
      failure = e;
    } catch (Error e) {
      failure = new ScanFormerException(ErrorCode.DEVICE_ERROR, "The decoder failed: " + e, e);
    } finally {
      if (facts == null) {
        refusal = failure;
      }
      opened.countDown();
      queue.end(failure);
    }
  }

  /**
   * Reads until the end, the last failure or the call of close; what failed in the end, or null.
   */
  private RuntimeException readAll() {
    Decoder decoder = open();
    int most = options.maxReconnects();
    if (most < 0) {
      most = facts.live() ? Integer.MAX_VALUE : 0;
    }
    int attempts = 0;
    String ending = null;
    while (true) {
      if (decoder != null) {
        long before = decoded;
        try {
          ending = readOne(decoder);
        } finally {
          decoder.close();
        }
        if (decoded > before) {
          attempts = 0;
        }
      }
      if (queue.isClosed()) {
        return null;
      }
      if (attempts >= most) {
        return ending == null
            ? null
            : new ScanFormerException(
                ErrorCode.BAD_INPUT, "The video " + input + " broke off: " + ending);
      }
      queue.pause(backOff(attempts));
      attempts++;
      if (queue.isClosed()) {
        return null;
      }
      try {
        decoder = new Decoder(input, options, deadline);
        reconnects++;
      } catch (ScanFormerException e) {
        decoder = null;
        ending = e.getMessage();
      }
    }
  }

  private long backOff(int attempts) {
    long longest = options.longestBackOff().toNanos();
    long first = Math.min(options.firstBackOff().toNanos(), longest);
    // Doubled each time; so many doublings reach the longest one of any option.
    return attempts >= 30 || first > longest >> attempts ? longest : first << attempts;
  }

  private Decoder open() {
    Decoder decoder = new Decoder(input, options, deadline);
    newest = options.newest(decoder.live());
    if (newest) {
      queue.keepNewestOnly();
    }
    facts =
        new StreamFacts(
            decoder.width(),
            decoder.height(),
            decoder.framesPerSecond(),
            decoder.nanos(),
            decoder.live());
    opened.countDown();
    return decoder;
  }

  /** Reads an input to its end; why it broke off, or null where it just ended. */
  private String readOne(Decoder decoder) {
    long errorsBefore = decodeErrors;
    times.begin();
    while (true) {
      FrameSlot slot = queue.empty();
      Decoder.Outcome outcome = decoder.read(slot.frame);
      decodeErrors = errorsBefore + decoder.errors();
      if (outcome != Decoder.Outcome.FRAME) {
        queue.giveBack(slot);
        if (outcome == Decoder.Outcome.END) {
          return null;
        }
        if (deadline.hasExpired()) {
          stalls++;
        }
        return decoder.failure();
      }
      slot.arrivalNanos = System.nanoTime();
      slot.index = decoded++;
      slot.rotation = decoder.rotation(slot.frame);
      slot.timestampNanos = timestamp(decoder, slot);
      if (newest && !facts.live()) {
        // A file that stands in for a camera is played at its own pace.
        queue.pause(firstArrival + slot.timestampNanos - System.nanoTime());
        slot.arrivalNanos = System.nanoTime();
      }
      if (!queue.put(slot)) {
        return null;
      }
    }
  }

  /**
   * A frame's time since the first frame: by the stream's own times, or, of live sources, by when
   * it came.
   */
  private long timestamp(Decoder decoder, FrameSlot slot) {
    if (firstArrival < 0) {
      firstArrival = slot.arrivalNanos;
    }
    if (facts.live()) {
      return slot.arrivalNanos - firstArrival;
    }
    double rate = decoder.framesPerSecond();
    long frameNanos = rate > 0 ? Math.round(NANOS_PER_SECOND / rate) : NANOS_PER_SECOND / 25;
    return times.next(decoder.timestampNanos(slot.frame), frameNanos, decoder.timesMayJump());
  }
}
