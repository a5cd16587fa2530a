package org.scanformer.video;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVBufferRef;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.Free_Pointer_BytePointer;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * What a decoder writes frames to: direct buffers of Java's, which it gets again and again. A view
 * of a frame keeps its buffer alive, so that one that is used for too long shows other pixels but
 * reads no freed memory. Thread-safe: FFmpeg's threads call it.
 */
final class FrameMemory {
  private static final int ALIGNMENT = 64;

  /** What FFmpeg's own allocation adds to a plane, and more. */
  private static final int PADDING = 2 * ALIGNMENT;

  /** Buffers that are kept for the next frame. */
  private static final int MOST_KEPT = 32;

  private static final Get GET = Ffmpeg.constant(new Get());
  private static final Free FREE = Ffmpeg.constant(new Free());
  private static final AtomicLong NUMBERS = new AtomicLong();
  private static final Map<Long, FrameMemory> BY_NUMBER = new ConcurrentHashMap<>();
  private static final Map<Long, Lent> BY_ADDRESS = new ConcurrentHashMap<>();

  private final long number = NUMBERS.incrementAndGet();
  private final ArrayDeque<ByteBuffer> kept = new ArrayDeque<>();
  private int bytes;
  private boolean closed;

  /** Whether Java had no direct memory left: FFmpeg's own is used from then on. */
  private boolean exhausted;

  /** A buffer that FFmpeg uses. */
  private record Lent(FrameMemory owner, ByteBuffer buffer) {}

  /** Has a decoder write to this memory, as far as it can: most do. Before it is opened. */
  void serve(AVCodecContext codec) {
    BY_NUMBER.put(number, this);
    codec.opaque(new Number(number));
    codec.get_buffer2(GET);
  }

  /** Keeps nothing any more. What FFmpeg still uses stays alive for so long. */
  synchronized void close() {
    closed = true;
    kept.clear();
    BY_NUMBER.remove(number);
  }

  /**
   * A view of bytes of a frame, which keeps them alive.
   *
   * @return null when they are no decoder's that writes to this kind of memory
   */
  static ByteBuffer view(AVFrame frame, int plane, int length) {
    AVBufferRef buffer = frame.buf(0);
    Lent lent = buffer == null ? null : BY_ADDRESS.get(buffer.data().address());
    if (lent == null) {
      return null;
    }
    long offset = frame.data(plane).address() - buffer.data().address();
    return lent.buffer.slice(Math.toIntExact(offset), length);
  }

  /** The buffers that FFmpeg uses, of all decoders. */
  static int lent() {
    return BY_ADDRESS.size();
  }

  private synchronized ByteBuffer take(int size) {
    if (size != bytes) {
      // The video's size has changed.
      kept.clear();
      bytes = size;
    }
    ByteBuffer again = kept.poll();
    return again != null
        ? again
        : ByteBuffer.allocateDirect(size + ALIGNMENT).alignedSlice(ALIGNMENT).slice();
  }

  private synchronized boolean isExhausted() {
    return exhausted;
  }

  /** Leaves Java's memory to those who copy FFmpeg's frames. */
  private synchronized void exhaust() {
    exhausted = true;
    kept.clear();
  }

  private synchronized void giveBack(ByteBuffer buffer, int size) {
    if (!closed && !exhausted && size == bytes && kept.size() < MOST_KEPT) {
      kept.add(buffer);
    }
  }

  /** Gives a frame its planes; an error of FFmpeg's where there is no memory. */
  private int fill(AVCodecContext codec, AVFrame frame) {
    int[] width = {frame.width()};
    int[] height = {frame.height()};
    int[] alignment = new int[AVFrame.AV_NUM_DATA_POINTERS];
    avcodec.avcodec_align_dimensions2(codec, width, height, alignment);
    int[] strides = strides(frame.format(), width[0]);
    if (strides == null) {
      return avutil.AVERROR_INVALIDDATA();
    }
    int chromaRows = -(-height[0] >> avutil.av_pix_fmt_desc_get(frame.format()).log2_chroma_h());
    int[] offsets = new int[strides.length];
    long total = 0;
    for (int p = 0; p < strides.length && strides[p] > 0; p++) {
      offsets[p] = Math.toIntExact(total);
      long rows = p == 1 || p == 2 ? chromaRows : height[0];
      total += (strides[p] * rows + PADDING + ALIGNMENT - 1) & -ALIGNMENT;
    }
    ByteBuffer buffer = take(Math.toIntExact(total));
    BytePointer start = new BytePointer(buffer);
    AVBufferRef reference = avutil.av_buffer_create(start, total, FREE, null, 0);
    if (reference == null || reference.isNull()) {
      return avutil.AVERROR_ENOMEM();
    }
    BY_ADDRESS.put(start.address(), new Lent(this, buffer));
    frame.buf(0, reference);
    for (int p = 0; p < strides.length && strides[p] > 0; p++) {
      frame.data(p, new BytePointer(start).position(offsets[p]).getPointer(BytePointer.class));
      frame.linesize(p, strides[p]);
    }
    return 0;
  }

  /** Strides that are multiples of the alignment, as FFmpeg finds them: by a wider picture. */
  private static int[] strides(int format, int width) {
    int[] strides = new int[4];
    int wider = width;
    boolean aligned = false;
    while (!aligned) {
      if (avutil.av_image_fill_linesizes(strides, format, wider) < 0) {
        return null;
      }
      wider += wider & -wider;
      aligned = true;
      for (int stride : strides) {
        aligned &= stride % ALIGNMENT == 0;
      }
    }
    return strides;
  }

  /** An opaque pointer that is a number. */
  private static final class Number extends Pointer {
    Number(long value) {
      address = value;
    }
  }

  /** What FFmpeg calls for a frame's memory. */
  private static final class Get extends AVCodecContext.Get_buffer2_AVCodecContext_AVFrame_int {
    @Override
    public int call(AVCodecContext codec, AVFrame frame, int flags) {
      FrameMemory memory = BY_NUMBER.get(codec.opaque().address());
      boolean own =
          memory != null
              && !memory.isExhausted()
              && (codec.codec().capabilities() & avcodec.AV_CODEC_CAP_DR1) != 0
              && PixelFormats.of(frame.format()) != null;
      if (!own) {
        return avcodec.avcodec_default_get_buffer2(codec, frame, flags);
      }
      try {
        return memory.fill(codec, frame);
      } catch (OutOfMemoryError e) {
        memory.exhaust();
        return avcodec.avcodec_default_get_buffer2(codec, frame, flags);
      } catch (RuntimeException e) {
        // Nothing may be thrown through FFmpeg.
        return avutil.AVERROR_ENOMEM();
      }
    }
  }

  /** What FFmpeg calls when a frame's memory is used no more. */
  private static final class Free extends Free_Pointer_BytePointer {
    @Override
    public void call(Pointer opaque, BytePointer data) {
      Lent lent = BY_ADDRESS.remove(data.address());
      if (lent != null) {
        lent.owner.giveBack(lent.buffer, lent.buffer.capacity());
      }
    }
  }
}
