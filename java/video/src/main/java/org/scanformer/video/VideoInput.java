package org.scanformer.video;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.ffmpeg.global.avutil;

/**
 * Where video comes from, in FFmpeg's terms.
 *
 * @param location as the caller gave it
 * @param url what FFmpeg opens
 * @param demuxer the name of FFmpeg's demuxer; null when it is to find out
 * @param live whether frames come at their own pace, so that a slow consumer has to leave some out;
 *     a video of a known length on a web server does not
 * @param options for FFmpeg
 */
record VideoInput(
    String location, String url, String demuxer, boolean live, Map<String, String> options) {
  private static final Pattern CAMERA = Pattern.compile("cam(\\d+)|(/dev/video\\d+)");
  private static final Pattern SCHEME = Pattern.compile("([a-z][a-z0-9+.-]*)://.*");
  private static final List<String> LIVE =
      List.of("http", "https", "rtsp", "rtsps", "rtmp", "rtp", "udp", "tcp", "srt");

  /** FFmpeg looks at a stream for five seconds otherwise, before the first frame. */
  private static final String LIVE_ANALYSIS_MICROS = "1000000";

  static VideoInput of(String location, VideoSourceOptions options) {
    Map<String, String> inputOptions = new LinkedHashMap<>();
    Matcher camera = CAMERA.matcher(location);
    Matcher scheme = SCHEME.matcher(location);
    String url = location.equals("-") ? "pipe:0" : location;
    String demuxer = null;
    boolean live =
        options.delivery() != VideoSourceOptions.Delivery.EVERY
            && scheme.matches()
            && LIVE.contains(scheme.group(1));
    if (options.raw() != null) {
      demuxer = "rawvideo";
      VideoSourceOptions.RawVideo raw = options.raw();
      inputOptions.put("video_size", raw.width() + "x" + raw.height());
      inputOptions.put(
          "pixel_format",
          avutil.av_get_pix_fmt_name(PixelFormats.toFfmpeg(raw.format())).getString());
      inputOptions.put("framerate", Double.toString(raw.framesPerSecond()));
    } else if (camera.matches()) {
      demuxer = "video4linux2";
      live = true;
      url = camera.group(1) != null ? "/dev/video" + camera.group(1) : location;
    } else if (location.contains("*") && !scheme.matches()) {
      demuxer = "image2";
      inputOptions.put("pattern_type", "glob");
    }
    if (live) {
      inputOptions.put("analyzeduration", LIVE_ANALYSIS_MICROS);
    }
    inputOptions.putAll(options.inputOptions());
    return new VideoInput(location, url, demuxer, live, inputOptions);
  }

  /** Whether it is live when it turns out to be of this length, in nanoseconds; -1 for unknown. */
  boolean live(long nanos) {
    return live && !(nanos > 0 && url.startsWith("http"));
  }

  /**
   * Whether reads are bounded in time. Those of files and pipes are not: who writes to a pipe may
   * take a break.
   */
  boolean mayStall() {
    Matcher scheme = SCHEME.matcher(url);
    return live || scheme.matches() && !scheme.group(1).equals("file");
  }

  /** The location without a password. */
  @Override
  public String toString() {
    return location.equals("-")
        ? "from standard input"
        : location.replaceFirst("(://[^/?#@:]*):[^/?#]*@", "$1:***@");
  }
}
