package org.scanformer.video;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.PointerPointer;
import org.scanformer.ErrorCode;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/**
 * An MP4 file that pictures are written to, without sound. The codec is H.264 by OpenH264, which
 * FFmpeg's builds under the LGPL contain, or MPEG-4 Part 2 where a build lacks it.
 *
 * <p>The file is written beside its place, as FILE.part, and put there by {@link #close()}, unless
 * no picture was written. Not safe for use by several threads.
 */
public final class VideoSink implements AutoCloseable {
  /** Ticks a second: whole numbers of them for 24, 25, 30 and 30000/1001 frames a second. */
  private static final int TICKS = 60_000;

  private static final double BITS_PER_PIXEL = 0.12;
  private static final long LEAST_BIT_RATE = 400_000;

  private final Path file;
  private final Path part;
  private final int width;
  private final int height;
  private final Picture canvas;
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final AVRational tick = new AVRational().num(1).den(TICKS);
  private AVFormatContext format;
  private AVCodecContext codec;
  private AVStream stream;
  private String codecName;
  private final long frameTicks;
  private long lastTick = -1;
  private long frames;
  private boolean closed;

  private VideoSink(Path file, int width, int height, double framesPerSecond) {
    this.file = file;
    this.part = file.resolveSibling(file.getFileName() + ".part");
    this.width = width & ~1;
    this.height = height & ~1;
    this.frameTicks = Math.max(1, Math.round(TICKS / framesPerSecond));
    canvas = Picture.of(this.width, this.height, PixelFormat.I420);
    try {
      start(framesPerSecond);
    } catch (RuntimeException e) {
      free();
      throw e;
    }
  }

