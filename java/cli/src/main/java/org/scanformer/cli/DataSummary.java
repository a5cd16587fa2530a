package org.scanformer.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.scanformer.Box;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/** Counts what is in data, split by split. Not thread-safe. */
final class DataSummary {
  private static final int EXAMPLES = 3;

  private final Map<String, Integer> splits = new LinkedHashMap<>();
  private final Set<String> images = new HashSet<>();
  private final Set<Place> boxes = new HashSet<>();
  private final Set<Scoped<String>> ids = new HashSet<>();
  private final Set<Scoped<BadRecord>> bad = new LinkedHashSet<>();
  private int groups;
  private int withoutTarget;

  /** A box of an image. */
  private record Place(String image, Box box) {}

  /** Something of a file or directory: another of the same name may have records of equal ids. */
  private record Scoped<T>(Path path, T value) {}

  /**
   * Adds a split.
   *
   * @param split null for data without splits
   * @param path of its file or directory; what several of its splits share counts once
   */
  void add(String split, Path path, ReferringDataset dataset) {
    if (split != null) {
      splits.merge(split, dataset.size(), Integer::sum);
    }
    for (int i = 0; i < dataset.size(); i++) {
      ReferringPair pair = dataset.pair(i);
      String image = pair.image().name();
      images.add(image);
      pair.targets().forEach(box -> boxes.add(new Place(image, box)));
      if (ids.add(new Scoped<>(path, pair.id()))) {
        groups += pair.targets().size() > 1 ? 1 : 0;
        withoutTarget += pair.targets().isEmpty() ? 1 : 0;
      }
    }
    dataset.badRecords().forEach(record -> bad.add(new Scoped<>(path, record)));
  }

  /** Different expressions of images, over all splits. */
  int expressions() {
    return ids.size();
  }

  void print(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "Images: %,d%nBoxes: %,d%nExpressions: %,d%n",
        images.size(),
        boxes.size(),
        expressions());
    if (groups > 0) {
      out.printf(Locale.ROOT, "  of several boxes: %,d%n", groups);
    }
    if (withoutTarget > 0) {
      out.printf(Locale.ROOT, "  of none: %,d%n", withoutTarget);
    }
    splits.forEach(
        (split, pairs) -> out.printf(Locale.ROOT, "Split %s: %,d expressions%n", split, pairs));
    printBad(out);
  }

  private void printBad(PrintWriter out) {
    Map<BadRecord.Kind, List<BadRecord>> byKind = new EnumMap<>(BadRecord.Kind.class);
    int records = 0;
    for (Scoped<BadRecord> each : bad) {
      records += each.value.records();
      byKind.computeIfAbsent(each.value.kind(), kind -> new ArrayList<>()).add(each.value);
    }
    out.printf(Locale.ROOT, "Left out: %,d%n", records);
    byKind.forEach(
        (kind, ofKind) -> {
          out.printf(
              Locale.ROOT,
              "  %,d %s%n",
              ofKind.stream().mapToInt(BadRecord::records).sum(),
              kind.words());
          ofKind.stream()
              .limit(EXAMPLES)
              .forEach(record -> out.println("    " + record.id() + ": " + record.problem()));
          if (ofKind.size() > EXAMPLES) {
            out.println("    …");
          }
        });
  }
}
