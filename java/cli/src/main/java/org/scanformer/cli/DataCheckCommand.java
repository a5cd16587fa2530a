package org.scanformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import org.scanformer.datasets.DataDetector;
import org.scanformer.datasets.DataForm;
import org.scanformer.datasets.ReferringDataset;
import picocli.CommandLine;
import picocli.CommandLine.Command;
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
      description = "The data. Its form is told by the files, unless --data names it.")
  private Path path;

  @Option(
      names = "--data",
      paramLabel = "FORM",
      completionCandidates = DataForms.Names.class,
      description = "The form: ${COMPLETION-CANDIDATES}. 'scanformer eval --help' describes them.")
  private String form;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "The directory of the images, if not that of the data.")
  private Path images;

  @Option(
      names = "--split",
      paramLabel = "S",
      description = "Only this split. Default: all that a directory has.")
  private String split;

  @Option(
      names = "--split-by",
      paramLabel = "WHO",
      description = "refer: unc, google, umd or berkeley, if a directory has several.")
  private String splitBy;

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
    DataSummary summary = new DataSummary();
    List<ReferringDataset> sets = open(known, data, summary);
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

  private List<ReferringDataset> open(DataForm known, Path data, DataSummary summary) {
    List<String> splits = new ArrayList<>();
    if (split != null) {
      splits.add(split);
    } else {
      splits.addAll(known.splits(data, splitBy));
      if (splits.isEmpty()) {
        splits.add(null);
      }
    }
    List<ReferringDataset> sets = new ArrayList<>();
    try (ProgressBar progress = Progress.bar("data check", splits.size())) {
      for (String each : splits) {
        ReferringDataset set = known.open(data, images, each, splitBy);
        summary.add(each, set);
        sets.add(set);
        progress.step();
      }
    }
    return sets;
  }
}
