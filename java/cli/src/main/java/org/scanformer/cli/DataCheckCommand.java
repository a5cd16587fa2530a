package org.scanformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import me.tongfei.progressbar.ProgressBar;
import org.scanformer.datasets.DataDetector;
import org.scanformer.datasets.DataForm;
import org.scanformer.datasets.DataMixture;
import org.scanformer.datasets.DataSource;
import org.scanformer.datasets.ReferringDataset;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what is in data, and what of it cannot be used. */
@Command(
    name = "check",
    description = "Counts what is in data, and names what of it cannot be used and why.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    footer = {
      "",
      "Reads every record and the header of every image. An expression with several boxes speaks of"
          + " a group. Of data of detection, a category is the expression of its only object in an"
          + " image. Exit code 1 if nothing can be used."
    })
final class DataCheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DIR|FILE",
      description =
          "The data, or a JSON file that lists sources of data, as for 'eval --data'. The form of"
              + " data is told by its files, unless --data names it.")
  private Path path;

  @Option(
      names = "--data",
      paramLabel = "FORM",
      completionCandidates = DataForms.Names.class,
      description = "The form: ${COMPLETION-CANDIDATES}. 'scanformer eval --help' describes them.")
  private String form;

  @Mixin private DataPlace place;

  @Option(
      names = "--sheet",
      paramLabel = "FILE.png",
      description = "Draw some images with their boxes and expressions into this file.")
  private Path sheet;

  @Override
  public Integer call() throws IOException {
    String problem = sheet == null ? null : OutputFile.problem("--sheet", sheet, null);
    if (problem != null) {
      throw new CommandLine.ParameterException(spec.commandLine(), problem);
    }
    PrintWriter out = spec.commandLine().getOut();
    DataSummary summary = new DataSummary();
    List<ReferringDataset> sets = read(parts(out), summary);
    summary.print(out);
    out.flush();
    if (sheet != null && summary.expressions() > 0) {
      // Last, as the counts must not be lost where nothing can be drawn.
      Drawing.run(() -> PairSheet.write(sets, sheet, spec.commandLine().getErr()));
      out.println("Sheet: " + sheet.toAbsolutePath());
      out.flush();
    }
    return summary.expressions() == 0 ? Main.FAILURE : 0;
  }

  /**
   * A part of the data.
   *
   * @param split its name; null for data without splits
   * @param path of its file or directory
   */
  private record Part(String split, Path path, Supplier<ReferringDataset> opening) {}

  /** The parts of the data, and what it is in words. */
  private List<Part> parts(PrintWriter out) {
    if (form == null && DataDetector.isMixture(path)) {
      DataPlace.refuseBesideMixture(spec, "--split", "--split-by", "--images", "--expressions");
      return partsOf(DataMixture.read(path), out);
    }
    DataForm known = form == null ? null : DataForms.of(spec, form, new DataForms.Names());
    Path data = path;
    if (known == null) {
      DataDetector.Detected detected = DataDetector.detect(path);
      known = detected.form();
      data = detected.path();
      out.println("Form: " + known + ", " + known.description());
      out.println("  by " + detected.reason() + " in " + data);
    } else if (known.isDirectory() != Files.isDirectory(path)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--data "
              + known
              + " takes "
              + (known.isDirectory() ? "a directory" : "a file")
              + ", found "
              + path);
    }
    return partsOf(known, data);
  }

  private List<Part> partsOf(DataForm known, Path data) {
    List<String> splits =
        place.split() == null ? known.splits(data, place.splitBy()) : List.of(place.split());
    List<Part> parts = new ArrayList<>();
    for (String split : splits.isEmpty() ? Collections.<String>singletonList(null) : splits) {
      parts.add(
          new Part(
              split,
              data,
              () -> known.open(data, place.images(), split, place.splitBy(), place.expressions())));
    }
    return parts;
  }

  /** What each source is trained on, and what it holds out. */
  private static List<Part> partsOf(List<DataSource> sources, PrintWriter out) {
    out.println("Sources:");
    List<Part> parts = new ArrayList<>();
    for (DataSource source : sources) {
      out.printf(
          Locale.ROOT,
          "  %s: %s, %s, weight %s%n",
          source.name(),
          source.form(),
          source.form().description(),
          source.weight());
      DataSource.Part training = source.training();
      DataSource.Part heldOut = source.heldOut();
      parts.add(
          new Part(
              source.name() + " " + nameBeside(training, heldOut),
              training.path(),
              source::openTraining));
      if (heldOut != null) {
        parts.add(
            new Part(
                source.name() + " " + nameBeside(heldOut, training),
                heldOut.path(),
                source::openHeldOut));
      }
    }
    return parts;
  }

  /** A part's name: as much of its path as no other part has, and its split. */
  private static String nameBeside(DataSource.Part part, DataSource.Part other) {
    Path path = part.path();
    if (other == null || !part.toString().equals(other.toString()) || path.equals(other.path())) {
      return part.toString();
    }
    int names = 1;
    while (names < path.getNameCount() && other.path().endsWith(last(path, names))) {
      names++;
    }
    return last(path, names) + (part.split() == null ? "" : " " + part.split());
  }

  private static Path last(Path path, int names) {
    return path.subpath(path.getNameCount() - names, path.getNameCount());
  }

  private static List<ReferringDataset> read(List<Part> parts, DataSummary summary) {
    List<ReferringDataset> sets = new ArrayList<>();
    try (ProgressBar progress = Progress.bar("data check", parts.size())) {
      for (Part part : parts) {
        ReferringDataset set = part.opening.get();
        summary.add(part.split, part.path, set);
        sets.add(set);
        progress.step();
      }
    }
    return sets;
  }
}
