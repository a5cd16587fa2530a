package org.scanformer.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.PatternSyntaxException;
import org.scanformer.Image;

/**
 * An image that the command line names.
 *
 * @param name as the user knows it
 * @param file null for standard input
 */
record ImageSource(String name, Path file) {
  private static final String STANDARD_INPUT = "-";

  /** The formats' usual endings: what else is in a directory is passed over. */
  private static final List<String> ENDINGS =
      List.of(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff");

  /**
   * Finds the images that arguments name: files, directories, patterns such as {@code
   * 'shots/*.png'}, and once standard input. Those of a directory or pattern are in the order of
   * their names.
   *
   * @throws CliException naming the argument that no image can be read for
   */
  static List<ImageSource> find(List<String> arguments) throws IOException {
    List<ImageSource> sources = new ArrayList<>();
    for (String argument : arguments) {
      if (argument.equals(STANDARD_INPUT)) {
        ImageSource source = new ImageSource("standard input", null);
        if (sources.contains(source)) {
          throw new CliException("Standard input (-) is one image, found it named twice");
        }
        sources.add(source);
      } else {
        addFiles(argument, sources);
      }
    }
    return sources;
  }

  private static void addFiles(String argument, List<ImageSource> sources) throws IOException {
    Path path;
    try {
      path = Path.of(argument);
    } catch (InvalidPathException e) {
      throw new CliException("image " + argument + ": not a file's name: " + e.getReason());
    }
    List<Path> files;
    if (Files.isDirectory(path) && !argument.isEmpty()) {
      files = list(path, "*");
      files.removeIf(file -> !hasKnownEnding(file));
      if (files.isEmpty()) {
        throw new CliException(
            "image "
                + argument
                + ": found no image in this directory, expected files that end"
                + " with one of "
                + String.join(", ", ENDINGS));
      }
    } else if (Files.exists(path)) {
      files = List.of(path);
    } else if (isPattern(path.getFileName())) {
      Path directory = path.getParent() == null ? Path.of("") : path.getParent();
      files =
          Files.isDirectory(directory) ? list(directory, path.getFileName().toString()) : List.of();
      if (files.isEmpty()) {
        throw new CliException("image " + argument + ": no file is named so");
      }
    } else {
      throw new CliException("image " + argument + ": no such file");
    }
    for (Path file : files) {
      if (!Files.isReadable(file)) {
        throw new CliException("image " + file + ": may not be read by this user");
      }
      sources.add(new ImageSource(file.toString(), file));
    }
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
    return file == null ? Image.read(System.in) : Image.read(file);
  }
}
