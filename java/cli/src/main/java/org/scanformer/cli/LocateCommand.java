package org.scanformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.scanformer.Image;
import org.scanformer.Location;
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

/** Locates the object that an expression describes, in images or in those of a batch file. */
@Command(
    name = "locate",
    description = "Finds the object in an image that an expression describes.",
    customSynopsis = {
      "scanformer locate [OPTIONS] IMAGE... EXPRESSION",
      "       scanformer locate [OPTIONS] --batch FILE.jsonl"
    },
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    footer = {
      "",
      "Several images give a line each, in order; with --json a line {\"image\", \"text\", …}. One"
          + " that cannot be answered is told on standard error, or as {\"image\", \"text\","
          + " \"error\": {…}}, and the exit code is then 1.",
      "",
      "Each line of a --batch file is {\"image\": FILE, \"text\": EXPRESSION}; a relative FILE is"
          + " resolved against the batch file's directory. Each line gives one line of JSON, in"
          + " order. A line that fails gives {\"line\": N, \"error\": {…}}, and the exit code is"
          + " then 1."
    })
final class LocateCommand implements Callable<Integer> {
  private static final int GROUP = 8;

  @Spec private CommandSpec spec;

  /** What a shell may have put in the place of standard input. */
  private static final Path STANDARD_INPUT = Path.of("/proc/self/fd/0");

  @Mixin private ModelOption model;

  @Mixin private LocateInput input;

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

  @Option(
      names = "--found-threshold",
      paramLabel = "SCORE",
      description = "The least score of an object that is found. Default: the model's own.")
  private Double foundThreshold;

  @Option(
      names = "--require",
      description = "Exit with code 1 when the object is not found, in one of the images at least.")
  private boolean require;

  @Option(
      names = "--candidates",
      paramLabel = "K",
      defaultValue = "0",
      description =
          "Also tell up to K places where the object may be, the likeliest first: the answer's own,"
              + " as a rule, and its runners-up. The model needs the tensor candidate_head.weight."
              + " Default: 0.")
  private int candidates;

  @Option(
      names = "--strict-words",
      description =
          "Refuse an expression with words that the model does not know, or one that is too long for"
              + " it. Default: answer to the rest of it, with a warning.")
  private boolean strictWords;

  @Option(
      names = "--json",
      description = "Print an answer as one line of JSON; its times are without start-up.")
  private boolean json;

  @Option(
      names = "--out",
      paramLabel = "FILE.png",
      description =
          "Draw the boxes of scales 0, 1 and 2 over the image, in red, green and blue, dashed where"
              + " the object is not found, and those of candidates thinly in white.")
  private Path overlay;

  @Option(
      names = "--seen",
      paramLabel = "FILE.png",
      description =
          "Draw what the model saw: each place at the resolution of its finest selected patch.")
  private Path seen;

  private final long started = System.nanoTime();

  @Override
  public Integer call() throws IOException {
    input.resolve(spec);
    requireUsablePictures();
    if (foundThreshold != null && !(foundThreshold >= 0 && foundThreshold <= 1)) {
      throw usage("--found-threshold must be 0 to 1, found " + foundThreshold);
    }
    if (candidates < 0) {
      throw usage("--candidates must be 0 or more, found " + candidates);
    }
    RequestOptions asked =
        new RequestOptions(
            selection == null ? SelectionPolicy.checkpoint() : Usage.of(spec, selection::policy),
            foundThreshold,
            candidates,
            require);
    Schedule chosen =
        schedule != null ? schedule : overlay != null ? Schedule.PER_SCALE : Schedule.FINAL_ONLY;
    boolean one = input.sources().size() == 1;
    ScanFormerOptions options =
        Usage.of(
            spec,
            () ->
                device.toBuilder()
                    .schedule(chosen)
                    .maxBatch(one ? 1 : GROUP)
                    .strictExpressions(strictWords)
                    .build());
    PrintWriter out = spec.commandLine().getOut();
    if (input.batch() != null) {
      BatchRun batch = new BatchRun(input.batch(), asked);
      try (ScanFormer scanFormer = model.load(options)) {
        return batch.run(scanFormer, GROUP, out) == 0 ? 0 : Main.FAILURE;
      }
    }
    if (!one) {
      ImagesRun images = new ImagesRun(input.sources(), input.expression(), asked, json);
      try (ScanFormer scanFormer = model.load(options)) {
        PrintWriter err = spec.commandLine().getErr();
        return images.run(scanFormer, GROUP, out, err) == 0 ? 0 : Main.FAILURE;
      }
    }
    try (ModelLoading loading = new ModelLoading(() -> model.load(options))) {
      Image image = input.sources().get(0).read();
      return locateOne(loading.get(), image, asked);
    }
  }

  private void requireUsablePictures() throws IOException {
    if ((overlay != null || seen != null) && input.sources().size() != 1) {
      throw usage(
          "--out and --seen need one image, found "
              + (input.batch() != null ? "--batch" : input.sources().size()));
    }
    requireUsable("--out", overlay);
    requireUsable("--seen", seen);
    if (overlay != null && seen != null && OutputFile.isSame(overlay, seen)) {
      throw usage("--out and --seen name the same file: " + overlay);
    }
  }

  private void requireUsable(String option, Path file) throws IOException {
    if (file == null) {
      return;
    }
    Path read = input.sources().get(0).file();
    String problem = OutputFile.problem(option, file, read == null ? STANDARD_INPUT : read);
    if (problem != null) {
      throw usage(problem);
    }
  }

  private CommandLine.ParameterException usage(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  private int locateOne(ScanFormer scanFormer, Image image, RequestOptions asked)
      throws IOException {
    asked.requireFits(scanFormer);
    String text = input.expression();
    double startup = (System.nanoTime() - started) / 1e9;
    Location location = scanFormer.locate(asked.request(image, text));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(LocationJson.toJson(location));
    } else {
      LocationText.warn(spec.commandLine().getErr(), text, location);
      LocationText.print(out, text, location, startup, candidates);
      LocationText.tellModel(spec.commandLine().getErr(), model.name(), location);
    }
    // Last, as the answer must not be lost where nothing can be drawn.
    out.flush();
    if (seen != null) {
      int patchSize = ((Number) scanFormer.config().get("patch_size")).intValue();
      PngFiles.write(Overlay.seen(image, location, patchSize), seen);
      tellPicture("What the model saw:   ", seen);
    }
    if (overlay != null) {
      PngFiles.write(
          Drawing.draw(
              () -> Overlay.boxes(image, text, location),
              () -> Overlay.boxesWithoutText(image, location),
              spec.commandLine().getErr()),
          overlay);
      tellPicture("Boxes over the image: ", overlay);
    }
    return asked.isFailure(location) ? Main.FAILURE : 0;
  }

  private void tellPicture(String what, Path file) {
    if (!json) {
      spec.commandLine().getOut().println(what + file.toAbsolutePath());
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
