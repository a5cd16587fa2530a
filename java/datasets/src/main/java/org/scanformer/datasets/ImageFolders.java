package org.scanformer.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
  /** Where the REFER toolkit keeps images, below the folder that holds them or its parents. */
  private static final List<String> LEVELS =
      List.of("", "images", "mscoco", "images/mscoco", "mscoco/images", "images/mscoco/images");

  private final Set<Path> directories = new LinkedHashSet<>();
  private final Map<Path, ImageHeader> headers = new HashMap<>();
  private final Map<Path, ScanFormerException> failures = new HashMap<>();
  private int missing;
  private String firstMissing;

  /** The directories, the toolkit's folders below them, and the direct children of all of these. */
  ImageFolders(Path... roots) {
    for (Path root : roots) {
      for (String level : LEVELS) {
        addWithChildren(level.isEmpty() ? root : root.resolve(level));
      }
    }
  }

  /**
   * The folders for a file of records.
   *
   * @param images null for the file's own directory
   */
  static ImageFolders of(Path file, Path images) {
    return new ImageFolders(images != null ? images : file.toAbsolutePath().getParent());
  }

  private void addWithChildren(Path directory) {
    if (Files.isDirectory(directory)) {
      directories.add(directory);
      try (Stream<Path> children = Files.list(directory)) {
        children.filter(Files::isDirectory).sorted().forEach(directories::add);
      } catch (IOException | UncheckedIOException e) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            directory + ": not a directory that can be read: " + SystemMessages.reason(e),
            e);
      }
    }
  }

  /**
   * The first file with one of the names in one of the directories; null, and counted as missing,
   * if there is none.
   *
   * @param record names the record in messages
   * @param names those that are null are skipped
   * @throws ScanFormerException BAD_INPUT for a name that no file can have here
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
      for (Path directory : directories) {
        Path file = directory.resolve(relative);
        if (Files.isRegularFile(file)) {
          return file;
        }
      }
    }
    if (missing++ == 0) {
      firstMissing = "\"" + wanted + "\" of " + record;
    }
    return null;
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
        directories.stream()
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
