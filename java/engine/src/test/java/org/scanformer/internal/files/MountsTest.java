package org.scanformer.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MountsTest {
  private static final List<String> TABLE =
      List.of(
          "/dev/sda / ext4 rw,relatime 0 0",
          "proc /proc proc rw,nosuid,nodev,noexec 0 0",
          "tmpfs /tmp tmpfs rw,noexec 0 0",
          "tmpfs /tmp/exec tmpfs rw 0 0",
          "tmpfs /mnt tmpfs rw 0 0",
          "tmpfs /mnt tmpfs rw,noexec 0 0",
          "tmpfs /a\\040blank\\134 tmpfs noexec 0 0",
          "a line of another form");

  @ParameterizedTest
  @CsvSource({
    "/, false",
    "/home/user, false",
    "/tmp, true",
    "/tmp/a/b, true",
    "/tmpfile, false",
    "/tmp/exec/a, false",
    "/mnt/a, true",
    "'/a blank\\/b', true",
  })
  void theInnermostAndLatestMountCounts(String path, boolean noexec) {
    assertEquals(noexec, Mounts.isNoexec(Path.of(path), TABLE));
  }

  @Test
  void aPathThatIsYetToBeMadeCountsAsItsParent() throws Exception {
    assertFalse(Mounts.isNoexec(Path.of("/no such directory/below")));
  }
}
