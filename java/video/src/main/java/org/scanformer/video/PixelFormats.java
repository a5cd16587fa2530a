package org.scanformer.video;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.ffmpeg.global.avutil;
import org.scanformer.PixelFormat;
import org.scanformer.YuvColor;

/** FFmpeg's pixel formats and colours, and the library's. Thread-safe: no state that changes. */
final class PixelFormats {
  /** The height from which video of unknown colour is taken as high definition. */
  private static final int HIGH_DEFINITION = 720;

  private static final Map<Integer, PixelFormat> OF_FFMPEG = new HashMap<>();
  private static final Map<PixelFormat, Integer> TO_FFMPEG = new EnumMap<>(PixelFormat.class);

  static {
    put(avutil.AV_PIX_FMT_RGB24, PixelFormat.RGB);
    put(avutil.AV_PIX_FMT_BGR24, PixelFormat.BGR);
    put(avutil.AV_PIX_FMT_RGBA, PixelFormat.RGBA);
    put(avutil.AV_PIX_FMT_RGB0, PixelFormat.RGBA);
    put(avutil.AV_PIX_FMT_BGRA, PixelFormat.BGRA);
    put(avutil.AV_PIX_FMT_BGR0, PixelFormat.BGRA);
    put(avutil.AV_PIX_FMT_GRAY8, PixelFormat.GRAY);
    put(avutil.AV_PIX_FMT_YUV420P, PixelFormat.I420);
    put(avutil.AV_PIX_FMT_YUVJ420P, PixelFormat.I420);
    put(avutil.AV_PIX_FMT_NV12, PixelFormat.NV12);
    put(avutil.AV_PIX_FMT_NV21, PixelFormat.NV21);
    put(avutil.AV_PIX_FMT_YUYV422, PixelFormat.YUYV);
    put(avutil.AV_PIX_FMT_UYVY422, PixelFormat.UYVY);
    put(avutil.AV_PIX_FMT_P010LE, PixelFormat.P010);
  }

  private PixelFormats() {}

  private static void put(int ffmpeg, PixelFormat format) {
    OF_FFMPEG.put(ffmpeg, format);
    TO_FFMPEG.putIfAbsent(format, ffmpeg);
  }

  /** The format that has the same layout; null where there is none. */
  static PixelFormat of(int ffmpeg) {
    return OF_FFMPEG.get(ffmpeg);
  }

  /** FFmpeg's number of a format. */
  static int toFfmpeg(PixelFormat format) {
    return TO_FFMPEG.get(format);
  }

  /**
   * What YUV samples mean. BT.2020 is taken as BT.709, whose matrix is the nearer one.
   *
   * @param format FFmpeg's, of which some say the range
   * @param matrix FFmpeg's AVCOL_SPC
   * @param range FFmpeg's AVCOL_RANGE
   */
  static YuvColor color(int format, int matrix, int range, int height) {
    boolean full = range == avutil.AVCOL_RANGE_JPEG || format == avutil.AV_PIX_FMT_YUVJ420P;
    boolean high =
        switch (matrix) {
          case avutil.AVCOL_SPC_BT709, avutil.AVCOL_SPC_BT2020_NCL, avutil.AVCOL_SPC_BT2020_CL ->
              true;
          case avutil.AVCOL_SPC_UNSPECIFIED -> height >= HIGH_DEFINITION && !full;
          default -> false;
        };
    if (high) {
      return full ? YuvColor.BT709_FULL : YuvColor.BT709_LIMITED;
    }
    return full ? YuvColor.BT601_FULL : YuvColor.BT601_LIMITED;
  }

  /** FFmpeg's AVCOL_SPC of a colour. */
  static int matrix(YuvColor color) {
    return color == YuvColor.BT709_LIMITED || color == YuvColor.BT709_FULL
        ? avutil.AVCOL_SPC_BT709
        : avutil.AVCOL_SPC_SMPTE170M;
  }

  /** FFmpeg's AVCOL_RANGE of a colour. */
  static int range(YuvColor color) {
    return color == YuvColor.BT601_FULL || color == YuvColor.BT709_FULL
        ? avutil.AVCOL_RANGE_JPEG
        : avutil.AVCOL_RANGE_MPEG;
  }
}
