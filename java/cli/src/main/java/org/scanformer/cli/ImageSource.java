package org.scanformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.PatternSyntaxException;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;

/**
 * An image that the command line names.
 *
 * @param name as the user knows it
 * @param file null for standard input
 */
record ImageSource(String name, Path file) {
  /** What stands for standard input among the arguments. */
  static final String STANDARD_INPUT = "-";

  /** The formats' usual endings: what else is in a directory is passed over. */
  private static final List<String> ENDINGS =
      List.of(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff");

  private static final String NO_IMAGE =
      ": found no image, expected files that end with one of " + String.join(", ", ENDINGS);

  /**
   * Finds the images that arguments name: files, directories, patterns such as {@code
   * 'shots/*.png'}, and standard input. Those of a directory or pattern are in the order of their
   * names.
   *
   * @param err takes a line for each directory or pattern without images, if others have some
   * @throws CliException naming the argument that no image can be read for
   */
  static List<ImageSource> find(List<String> arguments, PrintWriter err) throws IOException {
    List<ImageSource> sources = new ArrayList<>();
    List<String> empty = new ArrayList<>();
    for (String argument : arguments) {
      if (argument.equals(STANDARD_INPUT)) {
        sources.add(new ImageSource("standard input (-)", null));
      } else {
        List<Path> files = files(argument);
        if (files.isEmpty()) {
          empty.add("image " + argument + NO_IMAGE);
        }
        for (Path file : files) {
          if (!Files.isReadable(file)) {
            throw new CliException("image " + file + ": may not be read by this user");
          }
          sources.add(new ImageSource(file.toString(), file));
        }
      }
    }
    if (sources.isEmpty()) {
      throw new CliException(String.join("; ", empty));
    }
    empty.forEach(line -> err.println("scanformer: " + line));
    return sources;
  }

  /** The files that an argument names; none for a directory or pattern that has none. */
  private static List<Path> files(String argument) throws IOException {
    Path path = FileName.path(argument);
    if (Files.isDirectory(path) && !argument.isEmpty()) {
      List<Path> files = list(path, "*");
      files.removeIf(file -> !hasKnownEnding(file));
      return files;
    }
    if (Files.exists(path)) {
      return List.of(path);
    }
    if (!isPattern(path.getFileName())) {
      throw new CliException("image " + argument + ": no such file");
    }
    Path directory = path.getParent() == null ? Path.of("") : path.getParent();
    return Files.isDirectory(directory)
        ? list(directory, path.getFileName().toString())
        : List.of();
  }

  private static boolean isPattern(Path name) {
    return name != null && name.toString().matches(".*[*?\\[{].*");
  }

  private static List<Path> list(Path directory, String pattern) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, pattern)) {
      for (Path entry : entries) {
        // As in a shell: what some systems hide beside pictures is not one. A pipe is not read, as
        // one that nobody writes to has no end; a link to nothing is told of later.
        boolean isFile = Files.isRegularFile(entry) || !Files.exists(entry);
        if (isFile && (!Files.isHidden(entry) || pattern.startsWith("."))) {
          files.add(entry);
        }
      }
    } catch (PatternSyntaxException e) {
      throw new CliException("image " + directory.resolve(pattern) + ": " + e.getDescription());
    }
    files.sort(null);
    return files;
  }

  /** Whether a file's name is that of an image. */
  static boolean hasKnownEnding(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return ENDINGS.stream().anyMatch(name::endsWith);
  }

  /** Decodes the image; throws as {@link Image#read(Path)}. */
  Image read() {
    if (file != null) {
      return Image.read(file);
    }
    try {
      return Image.read(System.in);
    } catch (ScanFormerException e) {
      throw new ScanFormerException(e.code(), name + ": " + e.getMessage(), e);
    }
  }
}