  /**
   * Begins a file.
   *
   * @param file its name ends with .mp4; what was there is replaced by {@link #close()}
   * @param width of the video, at least 16; an odd one becomes the even one below, as H.264 needs
   * @param height likewise
   * @param framesPerSecond what players are told; the frames' own times count
   * @throws ScanFormerException BAD_INPUT when the file cannot be written to or a size does not
   *     fit; UNSUPPORTED when FFmpeg's libraries or both codecs are missing
   */
  public static VideoSink open(Path file, int width, int height, double framesPerSecond) {
    Objects.requireNonNull(file, "file");
    if (!file.toString().toLowerCase(java.util.Locale.ROOT).endsWith(".mp4")) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "The file " + file + " found, expected a name that ends with .mp4");
    }
    if (width < 16 || height < 16) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "A video of " + width + "x" + height + " found, expected at least 16x16");
    }
    if (!(framesPerSecond > 0 && framesPerSecond <= 1000)) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          framesPerSecond + " frames a second found, expected more than 0 and at most 1000");
    }
    Ffmpeg.start();
    return new VideoSink(file.toAbsolutePath(), width, height, framesPerSecond);
  }

  private void start(double framesPerSecond) {
    format = new AVFormatContext(null);
    Ffmpeg.check(
        avformat.avformat_alloc_output_context2(format, null, "mp4", part.toString()),
        ErrorCode.UNSUPPORTED,
        "MP4 cannot be written");
    openCodec(framesPerSecond);
    stream = avformat.avformat_new_stream(format, null);
    stream.time_base(tick);
    avcodec.avcodec_parameters_from_context(stream.codecpar(), codec);
    AVIOContext io = new AVIOContext(null);
    Ffmpeg.check(
        avformat.avio_open(io, part.toString(), avformat.AVIO_FLAG_WRITE),
        ErrorCode.BAD_INPUT,
        "The file " + part + " cannot be written to");
    format.pb(io);
    Ffmpeg.check(
        avformat.avformat_write_header(format, (PointerPointer<?>) null),
        ErrorCode.BAD_INPUT,
        "The file " + part + " cannot be written to");
  }

  private void openCodec(double framesPerSecond) {
    int result = avutil.AVERROR_ENCODER_NOT_FOUND();
    for (String name : new String[] {"libopenh264", "mpeg4"}) {
      AVCodec encoder = avcodec.avcodec_find_encoder_by_name(name);
      if (encoder == null || encoder.isNull()) {
        continue;
      }
      codec = avcodec.avcodec_alloc_context3(encoder);
      codec.width(width);
      codec.height(height);
      codec.pix_fmt(avutil.AV_PIX_FMT_YUV420P);
      codec.colorspace(canvas.frame().colorspace());
      codec.color_range(canvas.frame().color_range());
      codec.time_base(tick);
      codec.framerate(avutil.av_d2q(framesPerSecond, TICKS));
      codec.gop_size((int) Math.max(1, Math.round(2 * framesPerSecond)));
      codec.bit_rate(
          Math.max(LEAST_BIT_RATE, Math.round(BITS_PER_PIXEL * width * height * framesPerSecond)));
      if ((format.oformat().flags() & avformat.AVFMT_GLOBALHEADER) != 0) {
        codec.flags(codec.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
      }
      result = avcodec.avcodec_open2(codec, encoder, (PointerPointer<?>) null);
      if (result >= 0) {
        codecName = name;
        return;
      }
      avcodec.avcodec_free_context(codec);
      codec = null;
    }
    Ffmpeg.check(result, ErrorCode.UNSUPPORTED, "No encoder of FFmpeg can be used");
  }

  /** The name of FFmpeg's encoder: {@code libopenh264} or {@code mpeg4}. */
  public String codec() {
    return codecName;
  }

  /** Width of the video, in pixels; even. */
  public int width() {
    return width;
  }

  /** Height of the video, in pixels; even. */
  public int height() {
    return height;
  }

  /** The frames that were written. */
  public long frames() {
    return frames;
  }

  /**
   * Writes a picture; one of another size is scaled to the video's.
   *
   * @param timestampNanos when it is shown, from the first one's; a time that is not after the last
   *     frame's becomes the next possible one
   * @throws ScanFormerException BAD_INPUT when it cannot be written, as to a full disk
   */
  public void write(Picture picture, long timestampNanos) {
    if (closed) {
      throw new IllegalStateException("The video " + file + " is closed");
    }
    canvas.set(picture.image());
    AVFrame frame = canvas.frame();
    long at = Math.max(lastTick + 1, Math.round(timestampNanos * (TICKS / 1e9)));
    frame.pts(at);
    lastTick = at;
    frames++;
    Ffmpeg.check(
        avcodec.avcodec_send_frame(codec, frame),
        ErrorCode.BAD_INPUT,
        "A frame of " + file + " could not be encoded");
    writePackets();
  }

  private void writePackets() {
    while (true) {
      int received = avcodec.avcodec_receive_packet(codec, packet);
      if (received == avutil.AVERROR_EAGAIN() || received == avutil.AVERROR_EOF()) {
        return;
      }
      Ffmpeg.check(received, ErrorCode.BAD_INPUT, "A frame of " + file + " could not be encoded");
      // Without it the last frame lasts no time, and players leave it out.
      packet.duration(frameTicks);
      avcodec.av_packet_rescale_ts(packet, tick, stream.time_base());
      packet.stream_index(stream.index());
      Ffmpeg.check(
          avformat.av_interleaved_write_frame(format, packet),
          ErrorCode.BAD_INPUT,
          "The file " + part + " cannot be written to");
    }
  }

  /**
   * Writes what is left and puts the file in its place; a film without pictures, which no player
   * opens, replaces nothing. Idempotent.
   *
   * @throws ScanFormerException BAD_INPUT when that fails; FILE.part is then left
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      avcodec.avcodec_send_frame(codec, null);
      writePackets();
      Ffmpeg.check(
          avformat.av_write_trailer(format),
          ErrorCode.BAD_INPUT,
          "The file " + part + " cannot be written to");
    } finally {
      free();
    }
    try {
      if (frames > 0) {
        move();
      } else {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The file " + file + " cannot be written to: " + SystemMessages.reason(e),
          e);
    }
  }

  private void move() throws IOException {
    try {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private void free() {
    canvas.close();
    avcodec.av_packet_free(packet);
    if (codec != null) {
      avcodec.avcodec_free_context(codec);
    }
    if (format != null && !format.isNull()) {
      if (format.pb() != null && !format.pb().isNull()) {
        avformat.avio_close(format.pb());
        format.pb(null);
      }
      avformat.avformat_free_context(format);
    }
    tick.close();
  }
}
