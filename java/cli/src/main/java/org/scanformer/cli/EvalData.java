package org.scanformer.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.scanformer.ScanFormerException;
import org.scanformer.datasets.DataForm;
import org.scanformer.datasets.DataMixture;
import org.scanformer.datasets.DataSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that choose the data to evaluate a model on. */
final class EvalData {
  private static final String SHAPES = "shapes";
  private static final String[] OF_SHAPES = {"--seed", "--count", "--absent", "--varied"};
  private static final String[] OF_FILES = {
    "--root", "--file", "--split", "--split-by", "--images", "--expressions"
  };

  @Option(
      names = "--data",
      paramLabel = "FORM",
      required = true,
      completionCandidates = Names.class,
      description = {
        "The form of the data.",
        "shapes: drawn scenes",
        "refer: a REFER directory (RefCOCO, RefCOCO+, RefCOCOg, RefCLEF)",
        "flickr30k: a directory of Flickr30k Entities",
        "voc: a directory of VOC's XML files, with categories as expressions",
        "mdetr: a JSON file in MDETR's format",
        "coco: a JSON file of COCO's detection, with categories as expressions",
        "csv: a file with the columns image, x, y, width, height, text",
        "jsonl: the same as lines of JSON",
        "odvg: lines of JSON as for GroundingDINO",
        "qwen: conversations as for Qwen-VL, with boxes in thousandths",
        "qwen-pixels: the same with boxes in pixels (Qwen2.5-VL)",
        "cvat: the XML file of an export as \"CVAT for images 1.1\"",
        "label-studio: the file of Label Studio's export as JSON",
        "FILE.json: what the sources that this file lists hold out; the trainer's README describes it"
      })
  private String form;

  /** All names, for completion. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      List<String> names = new ArrayList<>(List.of(SHAPES));
      new DataForms.Names().forEach(names::add);
      return names.iterator();
    }
  }

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
      description = "refer, flickr30k, voc: the directory.")
  private Path root;

  @Mixin private DataPlace place;

  @Option(names = "--file", paramLabel = "FILE", description = "All other forms: the file.")
  private Path file;

  /** Opens the data. */
  ReferringDataset open(CommandSpec spec) {
    if (form.equalsIgnoreCase(SHAPES)) {
      refuse(spec, "files", OF_FILES);
      if (count < 1) {
        throw usage(spec, "--count must be at least 1, found " + count);
      }
      if (!(absent >= 0 && absent <= 1)) {
        throw usage(spec, "--absent takes a share from 0 to 1, found " + absent);
      }
      ShapesDataset scenes = ShapesDataset.of(Split.TEST, seed, count);
      return (varied ? scenes.varied() : scenes).withAbsent(absent);
    }
    refuse(spec, "--data shapes", OF_SHAPES);
    if (DataMixture.isFile(form)) {
      DataPlace.refuseBesideMixture(spec, OF_FILES);
      return DataMixture.openHeldOut(DataMixture.read(FileName.path(form)));
    }
    DataForm files = DataForms.of(spec, form, new Names());
    if (files == DataForm.REFER && (root == null || place.split() == null)) {
      throw usage(spec, "--data refer needs --root and --split");
    }
    Path path = files.isDirectory() ? root : file;
    if (path == null) {
      throw usage(
          spec, "--data " + files + " needs " + (files.isDirectory() ? "--root" : "--file"));
    }
    return files.open(path, place.images(), place.split(), place.splitBy(), place.expressions());
  }

  /** The data to train on that lies beside that to evaluate on; empty where there is none. */
  List<ReferringDataset> training(CommandSpec spec) {
    if (form.equalsIgnoreCase(SHAPES)) {
      ShapesDataset scenes = ShapesDataset.of(Split.TRAIN, seed, count);
      return List.of(varied ? scenes.varied() : scenes);
    }
    try {
      if (DataMixture.isFile(form)) {
        return DataMixture.read(FileName.path(form)).stream()
            .map(DataSource::openTraining)
            .toList();
      }
      if (root != null && place.split() != null) {
        return List.of(
            DataForms.of(spec, form, new Names())
                .open(
                    root,
                    place.images(),
                    DataMixture.TRAINING_SPLIT,
                    place.splitBy(),
                    place.expressions()));
      }
    } catch (ScanFormerException e) {
      // Who has only the data to evaluate on gets its figures all the same.
    }
    return List.of();
  }

  /** Refuses options that are for other data. */
  private static void refuse(CommandSpec spec, String other, String... options) {
    for (String option : options) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw usage(spec, option + " is for " + other);
      }
    }
  }

  private static CommandLine.ParameterException usage(CommandSpec spec, String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
