package org.scanformer.video;

import java.lang.ref.WeakReference;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOInterruptCB;
import org.bytedeco.javacpp.Pointer;

/**
 * Ends FFmpeg's waiting for input when it takes too long or nobody waits for it any more. It
 * belongs to the thread that reads: FFmpeg asks on the thread that called it.
 */
final class InputDeadline {
  /** Weak, as a thread of the application's would keep our class loader for as long as it lives. */
  private static final ThreadLocal<WeakReference<InputDeadline>> OF_THREAD = new ThreadLocal<>();

  /** One for all: JavaCPP has room for ten of a kind. */
  private static final AVIOInterruptCB.Callback_Pointer CALLBACK = Ffmpeg.constant(new Callback());

  private final WeakReference<InputDeadline> weak = new WeakReference<>(this);
  private final long nanos;
  private volatile boolean cancelled;
  private long start;
  private boolean expired;

  /**
   * A deadline that is not set yet.
   *
   * @param nanos how long one read may take; {@link Long#MAX_VALUE} for any time
   */
  InputDeadline(long nanos) {
    this.nanos = nanos;
  }

  /** Makes this the deadline of the calling thread's reads. */
  void adopt() {
    OF_THREAD.set(weak);
  }

  /** Has an input's reads end by the deadline of the thread that does them. */
  static void watch(AVFormatContext context) {
    context.interrupt_callback().callback(CALLBACK);
  }

  /** A read begins. */
  void begin() {
    start = System.nanoTime();
    expired = false;
  }

  /** Ends the running read and all later ones. Called by any thread. */
  void cancel() {
    cancelled = true;
  }

  boolean isCancelled() {
    return cancelled;
  }

  /** Whether the last read took too long. */
  boolean hasExpired() {
    return expired;
  }

  private boolean isOver() {
    expired |= nanos != Long.MAX_VALUE && System.nanoTime() - start > nanos;
    return cancelled || expired;
  }

  /** What FFmpeg calls. */
  private static final class Callback extends AVIOInterruptCB.Callback_Pointer {
    @Override
    public int call(Pointer opaque) {
      WeakReference<InputDeadline> adopted = OF_THREAD.get();
      InputDeadline deadline = adopted == null ? null : adopted.get();
      return deadline != null && deadline.isOver() ? 1 : 0;
    }
  }
}
