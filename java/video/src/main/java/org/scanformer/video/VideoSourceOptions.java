package org.scanformer.video;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.scanformer.ErrorCode;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;

/** How video is read. Immutable; made by {@link #builder()}. */
public final class VideoSourceOptions {
  /** Which frames a consumer gets that is slower than the source. */
  public enum Delivery {
    /** Each of them: decoding waits for the consumer. For files and pipes. */
    EVERY,
    /**
     * The newest one: older ones are dropped and counted. For cameras and live streams; a file is
     * played at its own pace.
     */
    NEWEST
  }

  /** What decodes, and so where frames are. */
  public enum Decoding {
    /** The CPU, to direct buffers. */
    CPU,
    /**
     * The decoder of an NVIDIA GPU. Frames stay in its memory, as {@link
     * org.scanformer.Image#nv12OnDevice} takes them: for a model on the same GPU. Opening a source
     * fails where there is none, and reading where it does not decode the video.
     */
    NVDEC,
    /**
     * {@link #NVDEC} where there is one that decodes the video, or else {@link #CPU}. The model
     * must be on the GPU.
     */
    AUTO
  }

  private final Delivery delivery;
  private final Decoding decoding;
  private final int cudaDevice;
  private final Duration stallLimit;
  private final int maxReconnects;
  private final Duration firstBackOff;
  private final Duration longestBackOff;
  private final boolean upright;
  private final int threads;
  private final RawVideo raw;
  private final Map<String, String> inputOptions;

  private VideoSourceOptions(Builder builder) {
    delivery = builder.delivery;
    decoding = builder.decoding;
    cudaDevice = builder.cudaDevice;
    stallLimit = builder.stallLimit;
    maxReconnects = builder.maxReconnects;
    firstBackOff = builder.firstBackOff;
    longestBackOff = builder.longestBackOff;
    upright = builder.upright;
    threads = builder.threads;
    raw = builder.raw;
    inputOptions = Map.copyOf(builder.inputOptions);
  }

