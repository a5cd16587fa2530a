package org.scanformer.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import me.tongfei.progressbar.ProgressBar;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Evaluates a model on pairs of images and expressions with true boxes. */
@Command(
    name = "eval",
    description = "Evaluates a model: accuracy, selected patches, speed.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    footer = {
      "",
      "Accuracy is the share of boxes whose IoU with the true box is at least 0.5, 0.7 or 0.9."
          + " Pairs per second count only the model's time; images are read or drawn meanwhile. The"
          + " cost of an early exit is the share of all scales' image tokens that were computed."
          + " T-acc is the share of true expressions that count as found, N-acc the share of"
          + " expressions without a target that do not. The calibration compares the score with the"
          + " share of boxes that are right: with a target, and an IoU of at least 0.5.",
      "",
      "Baselines are the whole image, the mean box of the data to train on (of the pairs judged, where"
          + " there is none beside them), and the largest of the data's boxes of the target's"
          + " category. A wording is what an expression tells its object by, judged by its words."
    })
final class EvalCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private EvalData data;

  @Mixin private ModelOption model;

  @Mixin private DeviceOptions device;

  @ArgGroup(exclusive = true)
  private Selection selection;

  /** The selection, which may also be a random control. */
  static final class Selection extends SelectionOption {
    @Option(
        names = "--random",
        paramLabel = "SHARE",
        split = ",",
        description =
            "A control: select this share of the patches at random, one share per scale from 1 on.")
    private double[] random;

    @Override
    public String toString() {
      return random == null ? super.toString() : "random " + java.util.Arrays.toString(random);
    }
  }

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "8",
      description = "Pairs per batch. Default: 8.")
  private int batch;

  @Option(
      names = "--found-threshold",
      paramLabel = "T",
      description =
          "Count an object as found from this score on. Default: the model's threshold, or 0.5.")
  private Double foundThreshold;

  @Option(names = "--json", description = "Print the figures as one line of JSON.")
  private boolean json;

  @Option(
      names = "--plots",
      paramLabel = "DIR",
      description = "Draw plots and a sheet of examples into this directory.")
  private Path plots;

  @Option(
      names = "--resume",
      paramLabel = "FILE.jsonl",
      description = "Keep each pair's result in this file, and skip pairs that are already in it.")
  private Path resume;

  private ReferringDataset dataset;
  private ScanFormer scanFormer;
  private RandomSelection random;
  private final Evaluation evaluation = new Evaluation();
  private final Breakdown breakdown = new Breakdown();

  @Override
  public Integer call() throws IOException {
    if (batch < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--batch must be at least 1, found " + batch);
    }
    requireShares();
    if (plots != null && Files.exists(plots) && !Files.isDirectory(plots)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--plots takes a directory, found the file " + plots);
    }
    ScanFormerOptions options =
        Usage.of(
            spec, () -> device.toBuilder().schedule(Schedule.PER_SCALE).maxBatch(batch).build());
    if (selection != null) {
      Usage.of(spec, selection::policy);
    }
    dataset = data.open(spec);
    dataset.badRecords().forEach(evaluation::addBad);
    try (ScanFormer opened = model.load(options)) {
      scanFormer = opened;
      if (foundThreshold != null && !Boolean.TRUE.equals(opened.config().get("score_head"))) {
        throw new CommandLine.ParameterException(
            spec.commandLine(),
            "--found-threshold needs a model with a score head, found one without");
      }
      if (selection != null && selection.random != null) {
        random = new RandomSelection(opened.config(), selection.random);
      }
      if (resume == null) {
        run(null);
      } else {
        try (EvalLog log = new EvalLog(resume, subject())) {
          run(log);
        }
      }
      PrintWriter out = spec.commandLine().getOut();
      PresenceReport presence = PresenceReport.of(evaluation, threshold());
      boolean hasTargets = !evaluation.results().isEmpty();
      if (hasTargets) {
        breakdown.setMean(MeanBox.of(data.training(spec)));
      }
      boolean drawn = plots != null && (hasTargets || presence != null);
      if (json) {
        ObjectNode figures = evaluation.toJson();
        if (hasTargets) {
          new BreakdownReport(breakdown).addTo(figures);
        }
        if (presence != null) {
          figures.set("presence", presence.toJson());
        }
        out.println(LocationJson.write(figures));
      } else {
        new EvalReport(dataset.name(), evaluation, breakdown, presence, opened, batch).print(out);
        if (drawn) {
          out.println("Plots: " + plots.toAbsolutePath());
        }
      }
      out.flush();
      // Last, as the figures must not be lost where nothing can be drawn.
      if (drawn) {
        Drawing.run(
            () -> {
              new EvalPlots(plots).write(evaluation, presence);
              if (hasTargets) {
                new BreakdownPlots(plots).write(breakdown);
                new ExampleSheet(scanFormer, this::policy).write(dataset, evaluation, plots);
              }
            });
      }
    }
    return evaluation.pairs() == 0 ? Main.FAILURE : 0;
  }

  /** The score from which on an object counts as found: the option's, the model's or ½. */
  private double threshold() {
    if (foundThreshold != null) {
      return foundThreshold;
    }
    return scanFormer.config().get("found_threshold") instanceof Number own
        ? own.doubleValue()
        : 0.5;
  }

  private void requireShares() {
    if (foundThreshold != null && !(foundThreshold >= 0 && foundThreshold <= 1)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--found-threshold takes a score from 0 to 1, found " + foundThreshold);
    }
    if (selection != null && selection.random != null) {
      for (double share : selection.random) {
        if (!(share >= 0 && share <= 1)) {
          throw new CommandLine.ParameterException(
              spec.commandLine(), "--random takes shares from 0 to 1, found " + share);
        }
      }
    }
  }

  /** Everything that the results depend on. */
  private ObjectNode subject() throws IOException {
    ObjectNode node = LocationJson.object();
    node.put("data", dataset.name());
    node.put("pairs", DataDigest.of(dataset));
    node.put("model", model.name());
    node.put("weights", model.digest());
    node.put("config", scanFormer.config().toString());
    node.put("selection", selection == null ? "checkpoint" : selection.toString());
    node.put("precision", LocationText.name(scanFormer.precision()));
    return node;
  }

  private SelectionPolicy policy(Image image, int index) {
    if (random != null) {
      return random.masks(image, index);
    }
    return selection == null ? SelectionPolicy.checkpoint() : selection.policy();
  }

  /** A pair with its image, or with the problem found when it was read. */
  private record Read(int index, ReferringPair pair, Image image, BadRecord bad, ErrorCode code) {
    /** Whether there was no room for the image beside the others that were read. */
    boolean outOfMemory() {
      return code == ErrorCode.OUT_OF_MEMORY;
    }
  }

  private void run(EvalLog log) throws IOException {
    List<Integer> left = new ArrayList<>();
    for (int i = 0; i < dataset.size(); i++) {
      PairResult known = log == null ? null : log.of(dataset.pair(i).id());
      if (known == null) {
        left.add(i);
      } else {
        add(dataset.pair(i), known);
      }
    }
    ExecutorService reader =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "images");
              thread.setDaemon(true);
              return thread;
            });
    try (ProgressBar progress = Progress.bar("eval", left.size())) {
      Future<List<Read>> next = reader.submit(() -> read(left, 0));
      for (int begin = 0; begin < left.size(); begin += batch) {
        List<Read> group = await(next);
        int after = begin + batch;
        int pairs = group.size();
        List<Integer> again =
            group.stream().filter(Read::outOfMemory).map(read -> read.index).toList();
        group.removeIf(Read::outOfMemory);
        if (again.isEmpty()) {
          next = reader.submit(() -> read(left, after));
        }
        answer(group, log);
        if (!again.isEmpty()) {
          // Each once more, while no other image is held.
          for (int index : again) {
            answer(readAll(List.of(index)), log);
          }
          next = reader.submit(() -> read(left, after));
        }
        progress.stepBy(pairs);
        progress.setExtraMessage(
            evaluation.results().isEmpty()
                ? ""
                : String.format(
                    Locale.ROOT,
                    "accuracy %.3f",
                    evaluation.accuracy(evaluation.scales() - 1, Evaluation.BOUNDS[0])));
      }
    } finally {
      reader.shutdownNow();
    }
  }

  private List<Read> read(List<Integer> left, int begin) {
    return begin >= left.size()
        ? new ArrayList<>()
        : readAll(left.subList(begin, Math.min(left.size(), begin + batch)));
  }

  private List<Read> readAll(List<Integer> indices) {
    List<Read> group = new ArrayList<>();
    for (int index : indices) {
      ReferringPair pair = dataset.pair(index);
      try {
        group.add(new Read(index, pair, pair.image().read(), null, null));
      } catch (ScanFormerException e) {
        BadRecord bad = new BadRecord(pair.id(), e.getMessage());
        group.add(new Read(index, pair, null, bad, e.code()));
      }
    }
    return group;
  }

  private static List<Read> await(Future<List<Read>> group) {
    try {
      return group.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliException("interrupted");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Answers pairs and removes them. */
  private void answer(List<Read> group, EvalLog log) throws IOException {
    List<Read> usable = new ArrayList<>();
    for (Read read : group) {
      if (read.bad != null) {
        evaluation.addBad(read.bad);
      } else {
        usable.add(read);
      }
    }
    try {
      locate(usable, log);
    } catch (ScanFormerException together) {
      // At least one of them fails: find out which by running each on its own.
      for (Read read : usable) {
        try {
          locate(List.of(read), log);
        } catch (ScanFormerException e) {
          evaluation.addBad(new BadRecord(read.pair.id(), e.getMessage()));
        }
      }
    }
    group.clear();
    if (log != null) {
      log.flush();
    }
  }

  private void locate(List<Read> reads, EvalLog log) throws IOException {
    List<Request> requests = new ArrayList<>();
    for (Read read : reads) {
      requests.add(
          Request.of(read.image, read.pair.expression())
              .withSelection(policy(read.image, read.index)));
    }
    long start = System.nanoTime();
    List<Location> locations = scanFormer.locate(requests);
    evaluation.addTime(System.nanoTime() - start, reads.size());
    for (int i = 0; i < reads.size(); i++) {
      PairResult result = PairResult.of(reads.get(i).pair, reads.get(i).image, locations.get(i));
      add(reads.get(i).pair, result);
      if (log != null) {
        log.add(result);
      }
    }
  }

  private void add(ReferringPair pair, PairResult result) {
    evaluation.add(result);
    breakdown.add(pair, result);
  }
}
