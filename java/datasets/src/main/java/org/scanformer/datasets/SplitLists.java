package org.scanformer.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/** The lists of a split's files that directories of annotations have. No state. */
final class SplitLists {
  /** The usual splits that do not overlap. */
  private static final List<String> USUAL = List.of("train", "val", "test");

  /** A mark says whether the image has the class of the list: -1 for no, 0 for hard to see. */
  private static final Pattern MARKED = Pattern.compile("(.*\\S)\\s+(-1|0|1)", Pattern.DOTALL);

  private SplitLists() {}

  private static Path list(Path root, String split) {
    for (Path place : List.of(root.resolve("ImageSets").resolve("Main"), root)) {
      Path list = place.resolve(split + ".txt");
      if (Files.isRegularFile(list)) {
        return list;
      }
    }
    return null;
  }

  /** Which of the usual splits there are. */
  static List<String> splits(Path root) {
    return USUAL.stream().filter(split -> list(root, split) != null).toList();
  }

  /**
   * The names of a split's files, without their extension.
   *
   * @param files the directory of the files
   * @param extension of the files, with its dot
   * @param split null for every file of the directory, sorted
   * @throws ScanFormerException BAD_INPUT when there is no such directory or split
   */
  static List<String> names(Path root, Path files, String extension, String split) {
    if (split != null) {
      Path list = requiredList(root, split);
      List<String> names = new ArrayList<>();
      for (String line : new String(DataFile.readText(list), StandardCharsets.UTF_8).split("\n")) {
        String name = name(files, extension, line.strip());
        if (!name.isEmpty()) {
          names.add(name);
        }
      }
      return names;
    }
    try (Stream<Path> all = Files.list(files)) {
      return all.map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(extension))
          .map(name -> name.substring(0, name.length() - extension.length()))
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          files + ": not a directory that can be read: " + SystemMessages.reason(e),
          e);
    }
  }

  /** The name that a line gives; empty if it gives none. */
  private static String name(Path files, String extension, String line) {
    Matcher marked = MARKED.matcher(line);
    // Names may have spaces, and end as a mark does.
    if (!marked.matches() || isFile(files, line, extension)) {
      return line;
    }
    return marked.group(2).equals("-1") ? "" : marked.group(1);
  }

  private static boolean isFile(Path directory, String name, String extension) {
    try {
      return Files.isRegularFile(file(directory, name, extension));
    } catch (RecordFault e) {
      return false;
    }
  }

  private static Path requiredList(Path root, String split) {
    boolean plain = split.matches("[\\w-]+");
    Path list = plain ? list(root, split) : null;
    if (list == null) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          root
              + ": expected a list of the split's files in "
              + (plain ? split : "SPLIT")
              + ".txt, there or in ImageSets/Main, with a name on each line; found "
              + (splits(root).isEmpty() ? "none" : "those of " + splits(root)));
    }
    return list;
  }

  /**
   * A file of a name that a list gives.
   *
   * @throws RecordFault when the name is no plain one, or not possible here
   */
  static Path file(Path directory, String name, String extension) {
    try {
      if (name.indexOf('/') < 0 && name.indexOf('\\') < 0) {
        return directory.resolve(name + extension);
      }
    } catch (InvalidPathException e) {
      // Told as other names are: a NUL, or a character that the locale does not have.
    }
    throw CocoFile.problem(
        "expected the name of a file without a directory, found "
            + CsvFile.brief(name.replace('\0', '\ufffd')));
  }

  /** A directory and its split, for names of datasets. */
  static String describe(Path root, String split) {
    return root.toAbsolutePath().normalize().getFileName() + (split == null ? "" : " " + split);
  }
}
