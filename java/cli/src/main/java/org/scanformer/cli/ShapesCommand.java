package org.scanformer.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes drawn scenes as files. */
@Command(
    name = "shapes",
    description = "Draws scenes with expressions that each describe one object.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    footer = {
      "",
      "Writes 0000.png and so on, and scenes.jsonl with a line {\"image\", \"text\", \"kind\","
          + " \"box\"} for each, which locate --batch reads. The same split, seed and count give"
          + " the same files."
    })
final class ShapesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The output directory; created if missing.")
  private Path out;

  @Option(
      names = "--count",
      paramLabel = "K",
      defaultValue = "20",
      description = "Number of scenes. Default: 20.")
  private int count;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the scenes. Default: 1.")
  private long seed;

  @Option(
      names = "--split",
      paramLabel = "train|validation|test",
      defaultValue = "test",
      description = "Split of the scenes; no scene is in two splits. Default: test.")
  private Split split;

  @Option(
      names = "--max-side",
      paramLabel = "PIXELS",
      defaultValue = "" + ShapesDataset.PHOTO_SIDE,
      description =
          "Upper limit of the long side, which is at least 160. Default: ${DEFAULT-VALUE}.")
  private int maxSide;

  @Override
  public Integer call() throws IOException {
    if (count < 0) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--count must be at least 0, found " + count);
    }
    ShapesDataset dataset;
    try {
      dataset = ShapesDataset.of(split, seed, count, maxSide);
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    Files.createDirectories(out);
    int digits = Math.max(4, Integer.toString(Math.max(0, count - 1)).length());
    List<String> lines = new ArrayList<>();
    try (ProgressBar progress = Progress.bar("shapes", count)) {
      for (int i = 0; i < count; i++) {
        ReferringPair pair = dataset.pair(i);
        String name = String.format(Locale.ROOT, "%0" + digits + "d.png", i);
        BufferedImage picture = PngFiles.toBufferedImage(pair.image().read());
        PngFiles.write(picture, out.resolve(name));
        ObjectNode line = LocationJson.object();
        line.put("image", name).put("text", pair.expression()).put("kind", pair.kind());
        line.putObject("box")
            .put("x", pair.box().x())
            .put("y", pair.box().y())
            .put("width", pair.box().width())
            .put("height", pair.box().height());
        lines.add(LocationJson.write(line));
        progress.step();
      }
    }
    OutputFile.writeLines(out.resolve("scenes.jsonl"), lines);
    return 0;
  }
}
