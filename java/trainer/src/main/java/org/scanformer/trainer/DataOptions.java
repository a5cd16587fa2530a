package org.scanformer.trainer;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.MdetrDataset;
import org.scanformer.datasets.ReferDataset;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that choose the data to train on. */
final class DataOptions {
  private static final long VALIDATION_SEED = 1;
  private static final int NAMED_PAIRS = 500;
  private static final int NAMED_RECORDS = 20;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** The kinds of data. */
  enum Form {
    SHAPES,
    REFER,
    MDETR
  }

  @Option(
      names = "--data",
      paramLabel = "shapes|refer|mdetr",
      defaultValue = "shapes",
      description =
          "Drawn scenes; a REFER directory (RefCOCO, RefCOCO+, RefCOCOg, RefCLEF); or a JSON file in"
              + " MDETR's format. Default: shapes.")
  private Form form;

  @Option(
      names = "--root",
      paramLabel = "DIR",
      description = "refer: the directory with refs(…).p and instances.json.")
  private Path root;

  @Option(
      names = "--split-by",
      paramLabel = "WHO",
      description = "refer: unc, google, umd or berkeley, if a directory has several.")
  private String splitBy;

  @Option(
      names = "--split",
      paramLabel = "S",
      defaultValue = "train",
      description = "refer: the split to train on. Default: train.")
  private String split;

  @Option(
      names = "--validation-split",
      paramLabel = "S",
      defaultValue = "val",
      description = "refer: the held-out split. Default: val.")
  private String validationSplit;

  @Option(names = "--file", paramLabel = "FILE", description = "mdetr: the file to train on.")
  private Path file;

  @Option(
      names = "--validation-file",
      paramLabel = "FILE",
      description = "mdetr: the held-out file.")
  private Path validationFile;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "refer and mdetr: the directory of the images, if not that of the data.")
  private Path images;

  @Option(
      names = "--validation-pairs",
      paramLabel = "N",
      defaultValue = "960",
      description = "Maximum number of held-out pairs. Default: 960.")
  private int validationPairs;

  @Option(
      names = "--absent",
      paramLabel = "SHARE",
      defaultValue = "0",
      description =
          "Share of expressions that are not true of their image. refer and mdetr: those of other"
              + " images, where the objects' categories show it; and the data's own without a"
              + " target. Default: 0.")
  private double absent;

  @Option(
      names = "--varied",
      description = "shapes: up to eight objects, more synonyms and phrases, and typing errors.")
  private boolean varied;

  private ReferringDataset training;

  boolean isShapes() {
    return form == Form.SHAPES;
  }

  /**
   * Opens the data to train on.
   *
   * @param curriculum whether drawn scenes are simple at first
   */
  TrainingData training(ModelConfig config, int batch, long seed, boolean curriculum) {
    return isShapes()
        ? new ShapesTrainingData(config, batch, seed, varied, absent, curriculum)
        : new EpochTrainingData(trainingSet(), config, batch, seed, absent);
  }

  /** The tokens of the drawn scenes; a token's index is its id. */
  List<String> shapesTokens() {
    return ShapesTokenizer.vocabulary(varied);
  }

  /** Tokens of the longest expression about drawn scenes, at least. */
  int shapesTextLength() {
    return varied ? 24 : 16;
  }

  /** Refuses values that mean nothing. */
  void requireSensible() {
    if (!(absent >= 0 && absent < 1)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--absent must be at least 0 and less than 1, found " + absent);
    }
    if (varied && !isShapes()) {
      throw new CommandLine.ParameterException(spec.commandLine(), "--varied is for --data shapes");
    }
  }

  private ReferringDataset trainingSet() {
    if (training == null) {
      training =
          switch (form) {
            case SHAPES -> ShapesDataset.of(Split.TRAIN, 1, NAMED_PAIRS);
            case REFER -> ReferDataset.open(required(root, "--root"), splitBy, split, images);
            case MDETR -> MdetrDataset.open(required(file, "--file"), images);
          };
      report(training);
    }
    return training;
  }

  /**
   * The held-out pairs, at least one.
   *
   * @throws IllegalArgumentException when there are none
   */
  List<ReferringPair> validation() {
    if (validationPairs < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--validation-pairs must be at least 1, found " + validationPairs);
    }
    ReferringDataset dataset =
        switch (form) {
          case SHAPES -> {
            ShapesDataset scenes =
                ShapesDataset.of(
                    Split.VALIDATION,
                    VALIDATION_SEED,
                    validationPairs,
                    ShapesTrainingData.MAX_LONG_SIDE);
            yield (varied ? scenes.varied() : scenes).withAbsent(absent);
          }
          case REFER ->
              ReferDataset.open(required(root, "--root"), splitBy, validationSplit, images);
          case MDETR -> MdetrDataset.open(required(validationFile, "--validation-file"), images);
        };
    report(dataset);
    AbsentPairs mixture = new AbsentPairs(dataset, isShapes() ? 0 : absent);
    SplittableRandom random = new SplittableRandom(VALIDATION_SEED);
    List<ReferringPair> usable = new ArrayList<>();
    boolean anyTarget = false;
    for (int i = 0; i < dataset.size(); i++) {
      ReferringPair pair = mixture.pair(i, random);
      if (pair.hasOneTarget() || absent > 0 && pair.targets().isEmpty()) {
        usable.add(pair);
        anyTarget |= pair.hasOneTarget();
      }
    }
    if (!anyTarget) {
      throw new IllegalArgumentException(
          dataset.name() + ": no held-out pair with one target found, expected at least 1");
    }
    List<ReferringPair> pairs = new ArrayList<>();
    // Spread evenly, as neighbours belong to one image.
    int count = Math.min(validationPairs, usable.size());
    for (int i = 0; i < count; i++) {
      pairs.add(usable.get((int) ((long) i * usable.size() / count)));
    }
    return pairs;
  }

  private void report(ReferringDataset dataset) {
    List<BadRecord> bad = dataset.badRecords();
    if (!bad.isEmpty()) {
      int records = bad.stream().mapToInt(BadRecord::records).sum();
      PrintWriter err = spec.commandLine().getErr();
      err.println(dataset.name() + ": " + records + " bad records left out:");
      for (BadRecord record : bad.subList(0, Math.min(NAMED_RECORDS, bad.size()))) {
        err.println("  " + record.id() + ": " + record.problem());
      }
      if (bad.size() > NAMED_RECORDS) {
        err.println("  and others; eval lists all of them");
      }
    }
  }

  private Path required(Path value, String option) {
    if (value == null) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--data " + form.name().toLowerCase(java.util.Locale.ROOT) + " needs " + option);
    }
    return value;
  }

  /** The names of the categories and of the colours of the first pairs' objects, sorted. */
  List<List<String>> objectNames() {
    TreeSet<String> categories = new TreeSet<>();
    TreeSet<String> colors = new TreeSet<>();
    ReferringDataset dataset = trainingSet();
    for (int i = 0; i < Math.min(NAMED_PAIRS, dataset.size()); i++) {
      for (var object : dataset.pair(i).image().objects()) {
        if (object.category() != null) {
          categories.add(object.category());
        }
        if (object.color() != null) {
          colors.add(object.color());
        }
      }
    }
    return List.of(List.copyOf(categories), List.copyOf(colors));
  }
}
