package org.scanformer.video;

import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVDictionaryEntry;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVFrameSideData;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * The video stream of an input that FFmpeg has opened. Used by one thread, whose {@link
 * InputDeadline} bounds each of its reads.
 */
final class Decoder implements AutoCloseable {
  /** What a read led to. */
  enum Outcome {
    /** A frame was decoded. */
    FRAME,
    /** The input's last frame was decoded before. */
    END,
    /** The input failed, or did not answer in time. */
    FAILED
  }

  /** Damaged pieces in a row after which an input counts as failed. */
  private static final int MOST_ERRORS = 1000;

  /** Streams without a rate, such as the picture of a song, give that of their clock. */
  private static final double MOST_FRAMES_PER_SECOND = 1000;

  private final InputDeadline deadline;
  private final AVFormatContext format;
  private final AVCodecContext codec;
  private final FrameMemory memory = new FrameMemory();

  /** Null where the CPU decodes. */
  private final CudaDecoding cuda;

  private final AVPacket packet;
  private final int stream;
  private final double nanosPerTick;
  private final double framesPerSecond;
  private final int rotation;
  private final long nanos;
  private final boolean live;
  private boolean draining;
  private long errors;
  private int errorsInARow;
  private String failure;

  /**
   * Opens an input.
   *
   * @throws ScanFormerException BAD_INPUT when it cannot be opened or has no video; UNSUPPORTED
   *     when there is no decoder for it
   */
  Decoder(VideoInput input, VideoSourceOptions options, InputDeadline deadline) {
    this.deadline = deadline;
    this.format = open(input, deadline);
    this.packet = avcodec.av_packet_alloc();
    AVCodecContext opened = null;
    CudaDecoding decoding = null;
    try {
      deadline.begin();
      Ffmpeg.check(
          avformat.avformat_find_stream_info(format, (PointerPointer<?>) null),
          ErrorCode.BAD_INPUT,
          "The video " + input + " could not be read");
      stream =
          Ffmpeg.check(
              avformat.av_find_best_stream(
                  format, avutil.AVMEDIA_TYPE_VIDEO, -1, -1, (PointerPointer<?>) null, 0),
              ErrorCode.BAD_INPUT,
              "The source " + input + " has no video");
      AVStream video = format.streams(stream);
      nanos =
          format.duration() > 0 ? format.duration() * (1_000_000_000 / avutil.AV_TIME_BASE) : -1;
      live = input.live(nanos);
      rotation = rotation(video.codecpar());
      boolean turned = options.upright() && rotation != 0;
      decoding = CudaDecoding.of(options, video.codecpar().codec_id(), turned);
      opened =
          openCodec(video.codecpar(), options.threads(), options.newest(live), input, decoding);
      double perSecond = 0;
      try (AVRational rate = avformat.av_guess_frame_rate(format, video, null)) {
        perSecond = rate.num() > 0 && rate.den() > 0 ? avutil.av_q2d(rate) : 0;
      }
      framesPerSecond = perSecond <= MOST_FRAMES_PER_SECOND ? perSecond : 0;
      nanosPerTick = 1e9 * avutil.av_q2d(video.time_base());
    } catch (RuntimeException e) {
      if (decoding != null) {
        decoding.close();
      }
      avformat.avformat_close_input(format);
      avcodec.av_packet_free(packet);
      throw e;
    }
    codec = opened;
    cuda = decoding;
  }

