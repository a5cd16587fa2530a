package org.scanformer.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.scanformer.Box;
import org.scanformer.Image;

/**
 * An image in a file.
 *
 * @param path the file
 * @param width as the dataset says
 * @param height as the dataset says
 * @param objects as the dataset says
 */
record ImageFile(Path path, int width, int height, List<ImageObject> objects)
    implements ImageSource {
  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public Image read() {
    return Image.read(path);
  }

  /** The directories to search: each of these and its direct children. */
  static List<Path> withSubdirectories(Path... directories) {
    List<Path> all = new ArrayList<>();
    for (Path directory : directories) {
      if (directory != null && Files.isDirectory(directory)) {
        all.add(directory);
        try (Stream<Path> children = Files.list(directory)) {
          children.filter(Files::isDirectory).sorted().forEach(all::add);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return all;
  }

  /** The first file with one of the names in one of the directories, or null. */
  static Path find(List<Path> directories, String... names) {
    for (String name : names) {
      for (Path directory : directories) {
        Path file = name == null ? null : directory.resolve(name).normalize();
        // A name must not lead out of its directory.
        if (file != null && file.startsWith(directory) && Files.isRegularFile(file)) {
          return file;
        }
      }
    }
    return null;
  }

  /** The part of a box within an image, or null if there is none. */
  static Box clip(double x, double y, double w, double h, int width, int height) {
    double left = Math.max(0, x);
    double top = Math.max(0, y);
    double right = Math.min(width, x + w);
    double bottom = Math.min(height, y + h);
    // Written so that a NaN is refused.
    return right > left && bottom > top ? new Box(left, top, right - left, bottom - top) : null;
  }
}
