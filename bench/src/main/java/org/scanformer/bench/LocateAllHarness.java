package org.scanformer.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures what {@link ScanFormer#locateAll} saves where several expressions are located in several
 * images: against a call for each pair, and against batches that share nothing. The ways take turns
 * in one run, and must give the same boxes.
 */
@Command(
    name = "locate-all",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Pairs of images and expressions per second, by the way that they are asked.")
public final class LocateAllHarness implements Callable<Integer> {
  private static final double TOLERANCE = 2e-2;

  @Mixin private BenchModel model;

  @Option(names = "--images", defaultValue = "4", description = "Images. Default: 4.")
  private int images;

  @Option(
      names = "--expressions",
      defaultValue = "8",
      description = "Expressions for each image. Default: 8.")
  private int expressions;

  @Option(names = "--batch", defaultValue = "8", description = "Largest batch. Default: 8.")
  private int batch;

  @Option(
      names = "--rounds",
      defaultValue = "15",
      description = "Rounds of all ways, after two that do not count. Default: 15.")
  private int rounds;

  /** A way to ask all pairs, image by image. */
  private record Way(String name, Supplier<List<Location>> ask, double[] seconds) {
    double median() {
      double[] sorted = seconds.clone();
      Arrays.sort(sorted);
      return sorted[sorted.length / 2];
    }
  }

  private LocateAllHarness() {}

  /** Runs the command. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new LocateAllHarness()).execute(arguments));
  }

  @Override
  public Integer call() {
    List<Image> frames = IntStream.range(0, images).mapToObj(BenchModel::frame).toList();
    // Texts of one length, as an expression is encoded anew wherever it comes as text.
    List<String> texts = Collections.nCopies(expressions, model.text());
    List<Request> shared = new ArrayList<>();
    List<Request> apart = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      for (String text : texts) {
        shared.add(Request.of(frames.get(i), text));
        // Equal pixels, but another object: nothing is shared.
        apart.add(Request.of(BenchModel.frame(i), text));
      }
    }
    try (ScanFormer scanFormer = model.load(batch)) {
      List<Way> ways =
          List.of(
              way("a call for each pair", () -> shared.stream().map(scanFormer::locate).toList()),
              way("batches that share nothing", () -> scanFormer.locate(apart)),
              way("batches that share images", () -> scanFormer.locate(shared)),
              way(
                  "locateAll",
                  () ->
                      scanFormer.locateAll(frames, texts).stream().flatMap(List::stream).toList()));
      System.out.printf(
          "%s %s, %d images, %d expressions, batches of %d%n",
          scanFormer.backend(), scanFormer.precision(), images, expressions, batch);
      measure(ways);
      print(ways);
    }
    return 0;
  }

  private Way way(String name, Supplier<List<Location>> ask) {
    return new Way(name, ask, new double[rounds]);
  }

  private void measure(List<Way> ways) {
    List<Location> expected = ways.get(0).ask.get();
    for (Way way : ways) {
      requireSame(expected, way.ask.get(), way.name);
      way.ask.get();
    }
    for (int round = 0; round < rounds; round++) {
      for (Way way : ways) {
        long start = System.nanoTime();
        way.ask.get();
        way.seconds[round] = (System.nanoTime() - start) * 1e-9;
      }
    }
  }

  private static void requireSame(List<Location> expected, List<Location> found, String name) {
    for (int i = 0; i < expected.size(); i++) {
      NormalizedBox a = expected.get(i).normalizedBox();
      NormalizedBox b = found.get(i).normalizedBox();
      for (int j = 0; j < 4; j++) {
        if (!(Math.abs(a.toList().get(j) - b.toList().get(j)) <= TOLERANCE)) {
          throw new IllegalStateException(
              name + ", pair " + i + ": found " + b + ", expected " + a);
        }
      }
    }
  }

  private void print(List<Way> ways) {
    double pairs = (double) images * expressions;
    double single = ways.get(0).median();
    for (Way way : ways) {
      double[] seconds = way.seconds.clone();
      Arrays.sort(seconds);
      System.out.printf(
          "%-28s median %8.1f ms (%.1f to %.1f), %8.1f pairs/s, %.3f times as fast%n",
          way.name,
          1e3 * way.median(),
          1e3 * seconds[0],
          1e3 * seconds[seconds.length - 1],
          pairs / way.median(),
          single / way.median());
    }
  }
}
