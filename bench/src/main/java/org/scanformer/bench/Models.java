package org.scanformer.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.scanformer.model.shapes.ShapesModel;
import org.scanformer.reference.RandomModel;

/**
 * The models that are measured, by name: {@code vilt-b32} (ViLT-B/32's geometry), {@code vilt-s}
 * (hidden 384, 6 heads) and {@code tiny} with random weights, and {@code shapes}, the bundled one.
 * They are written on first use, to the directory that the system property {@value #HOME} names or
 * to a temporary one that is deleted with the process. Not safe for use by several threads.
 */
final class Models {
  /** System property: a directory to share them between processes. */
  static final String HOME = "scanformer.bench.models";

  static final List<String> NAMES = List.of("vilt-b32", "vilt-s", "shapes", "tiny");

  private static final List<String> FILES =
      List.of("config.json", "tokenizer.json", "model.safetensors");

  private static Path home;

  private Models() {}

  /** The directory of a model. */
  static Path directory(String name) {
    if (!NAMES.contains(name)) {
      throw new IllegalArgumentException("Unknown model " + name + ", expected one of " + NAMES);
    }
    try {
      Path directory = home().resolve(name);
      if (!Files.exists(directory)) {
        // Under another name until complete: an interrupted run must not leave half a model.
        Path begun = Files.createTempDirectory(home(), name);
        write(name, begun);
        Files.move(begun, directory);
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The directory of one of these models, or the named directory itself. */
  static Path directoryOf(String nameOrDirectory) {
    return NAMES.contains(nameOrDirectory) ? directory(nameOrDirectory) : Path.of(nameOrDirectory);
  }

  /** An expression for a model: of 20 tokens, or one that the model of drawn shapes knows. */
  static String text(String name) {
    return name.equals("shapes")
        ? "the red triangle on the right of the yellow star"
        : "the ".repeat(18);
  }

  private static Path home() throws IOException {
    if (home == null) {
      String given = System.getProperty(HOME);
      if (given != null) {
        home = Path.of(given);
      } else {
        Path own = Files.createTempDirectory("scanformer-bench");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(own)));
        home = own;
      }
    }
    return home;
  }

  private static void write(String name, Path directory) throws IOException {
    switch (name) {
      case "vilt-b32" -> RandomModel.viltB32().seed(1).write(directory);
      case "vilt-s" ->
          RandomModel.viltB32()
              .seed(1)
              .hiddenSize(384)
              .heads(6)
              .intermediateSize(1536)
              .write(directory);
      case "tiny" -> RandomModel.tiny().seed(1).write(directory);
      default -> {
        for (String file : FILES) {
          try (InputStream in = new ShapesModel().open(file)) {
            Files.copy(in, directory.resolve(file));
          }
        }
      }
    }
  }

  /** Deletes a directory with its contents. */
  static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
