package org.scanformer.trainer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A directory of temporary files, which are deleted when it is closed. */
final class ScratchDirectory implements AutoCloseable {
  private final Path path;

  private ScratchDirectory(Path path) {
    this.path = path;
  }

  /** A new one with copies of some files of a directory, as far as they are there. */
  static ScratchDirectory copyOf(Path directory, String... names) throws IOException {
    ScratchDirectory scratch = new ScratchDirectory(Files.createTempDirectory("scanformer-"));
    for (String name : names) {
      if (Files.isRegularFile(directory.resolve(name))) {
        Files.copy(directory.resolve(name), scratch.path.resolve(name));
      }
    }
    return scratch;
  }

  Path path() {
    return path;
  }

  /** Deletes its files and itself. */
  @Override
  public void close() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(path)) {
      files = all.toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
    Files.delete(path);
  }
}
