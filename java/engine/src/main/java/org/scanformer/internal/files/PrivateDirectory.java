package org.scanformer.internal.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Directories that only the process's user can change: its own with mode 0700, below directories
 * that nobody else can rename or replace. Thread-safe: no state.
 */
public final class PrivateDirectory {
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final int OTHERS = 077;
  private static final int OTHERS_WRITE = 022;
  private static final int STICKY = 01000;

  private PrivateDirectory() {}

  /**
   * Makes a directory where there is none, with mode 0700, and checks it.
   *
   * @return its real path, without symbolic links
   * @throws UnsafeDirectoryException when another user could change what is in it
   * @throws IOException when it cannot be made or written to
   */
  public static Path create(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory.toAbsolutePath(), OWNER_ONLY);
    }
    Path real = directory.toRealPath();
    requirePrivate(real);
    if (!Files.isWritable(real) || !Files.isExecutable(real)) {
      // Fails, and says why: no permission, or a file system that is read-only.
      Files.delete(Files.createTempFile(real, "probe-", null));
      throw new IOException("The directory " + real + " cannot be written to");
    }
    return real;
  }

  /**
   * Makes a directory of a name that nobody can guess, below the one for temporary files. It is
   * deleted when the process exits, with the files that {@link #deleteOnExit} was told of.
   *
   * @throws UnsafeDirectoryException when another user could change what is in it
   * @throws IOException when it cannot be made
   */
  public static Path createTemporary() throws IOException {
    Path parent = Path.of(System.getProperty("java.io.tmpdir"));
    Path directory = Files.createTempDirectory(parent, "scanformer-", OWNER_ONLY).toRealPath();
    directory.toFile().deleteOnExit();
    requirePrivate(directory);
    return directory;
  }

  /**
   * Has all that is in a directory deleted when the process exits, with the directory. The names
   * are all that is kept until then: a shutdown hook of ours would keep our class loader alive.
   */
  static void deleteOnExit(Path directory) {
    try (Stream<Path> all = Files.walk(directory)) {
      // In this order, as a directory comes before what is in it and is deleted after it.
      all.forEach(path -> path.toFile().deleteOnExit());
    } catch (IOException | UncheckedIOException e) {
      System.getLogger("org.scanformer")
          .log(System.Logger.Level.DEBUG, "Could not list " + directory, e);
    }
  }

  /**
   * Checks a directory; takes the right to read away from others where they could only read.
   *
   * @param real its path without symbolic links
   * @throws UnsafeDirectoryException naming it, what was found and what was expected
   */
  public static void requirePrivate(Path real) throws IOException {
    int user = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    Attributes own = Attributes.of(real);
    if (own.user == user && (own.mode & OTHERS) != 0 && (own.mode & OTHERS_WRITE) == 0) {
      // Nobody else could write to it so far: JavaCPP makes its own directory so.
      Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rwx------"));
      own = Attributes.of(real);
    }
    if (own.user != user || (own.mode & OTHERS) != 0) {
      throw new UnsafeDirectoryException(
          "The directory "
              + real
              + " belongs to the user "
              + own.user
              + " and has the mode "
              + Integer.toOctalString(own.mode & 07777)
              + ", expected the user "
              + user
              + ", who runs this process, and the mode 700, so that nobody else can put libraries"
              + " there");
    }
    // Whoever owns the root directory can do anything; within a container that may be no user 0.
    List<Integer> trusted = List.of(user, 0, Attributes.of(real.getRoot()).user);
    for (Path above = real.getParent(); above != null; above = above.getParent()) {
      Attributes found = Attributes.of(above);
      boolean replaceable = (found.mode & OTHERS_WRITE) != 0 && (found.mode & STICKY) == 0;
      if (replaceable || !trusted.contains(found.user)) {
        throw new UnsafeDirectoryException(
            "The directory "
                + real
                + " can be replaced by others: "
                + above
                + " belongs to the user "
                + found.user
                + " and has the mode "
                + Integer.toOctalString(found.mode & 07777)
                + ", expected the user "
                + user
                + " or root, and that only they can write to it");
      }
    }
  }

  /** Who owns a path, by number, and its mode. */
  private record Attributes(int user, int mode) {
    static Attributes of(Path path) throws IOException {
      Map<String, Object> found =
          Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
      return new Attributes((int) found.get("uid"), (int) found.get("mode"));
    }
  }
}
