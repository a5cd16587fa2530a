package org.scanformer.internal.cuda;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.scanformer.Precision;

/**
 * The choices that a device was timed for in a precision, shared by all sessions of the process: a
 * shape is timed once, and computed in the same way by all of them. Thread-safe.
 */
final class MatmulChoices {
  private static final Map<Key, MatmulChoices> OF_PROCESS = new HashMap<>();

  private final MatmulChoiceFile file;
  private final Map<String, List<MatmulChoice>> choices = new HashMap<>();

  private record Key(Path path, String device, Precision precision) {}

  /**
   * Choices of their own.
   *
   * @param file what they begin with and are added to, or null
   */
  MatmulChoices(MatmulChoiceFile file) {
    this.file = file;
    if (file != null) {
      file.read(this::add);
    }
  }

  /**
   * The process's choices, which begin with those of the file when they are first asked for.
   *
   * @param path the file, or null
   * @param device the device's name and cuBLAS's version
   * @param precision of the products: their shapes alone do not tell fp32 from TensorFloat-32
   * @throws org.scanformer.ScanFormerException BAD_INPUT for a file that cannot be read or is of
   *     another kind
   */
  static MatmulChoices ofProcess(Path path, String device, Precision precision) {
    Key key = new Key(path, device, precision);
    synchronized (OF_PROCESS) {
      MatmulChoices choices = OF_PROCESS.get(key);
      if (choices == null) {
        choices =
            new MatmulChoices(path == null ? null : new MatmulChoiceFile(path, device, precision));
        OF_PROCESS.put(key, choices);
      }
      return choices;
    }
  }

  private void add(String shape, MatmulChoice choice) {
    choices.computeIfAbsent(shape, s -> new ArrayList<>()).add(choice);
  }

  /** The first usable choice for a shape, or null. */
  synchronized MatmulChoice get(String shape, Predicate<MatmulChoice> usable) {
    return choices.getOrDefault(shape, List.of()).stream().filter(usable).findFirst().orElse(null);
  }

  /**
   * Keeps a choice for a shape, unless there is a usable one by now.
   *
   * @return the shape's choice: of sessions that time it at once, that of the first to finish
   */
  synchronized MatmulChoice keep(
      String shape, MatmulChoice choice, Predicate<MatmulChoice> usable) {
    MatmulChoice first = get(shape, usable);
    if (first != null) {
      return first;
    }
    add(shape, choice);
    if (file != null) {
      file.append(shape, choice);
    }
    return choice;
  }
}
