package org.scanformer.trainer;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.DataForm;
import org.scanformer.datasets.DataMixture;
import org.scanformer.datasets.DataSource;
import org.scanformer.datasets.DataSource.Part;
import org.scanformer.datasets.ExpressionSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that choose the data to train on. */
final class DataOptions implements AutoCloseable {
  private static final int NAMED_PAIRS = 500;
  private static final int NAMED_RECORDS = 20;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private static final String SHAPES = "shapes";

  /** What a mixture's file has fields for. */
  private static final List<String> OF_A_FORM =
      List.of(
          "--root",
          "--weight",
          "--split-by",
          "--split",
          "--validation-split",
          "--file",
          "--validation-file",
          "--images",
          "--expressions");

  private static final List<String> OF_A_FILE = List.of("--file", "--validation-file");

  private static final List<String> OF_A_DIRECTORY =
      List.of("--root", "--weight", "--split-by", "--split", "--validation-split");

  @Option(
      names = "--data",
      paramLabel = "FORM",
      defaultValue = SHAPES,
      description =
          "Drawn scenes (shapes), a directory in the form refer, flickr30k or voc, a file in the form"
              + " mdetr, coco, csv, jsonl, odvg, qwen, qwen-pixels, cvat or label-studio, or a FILE.json"
              + " that lists several sources. The trainer's README describes them. Default: shapes.")
  private String form;

  @Option(
      names = "--root",
      paramLabel = "DIR",
      description =
          "refer, flickr30k, voc: the directory; may be given several times, to mix datasets.")
  private List<Path> roots = List.of();

  @Option(
      names = "--weight",
      paramLabel = "W",
      description =
          "How often batches are of a --root, relative to the others, in their order. Default:"
              + " 1 each.")
  private List<Double> weights = List.of();

  @Option(
      names = "--split-by",
      paramLabel = "WHO",
      description = "refer: unc, google, umd or berkeley, if a directory has several.")
  private String splitBy;

  @Option(
      names = "--split",
      paramLabel = "S",
      defaultValue = DataMixture.TRAINING_SPLIT,
      description = "Directories: the split to train on. Default: ${DEFAULT-VALUE}.")
  private String split;

  @Option(
      names = "--validation-split",
      paramLabel = "S",
      defaultValue = DataMixture.HELD_OUT_SPLIT,
      description = "Directories: the held-out split. Default: ${DEFAULT-VALUE}.")
  private String validationSplit;

  @Option(names = "--file", paramLabel = "FILE", description = "Files: the one to train on.")
  private Path file;

