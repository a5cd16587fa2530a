package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The place of everything that is unpacked from jars: native libraries and bundled models.
 * Thread-safe.
 */
public final class CacheDirectory {
  /** Names the place; by default it is .cache/scanformer in the user's home. */
  public static final String PROPERTY = "org.scanformer.cache";

  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private static Path chosen;
  private static String chosenFor;
  private static Path temporary;

  private CacheDirectory() {}

  /**
   * The directory for files that are read. Where the property names none and the home's cannot be
   * used, a temporary one, which is deleted when the process exits.
   *
   * @throws IOException naming the directories tried and what is wrong with each
   */
  public static synchronized Path get() throws IOException {
    String configured = System.getProperty(PROPERTY, "");
    if (chosen == null || !configured.equals(chosenFor)) {
      chosen =
          configured.isEmpty() ? byDefault(false, List.of()) : configured(PROPERTY, configured);
      chosenFor = configured;
    }
    return chosen;
  }

  /**
   * The same for libraries, which cannot be loaded from a file system that is mounted noexec.
   *
   * @param tried what the message lists before the directories tried here
   * @throws IOException naming the directories tried and what is wrong with each
   */
  static synchronized Path forLibraries(List<String> tried) throws IOException {
    String configured = System.getProperty(PROPERTY, "");
    return configured.isEmpty()
        ? byDefault(true, tried)
        : requireExecutable(configured(PROPERTY, configured), PROPERTY);
  }

  /** Whether a directory is the one that is deleted when the process exits. */
  static synchronized boolean isTemporary(Path directory) {
    return directory.equals(temporary);
  }

  /** A directory that a property names, made where it is missing. */
  static Path configured(String property, String directory) throws IOException {
    try {
      return PrivateDirectory.create(Path.of(directory));
    } catch (UnsafeDirectoryException e) {
      throw new UnsafeDirectoryException(
          e.getMessage() + ". The property " + property + " names it");
    } catch (IOException | InvalidPathException e) {
      throw new IOException(
          "The directory "
              + directory
              + ", which the property "
              + property
              + " names, cannot be used: "
              + SystemMessages.of(e),
          e);
    }
  }

  /** The directory, unless it is on a file system that nothing is loaded from. */
  static Path requireExecutable(Path directory, String property) throws IOException {
    if (Mounts.isNoexec(directory)) {
      throw new IOException(
          "The directory "
              + directory
              + ", which the property "
              + property
              + " names, is on a file system that is mounted noexec");
    }
    return directory;
  }

  private static Path byDefault(boolean forLibraries, List<String> triedBefore) throws IOException {
    List<String> tried = new ArrayList<>(triedBefore);
    String home = System.getProperty("user.home", "");
    try {
      Path directory = Path.of(home, ".cache", "scanformer");
      if (!directory.isAbsolute()) {
        tried.add(home + " as the user's home: found no absolute path");
      } else if (forLibraries && Mounts.isNoexec(directory)) {
        tried.add(directory + ": its file system is mounted noexec");
      } else {
        return PrivateDirectory.create(directory);
      }
    } catch (IOException | InvalidPathException e) {
      tried.add(home + "/.cache/scanformer: " + SystemMessages.of(e));
    }
    LOG.log(
        System.Logger.Level.DEBUG,
        () -> "Unpacking to a temporary directory. Tried first: " + tried);
    String parent = System.getProperty("java.io.tmpdir", "");
    try {
      if (!forLibraries || !Mounts.isNoexec(Path.of(parent))) {
        if (temporary == null) {
          temporary = PrivateDirectory.createTemporary();
        }
        return temporary;
      }
      tried.add(parent + ": its file system is mounted noexec");
    } catch (IOException | InvalidPathException e) {
      tried.add("a new directory in " + parent + ": " + SystemMessages.of(e));
    }
    throw new IOException("no directory can be used; tried " + String.join("; ", tried));
  }
}