  /** The defaults. */
  public static VideoSourceOptions defaults() {
    return builder().build();
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Which frames a slow consumer gets; null, the default, for {@link Delivery#NEWEST} of cameras
   * and of URLs of http, https, rtsp, rtmp, rtp, udp, tcp and srt, and {@link Delivery#EVERY} of
   * all else, also of a video of a known length on a web server.
   */
  public Delivery delivery() {
    return delivery;
  }

  /** Whether a slow consumer gets the newest frame only, of a source that is live or not. */
  boolean newest(boolean live) {
    return delivery == null ? live : delivery == Delivery.NEWEST;
  }

  /** What decodes. Default: {@link Decoding#CPU}, whose frames every model takes. */
  public Decoding decoding() {
    return decoding;
  }

  /** The number of the GPU that decodes, as CUDA counts them. Default: 0. */
  public int cudaDevice() {
    return cudaDevice;
  }

  /**
   * How long one read may wait for data before the source counts as stalled. It applies to the
   * network. Files and pipes may take any time, and reads of cameras cannot be interrupted.
   * Default: 5 s.
   */
  public Duration stallLimit() {
    return stallLimit;
  }

  /**
   * How often in a row a source that stalled, failed or ended is opened again before the video
   * ends; a frame begins a new row. -1, the default, for any number of cameras and live URLs, and
   * for none of all else.
   */
  public int maxReconnects() {
    return maxReconnects;
  }

  /** The wait before the first attempt to reconnect; it doubles each time. Default: 250 ms. */
  public Duration firstBackOff() {
    return firstBackOff;
  }

  /** The longest wait between two attempts to reconnect. Default: 10 s. */
  public Duration longestBackOff() {
    return longestBackOff;
  }

  /**
   * Whether frames of a video that is to be shown turned, as phones record it, are turned upright,
   * which copies them once. Default: true. Otherwise {@link VideoFrame#rotation()} tells.
   */
  public boolean upright() {
    return upright;
  }

  /** The threads of the decoder; 0, the default, for as many as there are processors. */
  public int threads() {
    return threads;
  }

  /** What the bytes of a raw video are; null, the default, for video in a container. */
  RawVideo raw() {
    return raw;
  }

  /** FFmpeg's own options for the input, such as {@code rtsp_transport}. */
  Map<String, String> inputOptions() {
    return inputOptions;
  }

  /** Frames of bytes without a container. */
  record RawVideo(int width, int height, PixelFormat format, double framesPerSecond) {}

  /** Collects options. Not safe for use by several threads. */
  public static final class Builder {
    private Delivery delivery;
    private Decoding decoding = Decoding.CPU;
    private int cudaDevice;
    private Duration stallLimit = Duration.ofSeconds(5);
    private int maxReconnects = -1;
    private Duration firstBackOff = Duration.ofMillis(250);
    private Duration longestBackOff = Duration.ofSeconds(10);
    private boolean upright = true;
    private int threads;
    private RawVideo raw;
    private final Map<String, String> inputOptions = new LinkedHashMap<>();

    private Builder() {}

    /** See {@link VideoSourceOptions#delivery()}. */
    public Builder delivery(Delivery value) {
      delivery = value;
      return this;
    }

    /** See {@link VideoSourceOptions#decoding()}. */
    public Builder decoding(Decoding value) {
      decoding = Objects.requireNonNull(value, "decoding");
      return this;
    }

    /** See {@link VideoSourceOptions#cudaDevice()}. */
    public Builder cudaDevice(int value) {
      require(value >= 0, "cudaDevice must be 0 or more, found " + value);
      cudaDevice = value;
      return this;
    }

    /** See {@link VideoSourceOptions#stallLimit()}. */
    public Builder stallLimit(Duration value) {
      stallLimit = positive("stallLimit", value);
      return this;
    }

    /** See {@link VideoSourceOptions#maxReconnects()}. */
    public Builder maxReconnects(int value) {
      require(value >= -1, "maxReconnects must be -1 or more, found " + value);
      maxReconnects = value;
      return this;
    }

    /** The first and the longest wait: see {@link VideoSourceOptions#firstBackOff()}. */
    public Builder backOff(Duration first, Duration longest) {
      firstBackOff = positive("backOff", first);
      longestBackOff = positive("backOff", longest);
      return this;
    }

    /** See {@link VideoSourceOptions#upright()}. */
    public Builder upright(boolean value) {
      upright = value;
      return this;
    }

    /** See {@link VideoSourceOptions#threads()}. */
    public Builder threads(int value) {
      require(value >= 0 && value <= 64, "threads must be 0 to 64, found " + value);
      threads = value;
      return this;
    }

    /**
     * The source gives frames without a container, one after another, as {@code ffmpeg -f rawvideo}
     * writes them.
     *
     * @param format one of RGB, BGR, RGBA, BGRA, GRAY, NV12, NV21, I420, YUYV, UYVY and P010; rows
     *     have no padding
     */
    public Builder raw(int width, int height, PixelFormat format, double framesPerSecond) {
      Objects.requireNonNull(format, "format");
      require(
          width >= 1 && height >= 1 && width <= 1 << 14 && height <= 1 << 14,
          "raw needs a size of 1x1 to 16384x16384, found " + width + "x" + height);
      require(
          framesPerSecond > 0 && framesPerSecond <= 1000,
          "raw needs more than 0 and at most 1000 frames a second, found " + framesPerSecond);
      raw = new RawVideo(width, height, format, framesPerSecond);
      return this;
    }

    /**
     * Sets one of FFmpeg's options for the input, as {@code rtsp_transport} to {@code tcp}. One
     * that the input does not know is refused when it is opened.
     */
    public Builder inputOption(String name, String value) {
      inputOptions.put(
          Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
      return this;
    }

    /** The options collected so far. */
    public VideoSourceOptions build() {
      return new VideoSourceOptions(this);
    }

    private static Duration positive(String name, Duration value) {
      Objects.requireNonNull(value, name);
      require(
          !value.isNegative() && !value.isZero() && value.toDays() < 365,
          name + " must be more than 0 and less than a year, found " + value);
      return value;
    }

    private static void require(boolean holds, String message) {
      if (!holds) {
        throw new ScanFormerException(ErrorCode.BAD_INPUT, "The option " + message);
      }
    }
  }
}