  @Option(
      names = "--validation-file",
      paramLabel = "FILE",
      description = "Files: the held-out one.")
  private Path validationFile;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "The directory of the images, if not that of the data.")
  private Path images;

  @Option(
      names = "--expressions",
      paramLabel = "own|boxes|both",
      defaultValue = "own",
      description =
          "Files: take the data's own expressions, or make some that are true of its boxes by place,"
              + " size, colour and category, or both. Default: ${DEFAULT-VALUE}.")
  private ExpressionSource expressions;

  @Option(
      names = "--cache",
      paramLabel = "FILE",
      description =
          "A file for the decoded images, so that each is decoded once, and again once it is"
              + " replaced; it takes three bytes per pixel of the images.")
  private Path cacheFile;

  @Option(
      names = "--validation-pairs",
      paramLabel = "N",
      defaultValue = "960",
      description = "Maximum number of held-out pairs of each dataset. Default: 960.")
  private int validationPairs;

  @Option(
      names = "--absent",
      paramLabel = "SHARE",
      defaultValue = "0",
      description =
          "Share of expressions that are not true of their image. Of files: those of other images,"
              + " where the objects' categories show it; and the data's own without a"
              + " target. Default: 0.")
  private double absent;

  @Option(
      names = "--absent-relations",
      paramLabel = "W",
      defaultValue = "1",
      description =
          "shapes: untrue relations, which are the hardest to tell, are mixed in W times as often as"
              + " each other kind of --absent. Validation has all kinds alike. Default: 1.")
  private int absentRelations;

  @Option(
      names = "--per-scene",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "shapes: expressions of each scene, which is drawn once for all of them; with --absent, true"
              + " and untrue ones of the same scene are in one batch. Default: 1.")
  private int perScene;

  @Option(
      names = "--varied",
      description = "shapes: up to eight objects, more synonyms and phrases, and typing errors.")
  private boolean varied;

  private List<DataSource> sources;
  private List<ReferringDataset> training;
  private ImageCache cache;

  boolean isShapes() {
    return form.equalsIgnoreCase(SHAPES);
  }

  /**
   * Opens the data to train on.
   *
   * @param curriculum whether drawn scenes are simple at first
   * @param labels how the pairs of files are balanced and changed
   */
  TrainingData training(
      ModelConfig config, int batch, long seed, boolean curriculum, LabelOptions labels) {
    if (isShapes()) {
      return new ShapesTrainingData(
          config, batch, seed, varied, absent, absentRelations, perScene, curriculum);
    }
    List<TrainingData> all = new ArrayList<>();
    for (ReferringDataset dataset : trainingSets()) {
      if (absent > 0) {
        new AbsentPairs(dataset, absent).tell(spec.commandLine().getErr());
      }
      all.add(labels.epochs(dataset, config, batch, seed, absent));
    }
    double[] shares = sources().stream().mapToDouble(DataSource::weight).toArray();
    return all.size() == 1 ? all.get(0) : new MixedTrainingData(all, shares);
  }

  /** Whether expressions are mixed in that are not true of their image. */
  boolean hasAbsent() {
    return absent > 0;
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
      throw wrong("--absent must be at least 0 and less than 1, found " + absent);
    }
    if (absentRelations < 1 || absentRelations > 100) {
      throw wrong("--absent-relations must be 1 to 100, found " + absentRelations);
    }
    if (perScene < 1 || perScene > 100) {
      throw wrong("--per-scene must be 1 to 100, found " + perScene);
    }
    if (!weights.isEmpty() && weights.size() != roots.size()) {
      throw wrong(
          "found "
              + weights.size()
              + " --weight for "
              + roots.size()
              + " --root, expected as many");
    }
    for (double weight : weights) {
      if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
        throw wrong("--weight must be greater than 0, found " + weight);
      }
    }
    if (isShapes()) {
      refuse(OF_A_FORM, "is for files, not for --data shapes");
      refuse(List.of("--cache"), "is for files, not for --data shapes");
      return;
    }
    refuse(List.of("--varied", "--absent-relations", "--per-scene"), "is for --data shapes");
    if (DataMixture.isFile(form)) {
      refuse(OF_A_FORM, "is for a form of data; a file of sources names its own");
    } else if (dataForm().isDirectory()) {
      refuse(OF_A_FILE, "is for forms of files; --data " + form + " takes --root");
    } else {
      refuse(OF_A_DIRECTORY, "is for forms of directories; --data " + form + " takes --file");
    }
  }

  private void refuse(List<String> options, String reason) {
    for (String option : options) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw wrong(option + " " + reason);
      }
    }
  }

  private CommandLine.ParameterException wrong(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  /** Reads what to train on; returns this, which the caller closes. */
  DataOptions open() {
    trainingSets();
    return this;
  }

  /** The datasets to train on; a few drawn scenes stand for all of them. */
  List<ReferringDataset> trainingSets() {
    if (training == null) {
      training =
          isShapes()
              ? List.of(ShapesDataset.of(Split.TRAIN, 1, NAMED_PAIRS))
              : opened(DataSource::openTraining).stream().map(DescribedObjects::of).toList();
    }
    return training;
  }

  private DataForm dataForm() {
    for (DataForm known : DataForm.values()) {
      if (known.toString().equalsIgnoreCase(form)) {
        return known;
      }
    }
    throw wrong(
        "--data takes shapes, one of "
            + Arrays.toString(DataForm.values())
            + ", or a FILE.json of sources, found "
            + form);
  }

  /** What the options or the file of a mixture name; at least one. */
  private List<DataSource> sources() {
    if (sources == null) {
      sources = DataMixture.isFile(form) ? DataMixture.read(Path.of(form)) : optionSources();
    }
    return sources;
  }

  private List<DataSource> optionSources() {
    DataForm known = dataForm();
    if (!known.isDirectory()) {
      Part heldOut = validationFile == null ? null : new Part(validationFile, null);
      Part trained = new Part(required(file, "--file"), null);
      return List.of(new DataSource(null, known, trained, heldOut, images, null, expressions, 1));
    }
    required(roots.isEmpty() ? null : roots.get(0), "--root");
    List<DataSource> all = new ArrayList<>();
    for (Path root : roots) {
      double weight = weights.isEmpty() ? 1 : weights.get(all.size());
      Part trained = new Part(root, split);
      Part heldOut = new Part(root, validationSplit);
      all.add(new DataSource(null, known, trained, heldOut, images, splitBy, expressions, weight));
    }
    return all;
  }

  /** Opens a part of each source, with its images in the cache if there is one. */
  private List<ReferringDataset> opened(Function<DataSource, ReferringDataset> part) {
    List<ReferringDataset> datasets = sources().stream().map(part).toList();
    datasets.forEach(this::report);
    if (cacheFile == null) {
      return datasets;
    }
    if (cache == null) {
      cache = ImageCache.open(cacheFile, spec.commandLine().getErr());
    }
    return datasets.stream().map(cache::of).toList();
  }

  /**
   * The held-out pairs of each dataset, at least one; tells which images are trained on too.
   *
   * @throws IllegalArgumentException when there are none
   */
  List<HeldOut> validation() {
    if (validationPairs < 1) {
      throw wrong("--validation-pairs must be at least 1, found " + validationPairs);
    }
    if (!isShapes()) {
      if (sources().get(0).heldOut() == null && !DataMixture.isFile(form)) {
        required(null, "--validation-file");
      }
      List<ReferringDataset> sets = opened(DataSource::openHeldOut);
      SharedImages.tell(trainingSets(), sets, spec.commandLine().getErr());
      return sets.stream().map(dataset -> HeldOut.of(dataset, absent, validationPairs)).toList();
    }
    ShapesDataset scenes =
        ShapesDataset.of(
            Split.VALIDATION, HeldOut.SEED, validationPairs, ShapesTrainingData.MAX_LONG_SIDE);
    ReferringDataset dataset = (varied ? scenes.varied() : scenes).withAbsent(absent);
    return List.of(HeldOut.of(dataset, absent, validationPairs));
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
      throw wrong("--data " + form + " needs " + option);
    }
    return value;
  }

  /** Reads images without the cache, which would be written to. */
  void withoutCache() {
    cacheFile = null;
  }

  /** Closes the cache of images, if one is open. Idempotent. */
  @Override
  public void close() {
    if (cache != null) {
      cache.close();
      cache = null;
    }
  }
}
