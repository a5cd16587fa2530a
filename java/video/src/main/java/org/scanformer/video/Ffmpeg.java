package org.scanformer.video;

import java.nio.charset.StandardCharsets;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avdevice;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.PointerThread;
import org.scanformer.internal.files.NativeLibraries;

/** FFmpeg's start and its errors. Thread-safe. */
final class Ffmpeg {
  private static final int MESSAGE_BYTES = 256;

  private static boolean started;

  private Ffmpeg() {}

  /**
   * Loads FFmpeg's libraries, from a directory that nobody else can write to. Called before
   * anything else of FFmpeg.
   *
   * @throws ScanFormerException UNSUPPORTED when they are missing or do not load
   */
  static synchronized void start() {
    if (started) {
      return;
    }
    try {
      NativeLibraries.load(
          () -> {
            long before = Pointer.totalCount();
            Loader.load(avutil.class);
            Loader.load(avcodec.class);
            Loader.load(avformat.class);
            Loader.load(swscale.class);
            Loader.load(avdevice.class);
            // Such as the layouts of channels that avutil has as constants.
            PointerThread.constantsMade((int) Math.max(0, Pointer.totalCount() - before));
            return null;
          });
    } catch (LinkageError e) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "Video needs FFmpeg's native libraries, which are missing or do not load: add"
              + " org.bytedeco:ffmpeg with the classifier "
              + Loader.Detector.getPlatform()
              + " to the application ("
              + e.getMessage()
              + ")",
          e);
    }
    // Its messages would go to standard error; what fails is reported by exceptions and counted.
    avutil.av_log_set_level(avutil.AV_LOG_QUIET);
    avdevice.avdevice_register_all();
    avformat.avformat_network_init();
    started = true;
  }

  /** A pointer that is kept for good. */
  static <P extends Pointer> P constant(P pointer) {
    PointerThread.constantsMade(1);
    return pointer;
  }

  /** FFmpeg's own words for an error. */
  static String message(int error) {
    byte[] text = new byte[MESSAGE_BYTES];
    avutil.av_strerror(error, text, MESSAGE_BYTES);
    int length = 0;
    while (text[length] != 0) {
      length++;
    }
    return new String(text, 0, length, StandardCharsets.UTF_8);
  }

  /**
   * Checks what a function of FFmpeg returned.
   *
   * @param what what failed if it did, as the beginning of a sentence
   * @return the result
   * @throws ScanFormerException with the code when the result is an error
   */
  static int check(int result, ErrorCode code, String what) {
    if (result < 0) {
      throw new ScanFormerException(code, what + ": " + message(result));
    }
    return result;
  }
}
