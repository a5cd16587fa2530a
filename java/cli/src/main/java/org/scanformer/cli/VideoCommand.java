package org.scanformer.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.scanformer.PixelFormat;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Follows what expressions refer to through a video. The classes of video are in jars of their own,
 * which may be missing: this class can be described without them.
 */
@Command(
    name = "video",
    description = "Follows what expressions refer to through a video.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    footer = {
      "",
      "Cameras and live URLs give the newest frame and are opened again when they fail; files,"
          + " pipes and films on web servers give every frame. Ctrl-C ends the video and completes"
          + " its files. Sound is not kept.",
      "",
      "A line of --json is {\"frame\", \"time\", \"tracks\": [{\"text\", \"found\", \"box\","
          + " \"score\", \"scales\", \"patches\"}]}: time is in seconds, boxes are in pixels of the"
          + " upright frame, and a lost object has none."
    })
final class VideoCommand implements Callable<Integer> {
  static final String SHOW = "--show";

  /** What decodes. */
  enum Decoder {
    AUTO,
    CPU,
    NVDEC
  }

  /** Endings of what has a container. */
  private static final String[] CONTAINERS = {
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".mpeg", ".png", ".jpg"
  };

  private static final Pattern SIZE = Pattern.compile("(\\d{1,5})x(\\d{1,5})");

  @Spec private CommandSpec spec;

  @Mixin private ModelOption model;

  @Mixin private DeviceOptions device;

  @Option(
      names = "--source",
      paramLabel = "cam0|FILE|URL|-",
      required = true,
      description =
          "A camera (cam0 is /dev/video0), a video file, a URL of rtsp, http and others that FFmpeg"
              + " knows, images as 'frames/%%04d.png' or 'frames/*.png', or - for standard input.")
  private String source;

  @Option(
      names = "--text",
      paramLabel = "EXPRESSION",
      required = true,
      description = "What to follow; may be given several times.")
  private List<String> texts;

  @Option(
      names = "--out",
      paramLabel = "FILE.mp4",
      description = "Write the video with boxes and labels, without its sound.")
  private Path out;

  @Option(
      names = "--json",
      paramLabel = "FILE|-",
      description = "Write a line of JSON for each frame; - for standard output.")
  private String json;

  @Option(names = SHOW, description = "Show the video with boxes and labels in a window.")
  private boolean show;

  @Option(
      names = "--fps",
      paramLabel = "N",
      description = "Take at most N frames a second of the video. Default: all.")
  private Double framesPerSecond;

  @Option(
      names = "--max-latency",
      paramLabel = "MS",
      description =
          "Leave out finer scales that would make a frame's answer older than MS milliseconds."
              + " Default: any age.")
  private Double maxLatency;

  @Option(
      names = "--found-threshold",
      paramLabel = "SCORE",
      description = "The least score of an object that is not lost. Default: the model's own.")
  private Double foundThreshold;

  @Option(
      names = "--decoder",
      paramLabel = "auto|cpu|nvdec",
      defaultValue = "auto",
      description =
          "What decodes. nvdec is the decoder of an NVIDIA GPU, whose frames stay there: for a model"
              + " on that GPU, without --out and --show. auto takes it where all of that holds, or"
              + " else the CPU. Default: auto.")
  private Decoder decoder;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      description = "The size of raw frames without a container, such as 640x480.")
  private String size;

  @Option(
      names = "--pixel-format",
      paramLabel = "FORMAT",
      defaultValue = "I420",
      description = "The format of raw frames: ${COMPLETION-CANDIDATES}. Default: I420.")
  private PixelFormat pixelFormat;

  @Option(
      names = "--raw-fps",
      paramLabel = "N",
      defaultValue = "30",
      description = "Raw frames a second. Default: 30.")
  private double rawFramesPerSecond;

  @Override
  public Integer call() throws Exception {
    require(texts.stream().noneMatch(String::isBlank), "--text is blank, expected what to follow");
    require(
        framesPerSecond == null || framesPerSecond > 0,
        "--fps must be more than 0, found " + framesPerSecond);
    require(
        maxLatency == null || maxLatency > 0,
        "--max-latency must be more than 0, found " + maxLatency);
    require(
        foundThreshold == null || foundThreshold >= 0 && foundThreshold <= 1,
        "--found-threshold must be 0 to 1, found " + foundThreshold);
    require(
        out == null || hasEnding(out.toString(), ".mp4"),
        "--out writes MP4: expected a name that ends with .mp4, found " + out);
    require(
        size == null || !hasEnding(source, CONTAINERS),
        "--size is for raw frames without a container, found it with " + source);
    require(
        decoder != Decoder.NVDEC || out == null && !show,
        "--decoder nvdec keeps frames on the GPU, where nothing can be drawn: expected no --out and"
            + " no --show, or --decoder cpu");
    require(
        decoder != Decoder.NVDEC || device.usesGpu(),
        "--decoder nvdec needs the model on the same GPU: expected --backend cuda and a usable"
            + " device, or --decoder cpu");
    requireOtherFiles();
    try {
      return new VideoRun(this, spec.commandLine().getOut(), spec.commandLine().getErr()).run();
    } catch (NoClassDefFoundError e) {
      throw new CliException(
          "Video needs the directory 'video' with FFmpeg beside scanformer.jar, which the build"
              + " writes there; not found: "
              + e.getMessage());
    }
  }

  /** Nothing is written to what is read, nor two things to one file. */
  private void requireOtherFiles() throws IOException {
    Path lines = json == null || json.equals("-") ? null : FileName.path(json);
    Path read = source.equals("-") ? Path.of("/proc/self/fd/0") : FileName.path(source);
    for (Path written : new Path[] {out, lines}) {
      require(
          written == null || !OutputFile.isSame(written, read),
          (written == out ? "--out" : "--json")
              + " would overwrite the video that is read: "
              + written);
    }
    require(
        out == null || lines == null || !OutputFile.isSame(out, lines),
        "--out and --json name the same file: " + out);
  }

  private static boolean hasEnding(String name, String... endings) {
    String lower = name.toLowerCase(Locale.ROOT);
    return Arrays.stream(endings).anyMatch(lower::endsWith);
  }

  private void require(boolean holds, String message) {
    if (!holds) {
      throw new CommandLine.ParameterException(spec.commandLine(), message);
    }
  }

  ModelOption model() {
    return model;
  }

  DeviceOptions device() {
    return device;
  }

  String source() {
    return source;
  }

  List<String> texts() {
    return texts;
  }

  /** The film to write, or null. */
  Path out() {
    return out;
  }

  /** Where lines of JSON go, or null. */
  String json() {
    return json;
  }

  boolean show() {
    return show;
  }

  /** The most frames a second, or null. */
  Double framesPerSecond() {
    return framesPerSecond;
  }

  /** In milliseconds, or null. */
  Double maxLatency() {
    return maxLatency;
  }

  /** The least score, or null. */
  Double foundThreshold() {
    return foundThreshold;
  }

  Decoder decoder() {
    return decoder;
  }

  PixelFormat pixelFormat() {
    return pixelFormat;
  }

  double rawFramesPerSecond() {
    return rawFramesPerSecond;
  }

  /** Width and height of raw frames, or null. */
  int[] size() {
    if (size == null) {
      return null;
    }
    Matcher matcher = SIZE.matcher(size);
    require(matcher.matches(), "--size must be as 640x480, found " + size);
    return new int[] {Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))};
  }
}
