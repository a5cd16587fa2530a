package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

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

  private CacheDirectory() {}

  /**
   * The directory. Where the property names none and the home's cannot be used, a temporary one,
   * which is deleted when the process exits.
   *
   * @throws IOException naming the directory, when the one that the property names is not private
   *     or cannot be written to
   */
  public static synchronized Path get() throws IOException {
    String configured = System.getProperty(PROPERTY, "");
    if (chosen == null || !configured.equals(chosenFor)) {
      chosen = configured.isEmpty() ? byDefault() : configured(PROPERTY, configured);
      chosenFor = configured;
    }
    return chosen;
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
          "The directory " + directory + ", which the property " + property + " names: " + e, e);
    }
  }

  private static Path byDefault() throws IOException {
    try {
      Path home = Path.of(System.getProperty("user.home", ""));
      if (home.isAbsolute()) {
        return PrivateDirectory.create(home.resolve(".cache").resolve("scanformer"));
      }
    } catch (IOException | InvalidPathException e) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "Libraries and models are unpacked to a temporary directory, as the one in the user's"
              + " home cannot be used",
          e);
    }
    return PrivateDirectory.createTemporary();
  }
}