  private static AVFormatContext open(VideoInput input, InputDeadline deadline) {
    AVFormatContext context = avformat.avformat_alloc_context();
    InputDeadline.watch(context);
    AVInputFormat demuxer =
        input.demuxer() == null ? null : avformat.av_find_input_format(input.demuxer());
    AVDictionary options = new AVDictionary(null);
    try {
      for (Map.Entry<String, String> option : input.options().entrySet()) {
        avutil.av_dict_set(options, option.getKey(), option.getValue(), 0);
      }
      deadline.begin();
      // Frees the context when it fails.
      int result = avformat.avformat_open_input(context, input.url(), demuxer, options);
      if (deadline.hasExpired()) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT, "The video " + input + " did not answer in time");
      }
      Ffmpeg.check(result, ErrorCode.BAD_INPUT, "The video " + input + " could not be opened");
      // FFmpeg takes out of the dictionary what it knows.
      AVDictionaryEntry unknown = avutil.av_dict_iterate(options, null);
      if (unknown != null && !unknown.isNull()) {
        String name = unknown.key().getString();
        avformat.avformat_close_input(context);
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT, "The video " + input + " has no option " + name);
      }
      return context;
    } finally {
      avutil.av_dict_free(options);
    }
  }

  private AVCodecContext openCodec(
      AVCodecParameters parameters,
      int threads,
      boolean lowDelay,
      VideoInput input,
      CudaDecoding decoding) {
    AVCodec decoder =
        decoding == null ? avcodec.avcodec_find_decoder(parameters.codec_id()) : decoding.codec();
    if (decoder == null || decoder.isNull()) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "The video "
              + input
              + " is in a format that FFmpeg was built without: "
              + avcodec.avcodec_get_name(parameters.codec_id()).getString());
    }
    AVCodecContext context = avcodec.avcodec_alloc_context3(decoder);
    try {
      Ffmpeg.check(
          avcodec.avcodec_parameters_to_context(context, parameters),
          ErrorCode.BAD_INPUT,
          "The video " + input + " could not be read");
      memory.serve(context);
      if (decoding != null) {
        decoding.serve(context, FrameQueue.MOST_FRAMES);
      }
      context.thread_count(threads);
      if (lowDelay) {
        // Threads that each decode a frame hold back as many frames.
        context.thread_type(AVCodecContext.FF_THREAD_SLICE);
        context.flags(context.flags() | avcodec.AV_CODEC_FLAG_LOW_DELAY);
      }
      Ffmpeg.check(
          avcodec.avcodec_open2(context, decoder, (PointerPointer<?>) null),
          ErrorCode.BAD_INPUT,
          "The decoder of the video " + input + " does not start");
      return context;
    } catch (RuntimeException e) {
      avcodec.avcodec_free_context(context);
      memory.close();
      throw e;
    }
  }

  /** Degrees clockwise that a display matrix turns the video by. */
  private static int rotation(AVCodecParameters parameters) {
    AVPacketSideData matrix =
        avcodec.av_packet_side_data_get(
            parameters.coded_side_data(),
            parameters.nb_coded_side_data(),
            avcodec.AV_PKT_DATA_DISPLAYMATRIX);
    if (matrix == null || matrix.isNull()) {
      return 0;
    }
    return rotation(matrix.data());
  }

  private static int rotation(BytePointer matrix) {
    double counterclockwise = avutil.av_display_rotation_get(new IntPointer(matrix));
    return Double.isNaN(counterclockwise)
        ? 0
        : Math.floorMod(-90 * Math.round(counterclockwise / 90), 360);
  }

  /** Decodes the next frame into an empty one. */
  Outcome read(AVFrame frame) {
    while (true) {
      int received = avcodec.avcodec_receive_frame(codec, frame);
      if (received == 0) {
        errorsInARow = 0;
        if (cuda != null) {
          cuda.complete(frame);
        }
        if (frame.decode_error_flags() != 0
            || (frame.flags() & AVFrame.AV_FRAME_FLAG_CORRUPT) != 0) {
          errors++;
        }
        return Outcome.FRAME;
      }
      if (received == avutil.AVERROR_EOF()) {
        return Outcome.END;
      }
      if (received != avutil.AVERROR_EAGAIN() && isTooManyErrors(received)) {
        return Outcome.FAILED;
      }
      if (!draining && feed() == Outcome.FAILED) {
        return Outcome.FAILED;
      }
    }
  }

  /** Gives the codec what it decodes next. */
  private Outcome feed() {
    deadline.begin();
    int read = avformat.av_read_frame(format, packet);
    if (deadline.isCancelled() || deadline.hasExpired()) {
      failure = deadline.hasExpired() ? "no data in time" : "closed";
      avcodec.av_packet_unref(packet);
      return Outcome.FAILED;
    }
    if (read == avutil.AVERROR_EOF()) {
      draining = true;
      avcodec.avcodec_send_packet(codec, null);
      return Outcome.END;
    }
    if (read == avutil.AVERROR_INVALIDDATA() || read == avutil.AVERROR_EAGAIN()) {
      return isTooManyErrors(read) ? Outcome.FAILED : Outcome.FRAME;
    }
    if (read < 0) {
      failure = Ffmpeg.message(read);
      return Outcome.FAILED;
    }
    int sent = packet.stream_index() == stream ? avcodec.avcodec_send_packet(codec, packet) : 0;
    avcodec.av_packet_unref(packet);
    return sent < 0 && sent != avutil.AVERROR_EAGAIN() && isTooManyErrors(sent)
        ? Outcome.FAILED
        : Outcome.FRAME;
  }

  private boolean isTooManyErrors(int error) {
    if (error != avutil.AVERROR_EAGAIN()) {
      errors++;
    }
    errorsInARow++;
    failure = Ffmpeg.message(error);
    return errorsInARow >= MOST_ERRORS;
  }

  /** What the last failure was, in words. */
  String failure() {
    return failure;
  }

  /** Packets that could not be decoded, and damaged frames. */
  long errors() {
    return errors;
  }

  /** Frames a second as the container says; 0 when it does not. */
  double framesPerSecond() {
    return framesPerSecond;
  }

  /** The video's length in nanoseconds; -1 when it is not known. */
  long nanos() {
    return nanos;
  }

  /** Whether frames come at their own pace. */
  boolean live() {
    return live;
  }

  /** Whether the container's format allows that times jump, as where broadcasts were joined. */
  boolean timesMayJump() {
    return (format.iformat().flags() & avformat.AVFMT_TS_DISCONT) != 0;
  }

  /**
   * Degrees clockwise that a frame is to be turned by: 0, 90, 180 or 270. A frame's own matrix, as
   * that of a JPEG picture with an orientation, comes before the container's.
   */
  int rotation(AVFrame frame) {
    AVFrameSideData own = avutil.av_frame_get_side_data(frame, avutil.AV_FRAME_DATA_DISPLAYMATRIX);
    return own == null || own.isNull() ? rotation : rotation(own.data());
  }

  /** The size of frames as they are stored, as the container says. */
  int width() {
    return codec.width();
  }

  int height() {
    return codec.height();
  }

  /** A frame's time in the stream; {@link FrameTimes#UNKNOWN} when it has none. */
  long timestampNanos(AVFrame frame) {
    long ticks = frame.best_effort_timestamp();
    return ticks == avutil.AV_NOPTS_VALUE() ? FrameTimes.UNKNOWN : Math.round(ticks * nanosPerTick);
  }

  @Override
  public void close() {
    avcodec.avcodec_free_context(codec);
    avformat.avformat_close_input(format);
    avcodec.av_packet_free(packet);
    memory.close();
    if (cuda != null) {
      cuda.close();
    }
  }
}
