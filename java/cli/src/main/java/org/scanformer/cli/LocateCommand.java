package org.scanformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScaleResult;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Locates the object that an expression describes, in one image or in those of a batch file. */
@Command(
    name = "locate",
    description = "Finds the object in an image that an expression describes.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {
      "",
      "Each line of a --batch file is {\"image\": FILE, \"text\": EXPRESSION}; a relative FILE is"
          + " resolved against the batch file's directory. Each line gives one line of JSON, in"
          + " order. A line that fails gives {\"line\": N, \"error\": {…}}, and the exit code is"
          + " then 1."
    })
final class LocateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ModelOption model;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Input input;

  /** One pair or a file of pairs. */
  static final class Input {
    @ArgGroup(exclusive = false)
    private Single single;

    @Option(
        names = "--batch",
        paramLabel = "FILE.jsonl",
        description = "Answer every line of a file with one line of JSON; - for standard input.")
    private Path batch;
  }

  /** One image with its expression. */
  static final class Single {
    @Option(names = "--image", paramLabel = "FILE", required = true, description = "The image.")
    private Path image;

    @Option(
        names = "--text",
        paramLabel = "EXPRESSION",
        required = true,
        description = "What to look for.")
    private String text;
  }

  @Mixin private DeviceOptions device;

  @Option(
      names = "--schedule",
      paramLabel = "per-scale|final-only",
      converter = ScheduleConverter.class,
      description =
          "Order in which scales go through the encoder; per-scale gives a box after every"
              + " scale. Default: per-scale with --out, otherwise final-only.")
  private Schedule schedule;

  @ArgGroup(exclusive = true)
  private SelectionOption selection;

  @Option(names = "--json", description = "Print the answer as one line of JSON.")
  private boolean json;

  @Option(
      names = "--out",
      paramLabel = "FILE.png",
      description = "Draw the boxes of scales 0, 1 and 2 over the image, in red, green and blue.")
  private Path overlay;

  @Option(
      names = "--seen",
      paramLabel = "FILE.png",
      description =
          "Draw what the model saw: each place at the resolution of its finest selected patch.")
  private Path seen;

  @Override
  public Integer call() throws IOException {
    if (input.batch != null && (overlay != null || seen != null)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--out and --seen need --image and cannot be used with --batch");
    }
    requireUsable("--out", overlay);
    requireUsable("--seen", seen);
    if (overlay != null && seen != null && isSame(overlay, seen)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--out and --seen name the same file: " + overlay);
    }
    Schedule chosen =
        schedule != null ? schedule : overlay != null ? Schedule.PER_SCALE : Schedule.FINAL_ONLY;
    ScanFormerOptions options =
        device.toBuilder().schedule(chosen).maxBatch(input.batch == null ? 1 : 8).build();
    SelectionPolicy policy = selection == null ? SelectionPolicy.checkpoint() : selection.policy();
    try (ScanFormer scanFormer = model.load(options)) {
      if (input.batch != null) {
        PrintWriter out = spec.commandLine().getOut();
        int failed = new BatchRun(scanFormer, policy, options.maxBatch()).run(input.batch, out);
        return failed == 0 ? 0 : Main.FAILURE;
      }
      locateOne(scanFormer, policy);
      return 0;
    }
  }

  private void requireUsable(String option, Path file) throws IOException {
    String problem = file == null ? null : OutputFile.problem(option, file, input.single.image);
    if (problem != null) {
      throw new CommandLine.ParameterException(spec.commandLine(), problem);
    }
  }

  private static boolean isSame(Path a, Path b) throws IOException {
    return Files.exists(a) && Files.exists(b)
        ? Files.isSameFile(a, b) && Files.isRegularFile(a)
        : a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
  }

  private void locateOne(ScanFormer scanFormer, SelectionPolicy policy) throws IOException {
    Image image = Image.read(input.single.image);
    String text = input.single.text;
    Location location = scanFormer.locate(Request.of(image, text).withSelection(policy));
    if (json) {
      spec.commandLine().getOut().println(LocationJson.toJson(location));
    } else {
      print(text, location);
    }
    // Last, as the answer must not be lost where nothing can be drawn.
    spec.commandLine().getOut().flush();
    if (seen != null) {
      int patchSize = ((Number) scanFormer.config().get("patch_size")).intValue();
      PngFiles.write(Overlay.seen(image, location, patchSize), seen);
    }
    if (overlay != null) {
      Drawing.run(() -> PngFiles.write(Overlay.boxes(image, text, location), overlay));
    }
  }

  private void print(String text, Location location) {
    PrintWriter out = spec.commandLine().getOut();
    out.println("Looked for: " + text);
    out.printf(
        Locale.ROOT,
        "Found at:   x %.1f, y %.1f, width %.1f, height %.1f pixels",
        location.box().x(),
        location.box().y(),
        location.box().width(),
        location.box().height());
    if (!Float.isNaN(location.score())) {
      out.printf(Locale.ROOT, " (score %.3f)", location.score());
    }
    out.println();
    List<ScaleResult> scales = location.scales();
    for (ScaleResult scale : scales) {
      out.printf(
          Locale.ROOT,
          "  scale %d: %d of %d patches selected%n",
          scale.scale(),
          scale.mask().count(),
          scale.mask().total());
    }
    out.printf(
        Locale.ROOT,
        "Took %.1f ms (%s, %s, %s)%n",
        location.timings().total() / 1e6,
        LocationJson.name(location.backend()),
        LocationJson.name(location.precision()),
        LocationJson.name(location.schedule()));
    if (overlay != null) {
      out.println("Boxes over the image: " + overlay.toAbsolutePath());
    }
    if (seen != null) {
      out.println("What the model saw:   " + seen.toAbsolutePath());
    }
  }

  /** Converts the command line's names. */
  static final class ScheduleConverter implements CommandLine.ITypeConverter<Schedule> {
    @Override
    public Schedule convert(String value) {
      return switch (value.toLowerCase(Locale.ROOT)) {
        case "per-scale" -> Schedule.PER_SCALE;
        case "final-only" -> Schedule.FINAL_ONLY;
        default ->
            throw new CommandLine.TypeConversionException(
                "expected per-scale or final-only, found '" + value + "'");
      };
    }
  }
}
