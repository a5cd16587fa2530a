package org.scanformer.it;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user without rights, with file systems as in hardened containers: they are mounted in a
 * namespace of the process's own.
 */
class ConfinedIT {
  private static final String NOBODY = "65534";

  @TempDir private Path directory;

  @BeforeEach
  void makePlaces() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root changes the user");
    assumeTrue(
        succeeds("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", directory.toString()),
        "unshare and mount are not permitted here");
    assumeTrue(succeeds("setpriv", "--reuid", NOBODY, "true"), "setpriv is not permitted here");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.copy(Applications.jar("shaded"), directory.resolve("application.jar"));
    Files.copy(Path.of(Applications.scene()), directory.resolve("scene.png"));
    for (String name : List.of("home", "tmp", "cache")) {
      Files.createDirectory(directory.resolve(name));
    }
    Files.setAttribute(directory.resolve("cache"), "unix:uid", Integer.parseInt(NOBODY));
    Files.setPosixFilePermissions(
        directory.resolve("cache"), PosixFilePermissions.fromString("rwx------"));
  }

  private static boolean succeeds(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Runs as nobody, without fonts, where home and tmp are mounted with options. */
  private String run(String home, String tmp, String after, String... options) throws Exception {
    String script =
        String.format(
            "set -e; cd %s; mount -t tmpfs -o mode=0755,%s tmpfs home;"
                + " mount -t tmpfs -o mode=1777,%s tmpfs tmp;"
                + " for fonts in /etc/fonts /usr/share/fonts; do"
                + " if [ -d $fonts ]; then mount -t tmpfs tmpfs $fonts; fi; done;"
                + " setpriv --reuid %s --regid %s --clear-groups %s -Djava.awt.headless=true"
                + " -Duser.home=$PWD/home -Djava.io.tmpdir=$PWD/tmp %s -jar application.jar"
                + " scene.png; %s",
            directory,
            home,
            tmp,
            NOBODY,
            NOBODY,
            Applications.java(),
            String.join(" ", options),
            after);
    return Applications.run(List.of("unshare", "--mount", "sh", "-c", script));
  }

  @Test
  void whereNothingCanBeUnpackedAllThatWasTriedIsNamed() throws Exception {
    String output = run("ro", "noexec", "true");
    assertTrue(output.startsWith("UNSUPPORTED: The CPU backend is not usable"), output);
    assertTrue(output.contains(directory + "/home/.cache: Read-only file system"), output);
    assertTrue(output.contains(directory + "/tmp: its file system is mounted noexec"), output);
    assertTrue(output.contains("-Dorg.scanformer.cache=DIRECTORY"), output);
  }

  @Test
  void aDirectoryOfTheUsersOwnIsAllThatIsNeeded() throws Exception {
    String output =
        run("ro", "noexec", "true", "-Dorg.scanformer.cache=" + directory.resolve("cache"));
    Applications.assertFound("scene.png", "", output);
  }

  @Test
  void withoutAHomeTheTemporaryDirectoryIsUsedAndLeftEmpty() throws Exception {
    String output = run("ro", "rw", "ls -A tmp | grep scanformer || echo empty");
    Applications.assertFound("scene.png", "empty\n", output);
  }

  @Test
  void aHomeThatIsMountedNoexecIsPassedOver() throws Exception {
    String output = run("noexec,uid=" + NOBODY, "rw", "ls -A home");
    Applications.assertFound("scene.png", ".*", output);
  }

  @Test
  void aDirectoryThatIsChosenAndMountedNoexecIsRefusedByName() throws Exception {
    String output =
        run(
            "noexec,uid=" + NOBODY,
            "rw",
            "true",
            "-Dorg.scanformer.cache=" + directory.resolve("home/cache"));
    assertTrue(
        output.contains(
            "The directory "
                + directory.resolve("home/cache")
                + ", which the property org.scanformer.cache names, is on a file system that is"
                + " mounted noexec"),
        output);
  }
}
