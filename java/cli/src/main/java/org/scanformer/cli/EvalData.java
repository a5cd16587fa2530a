package org.scanformer.cli;

import java.nio.file.Path;
import org.scanformer.datasets.MdetrDataset;
import org.scanformer.datasets.ReferDataset;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that choose the data to evaluate a model on. */
final class EvalData {
  /** The kinds of data. */
  enum Form {
    SHAPES,
    REFER,
    MDETR
  }

  @Option(
      names = "--data",
      paramLabel = "shapes|refer|mdetr",
      required = true,
      description =
          "Drawn scenes; a REFER directory (RefCOCO, RefCOCO+, RefCOCOg, RefCLEF); or a JSON file in"
              + " MDETR's format.")
  private Form form;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "shapes: seed of the scenes, which training never draws. Default: 1.")
  private long seed;

  @Option(
      names = "--count",
      paramLabel = "K",
      defaultValue = "2000",
      description = "shapes: number of scenes. Default: 2000.")
  private int count;

  @Option(
      names = "--absent",
      paramLabel = "SHARE",
      defaultValue = "0",
      description =
          "shapes: share of expressions that are not true of their scene, of seven kinds. Default: 0.")
  private double absent;

  @Option(
      names = "--varied",
      description = "shapes: up to eight objects, more synonyms and phrases, and typing errors.")
  private boolean varied;

  @Option(
      names = "--root",
      paramLabel = "DIR",
      description = "refer: the directory with refs(…).p and instances.json.")
  private Path root;

  @Option(
      names = "--split",
      paramLabel = "S",
      description = "refer: train, val, test, testA, testB, …")
  private String split;

  @Option(
      names = "--split-by",
      paramLabel = "WHO",
      description = "refer: unc, google, umd or berkeley, if a directory has several.")
  private String splitBy;

  @Option(names = "--file", paramLabel = "FILE", description = "mdetr: the JSON file.")
  private Path file;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "refer and mdetr: the directory of the images, if not that of the data.")
  private Path images;

  /** Opens the data. */
  ReferringDataset open(CommandSpec spec) {
    return switch (form) {
      case SHAPES -> {
        if (count < 1) {
          throw usage(spec, "--count must be at least 1, found " + count);
        }
        if (!(absent >= 0 && absent <= 1)) {
          throw usage(spec, "--absent takes a share from 0 to 1, found " + absent);
        }
        ShapesDataset scenes = ShapesDataset.of(Split.TEST, seed, count);
        yield (varied ? scenes.varied() : scenes).withAbsent(absent);
      }
      case REFER -> {
        if (root == null || split == null) {
          throw usage(spec, "--data refer needs --root and --split");
        }
        yield ReferDataset.open(root, splitBy, split, images);
      }
      case MDETR -> {
        if (file == null) {
          throw usage(spec, "--data mdetr needs --file");
        }
        yield MdetrDataset.open(file, images);
      }
    };
  }

  private static CommandLine.ParameterException usage(CommandSpec spec, String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
