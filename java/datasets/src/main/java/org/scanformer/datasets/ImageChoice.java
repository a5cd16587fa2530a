package org.scanformer.datasets;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Tells which of several image files of one name data means: that of "val.json" in "val" rather
 * than that in "train". What tells is the name of the data's split, or the name and the place of
 * its file. Immutable.
 */
final class ImageChoice {
  private static final Map<String, String> SPLITS =
      Map.of(
          "train", "train",
          "training", "train",
          "val", "val",
          "valid", "val",
          "validation", "val",
          "test", "test",
          "testing", "test");

  private final List<String> names;
  private final Path place;

  private ImageChoice(List<String> names, Path place) {
    this.names = names;
    this.place = place;
  }

  /**
   * For a split of a directory.
   *
   * @param split null for all of them, which tells nothing
   */
  static ImageChoice ofSplit(String split) {
    return new ImageChoice(split == null ? List.of() : List.of(split), null);
  }

  /** For a file of records. */
  static ImageChoice ofFile(Path file) {
    Path place = absolute(file).getParent();
    Path directory = place.getFileName();
    String name = file.getFileName().toString();
    return new ImageChoice(
        directory == null ? List.of(name) : List.of(name, directory.toString()), place);
  }

  /**
   * Those of several files that the data means, as far as each name of the data and its place tell:
   * one, or several where they tell different things; all where they tell nothing.
   */
  List<Path> among(List<Path> files) {
    int common = commonNames(files);
    Set<Path> told = new LinkedHashSet<>();
    addOnly(told, files, file -> place != null && absolute(file).startsWith(place));
    for (String name : names) {
      String plain = name.replaceFirst("(?i)(\\.(csv|jsonl?|xml|gz))+$", "");
      Set<String> splits = splits(name, true);
      Set<String> kinds = splits(name, false);
      boolean found =
          addOnly(told, files, file -> anyName(file, common, plain::equalsIgnoreCase))
              || !splits.isEmpty()
                  && addOnly(
                      told,
                      files,
                      file -> anyName(file, common, each -> splits(each, true).equals(splits)));
      if (!found && !kinds.isEmpty()) {
        addOnly(
            told, files, file -> anyName(file, common, each -> splits(each, false).equals(kinds)));
      }
    }
    return told.isEmpty() ? files : List.copyOf(told);
  }

  /** Adds the only file that fits, if it is one; whether any does. */
  private static boolean addOnly(Set<Path> told, List<Path> files, Predicate<Path> fits) {
    List<Path> fitting = files.stream().filter(fits).toList();
    if (fitting.size() == 1) {
      told.add(fitting.get(0));
    }
    return !fitting.isEmpty();
  }

  /** Whether a directory of a file fits, of those that not all files are in. */
  private static boolean anyName(Path file, int common, Predicate<String> fits) {
    Path path = absolute(file);
    for (int i = common; i < path.getNameCount() - 1; i++) {
      if (fits.test(path.getName(i).toString())) {
        return true;
      }
    }
    return false;
  }

  /** How many directories from the root on all files share. */
  private static int commonNames(List<Path> files) {
    Path first = absolute(files.get(0)).getParent();
    int common = first.getNameCount();
    for (Path file : files) {
      while (common > 0
          && !absolute(file).startsWith(first.getRoot().resolve(first.subpath(0, common)))) {
        common--;
      }
    }
    return common;
  }

  /**
   * The usual splits that a name names: of "instances_val2017.json", "val".
   *
   * @param years whether what follows them belongs to them: "val2017"
   */
  private static Set<String> splits(String name, boolean years) {
    Set<String> splits = new TreeSet<>();
    for (String word : name.toLowerCase(Locale.ROOT).split("[^a-z0-9]+")) {
      String letters = word.replaceFirst("[0-9]+$", "");
      String split = SPLITS.get(letters);
      if (split != null) {
        splits.add(years ? split + word.substring(letters.length()) : split);
      }
    }
    return splits;
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
