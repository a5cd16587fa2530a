package org.scanformer.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/**
 * Finds a dataset's image files by name, reads each one's header once, and counts the records whose
 * file is missing. Not safe for use by several threads.
 */
final class ImageFolders {
  /**
   * Where the REFER toolkit and VOC keep images, below the folder that holds them or its parents.
   */
  private static final List<String> LEVELS =
      List.of(
          "images",
          "mscoco",
          "images/mscoco",
          "mscoco/images",
          "images/mscoco/images",
          "JPEGImages");

  /** How directly a directory was named: given, a folder of the toolkit, or a child of these. */
  private enum Rank {
    GIVEN,
    KNOWN,
    CHILD
  }

  private final ImageChoice choice;
  private final Map<Path, Rank> directories = new LinkedHashMap<>();
  private final Map<Path, Found> found = new HashMap<>();
  private final Map<Path, ImageHeader> headers = new HashMap<>();
  private final Map<Path, ScanFormerException> failures = new HashMap<>();
  private int missing;
  private String firstMissing;

  /**
   * What was found of a name.
   *
   * @param file null if there is none, or the choice is not clear
   * @param unclear what to say in that case; null if the choice is clear
   */
  private record Found(Path file, String unclear) {}

  /**
   * The directories, the known folders below them, and the direct children of all of these.
   *
   * @param choice tells which of several files of one name is meant
   */
  ImageFolders(ImageChoice choice, Path... roots) {
    this.choice = choice;
    for (Path root : roots) {
      addWithChildren(root, Rank.GIVEN);
      for (String level : LEVELS) {
        addWithChildren(root.resolve(level), Rank.KNOWN);
      }
    }
  }

  /**
   * The folders for a file of records.
   *
   * @param images null for the file's own directory
   */
  static ImageFolders of(Path file, Path images) {
    return new ImageFolders(
        ImageChoice.ofFile(file), images != null ? images : file.toAbsolutePath().getParent());
  }

  private void addWithChildren(Path directory, Rank rank) {
    if (Files.isDirectory(directory)) {
      add(directory, rank);
      try (Stream<Path> children = Files.list(directory)) {
        children.filter(Files::isDirectory).sorted().forEach(child -> add(child, Rank.CHILD));
      } catch (IOException | UncheckedIOException e) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            directory + ": not a directory that can be read: " + SystemMessages.reason(e),
            e);
      }
    }
  }

  private void add(Path directory, Rank rank) {
    directories.merge(directory, rank, (old, other) -> old.compareTo(other) <= 0 ? old : other);
  }

  /**
   * The file with the first of the names that any file in the directories has; null, and counted as
   * missing, if there is none. Of several files of a name, the one that the name of the data or its
   * place tells, or else the one in the directory that was given, or in the only known folder that
   * has it.
   *
   * @param record names the record in messages
   * @param names those that are null are skipped
   * @throws ScanFormerException BAD_INPUT for a name that no file can have here
   * @throws RecordFault when several files that are not equal may be meant
   */
  Path find(String record, String... names) {
    String wanted = null;
    for (String name : names) {
      if (name == null) {
        continue;
      }
      wanted = wanted == null ? name : wanted;
      Path relative = relative(name);
      if (relative == null) {
        continue;
      }
      Found own = found.computeIfAbsent(relative, this::search);
      if (own.unclear != null) {
        throw new RecordFault(BadRecord.Kind.IMAGE, own.unclear);
      }
      if (own.file != null) {
        return own.file;
      }
    }
    if (missing++ == 0) {
      firstMissing = "\"" + wanted + "\" of " + record;
    }
    return null;
  }

  private Found search(Path name) {
    Map<Path, Rank> files = new LinkedHashMap<>();
    directories.forEach(
        (directory, rank) -> {
          Path file = directory.resolve(name);
          if (Files.isRegularFile(file)) {
            files.put(file, rank);
          }
        });
    if (files.size() <= 1) {
      return new Found(files.isEmpty() ? null : files.keySet().iterator().next(), null);
    }
    List<Path> meant = choice.among(List.copyOf(files.keySet()));
    Rank nearest = meant.stream().map(files::get).min(Comparator.naturalOrder()).orElseThrow();
    List<Path> near = meant.stream().filter(file -> files.get(file) == nearest).toList();
    if (near.size() == 1 && nearest != Rank.CHILD || meant.size() == 1) {
      return new Found(near.get(0), null);
    }
    Path first = meant.get(0);
    for (Path other : meant) {
      if (!isSamePicture(first, other)) {
        return new Found(
            null,
            "expected a single image file \""
                + name
                + "\", found "
                + first
                + " and "
                + other
                + ", which differ. Give the directory that has those of this data (--images)");
      }
    }
    return new Found(first, null);
  }

  private static boolean isSamePicture(Path first, Path other) {
    try {
      return Files.mismatch(first, other) < 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** A name as a path that stays within a directory, or null if it leads out of it. */
  private static Path relative(String name) {
    try {
      Path path = Path.of(name).normalize();
      return path.isAbsolute() || path.startsWith("..") ? null : path;
    } catch (InvalidPathException e) {
      boolean locale = e.getReason().contains("unmappable");
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "the image file's name \""
              + name.replace('\0', '\ufffd')
              + "\" is not possible here: "
              + (locale
                  ? "the locale has no such characters; start with LC_ALL=C.UTF-8"
                  : e.getReason()),
          e);
    }
  }

  /**
   * The header of a file.
   *
   * @throws ScanFormerException BAD_INPUT when it cannot be read
   */
  ImageHeader header(Path file) {
    ScanFormerException failure = failures.get(file);
    if (failure != null) {
      throw failure;
    }
    try {
      return headers.computeIfAbsent(file, ImageHeader::read);
    } catch (ScanFormerException e) {
      failures.put(file, e);
      throw e;
    }
  }

  /** All records whose file was not found as one, or null if there are none. */
  BadRecord missing(String data) {
    if (missing == 0) {
      return null;
    }
    String searched =
        directories.keySet().stream()
            .map(directory -> directory.toAbsolutePath().normalize().toString())
            .collect(Collectors.joining(", "));
    return new BadRecord(
        data,
        BadRecord.Kind.IMAGE,
        missing
            + (missing == 1 ? " image file was" : " image files were")
            + " not found, such as "
            + firstMissing
            + "; searched: "
            + (searched.isEmpty() ? "no directory" : searched)
            + ". Give the directory of the images (--images)",
        missing);
  }
}
