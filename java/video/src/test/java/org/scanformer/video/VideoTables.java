package org.scanformer.video;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import org.bytedeco.ffmpeg.global.avutil;

/** Prints the tables of the module's README, measured on this machine. */
final class VideoTables {
  private static final String USAGE =
      """
      Usage: VideoTables film | scenes [SEEDS] | speed [PASSES] | soak [SECONDS]
        film   how well boxes fit in the drawn film
        scenes how well they fit in scenes of seeds 1 to SEEDS (default 4)
        speed  what a frame takes from decoding to its box, PASSES times (default 3)
        soak   the film in a loop at its own pace for SECONDS (default 3600): memory, drift, drops\
      """;

  private VideoTables() {}

  /** Prints the table that the first argument names. */
  public static void main(String[] arguments) throws Exception {
    String table = arguments.length == 0 ? "" : arguments[0];
    int number = arguments.length < 2 ? 0 : Integer.parseInt(arguments[1]);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    switch (table) {
      case "film" -> {
        out.println(conditions());
        FitTable.film(out);
      }
      case "scenes" -> {
        out.println(conditions());
        FitTable.scenes(out, number > 0 ? number : 4);
      }
      case "speed" -> {
        out.println(conditions());
        SpeedTable.print(out, number > 0 ? number : 3);
      }
      case "soak" -> {
        out.println(conditions());
        Soak.run(out, number > 0 ? number : 3600);
      }
      default -> out.println(USAGE);
    }
  }

  /** Date, commit, machine and versions. */
  private static String conditions() throws IOException, InterruptedException {
    Ffmpeg.start();
    return "%s, commit %s, %d processors of %s, load %.1f, Java %s, FFmpeg %s"
        .formatted(
            LocalDate.now(),
            output("git", "describe", "--always", "--dirty"),
            Runtime.getRuntime().availableProcessors(),
            processor(),
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
            System.getProperty("java.version"),
            avutil.av_version_info().getString());
  }

  private static String processor() throws IOException {
    Path facts = Path.of("/proc/cpuinfo");
    if (!Files.exists(facts)) {
      return System.getProperty("os.arch");
    }
    return Files.readAllLines(facts).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.replaceFirst("[^:]*:\\s*", ""))
        .findFirst()
        .orElse(System.getProperty("os.arch"));
  }

  private static String output(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? text.strip() : "unknown";
  }
}
