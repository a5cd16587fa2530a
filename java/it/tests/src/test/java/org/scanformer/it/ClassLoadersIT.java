package org.scanformer.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library in class loaders that come and go, as in an application server. */
class ClassLoadersIT {
  @TempDir private Path directory;

  @Test
  void workSideBySideAndOneAfterTheOtherAndAreCollected() throws Exception {
    List<String> command =
        new ArrayList<>(List.of(Applications.java(), "-Djava.awt.headless=true"));
    command.addAll(Applications.nativeAccess("ALL-UNNAMED"));
    command.addAll(
        List.of(
            "-Dorg.scanformer.cache=" + directory.resolve("cache"),
            "-cp",
            Path.of("target", "test-classes").toAbsolutePath().toString(),
            ClassLoaderHost.class.getName(),
            Applications.path(),
            Applications.scene(),
            Applications.picture("lossy.webp")));
    String output = Applications.run(command);
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < ClassLoaderHost.LOADERS; i++) {
      expected.append("loader ").append(i).append(": 2 images, collected\n");
    }
    assertEquals(expected.append("side by side: 4 images, collected\n").toString(), output);
  }
}
