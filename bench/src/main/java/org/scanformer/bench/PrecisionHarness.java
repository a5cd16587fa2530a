package org.scanformer.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.scanformer.BackendKind;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScaleResult;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.SelectionPolicy;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How far answers in a lower precision are from those in fp32 on the same device, over drawn
 * scenes: how many patches are selected differently, and how far boxes lie apart, with each
 * precision's own selection and with fp32's masks.
 */
@Command(
    name = "precision",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares selections and boxes of lower precisions with those in fp32.")
public final class PrecisionHarness implements Callable<Integer> {
  private static final int BATCH = 16;

  @Option(
      names = "--model",
      paramLabel = "NAME|DIR",
      defaultValue = "shapes",
      description = "Model, as for the other harnesses. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(names = "--backend", defaultValue = "cpu", description = "cpu or cuda. Default: cpu.")
  private String backend;

  @Option(
      names = "--precisions",
      split = ",",
      defaultValue = "bf16",
      description = "Any of tf32, fp16, bf16. Default: ${DEFAULT-VALUE}.")
  private Precision[] precisions;

  @Option(names = "--threads", defaultValue = "0", description = "CPU threads; 0 for all.")
  private int threads;

  @Option(
      names = "--count",
      defaultValue = "1000",
      description = "Number of scenes. Default: 1000.")
  private int count;

  @Option(names = "--seed", defaultValue = "987654", description = "Seed of the scenes.")
  private long seed;

  @Option(names = "--json", paramLabel = "FILE", description = "JSON file to write the rows to.")
  private Path json;

  private PrecisionHarness() {}

  /** Runs the command. */
  public static void main(String[] arguments) {
    CommandLine command = new CommandLine(new PrecisionHarness());
    command.setCaseInsensitiveEnumValuesAllowed(true);
    System.exit(command.execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    List<ReferringPair> pairs = new ArrayList<>();
    ShapesDataset scenes = ShapesDataset.of(Split.TEST, seed, count);
    for (int i = 0; i < count; i++) {
      pairs.add(scenes.pair(i));
    }
    List<PrecisionRow> rows = new ArrayList<>();
    List<SelectionPolicy> own = new ArrayList<>();
    pairs.forEach(pair -> own.add(SelectionPolicy.checkpoint()));
    List<Location> exact = locate(Precision.FP32, pairs, own);
    List<SelectionPolicy> masks = new ArrayList<>();
    for (Location location : exact) {
      masks.add(SelectionPolicy.masks(location.scales().stream().map(ScaleResult::mask).toList()));
    }
    System.out.printf(
        "%s, %d scenes of seed %d, Acc@0.5 in fp32 %.4f%n",
        exact.get(0).backend(), count, seed, accuracy(pairs, exact));
    System.out.println(
        "                                                 own selection: IoU with fp32's box       fp32's masks:");
    System.out.println(
        "precision    flipped of  patches    scenes   Acc@0.5    mean  1st percentile   least    mean IoU   least   largest difference");
    for (Precision precision : precisions) {
      List<Location> free = locate(precision, pairs, own);
      PrecisionRow row =
          PrecisionRow.of(
              precision, accuracy(pairs, free), exact, free, locate(precision, pairs, masks));
      rows.add(row);
      System.out.printf(
          "%-9s %10d %11d %7.2f %% %9.4f %7.4f %15.4f %7.4f %11.4f %7.4f %20.1e%n",
          precision.name().toLowerCase(Locale.ROOT),
          row.flippedPatches(),
          row.patches(),
          100.0 * row.flippedScenes() / count,
          row.accuracy(),
          row.meanIou(),
          row.firstPercentileIou(),
          row.leastIou(),
          row.meanIouSameMasks(),
          row.leastIouSameMasks(),
          row.largestDifferenceSameMasks());
    }
    if (json != null) {
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json.toFile(), rows);
    }
    return 0;
  }

  private static double accuracy(List<ReferringPair> pairs, List<Location> found) {
    int right = 0;
    for (int i = 0; i < pairs.size(); i++) {
      ReferringPair pair = pairs.get(i);
      NormalizedBox box = NormalizedBox.of(pair.box(), pair.image().width(), pair.image().height());
      right += box.intersectionOverUnion(found.get(i).normalizedBox()) >= 0.5 ? 1 : 0;
    }
    return (double) right / pairs.size();
  }

  private List<Location> locate(
      Precision precision, List<ReferringPair> pairs, List<SelectionPolicy> selections) {
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.valueOf(backend.toUpperCase(Locale.ROOT)))
            .precision(precision)
            .threads(threads)
            .maxBatch(BATCH)
            .build();
    List<Location> locations = new ArrayList<>();
    try (ScanFormer scanFormer = ScanFormer.load(Models.directoryOf(model), options)) {
      for (int first = 0; first < pairs.size(); first += BATCH) {
        List<Request> requests = new ArrayList<>();
        for (int i = first; i < Math.min(first + BATCH, pairs.size()); i++) {
          ReferringPair pair = pairs.get(i);
          requests.add(
              Request.of(pair.image().read(), pair.expression()).withSelection(selections.get(i)));
        }
        locations.addAll(scanFormer.locate(requests));
      }
    }
    return locations;
  }
}
