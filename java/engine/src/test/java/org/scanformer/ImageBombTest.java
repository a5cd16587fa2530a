package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What files of at most 5 MB cost at most under the default limits, whatever they hold: 3 seconds
 * of processor time, and the memory of a JVM of 512 MB.
 */
class ImageBombTest {
  private static final int MAX_MILLIS = 3000;

  @Test
  void costsLittle(@TempDir Path folder) throws Exception {
    Map<String, byte[]> bombs = ImageBombs.all();
    for (Map.Entry<String, byte[]> bomb : bombs.entrySet()) {
      assertTrue(bomb.getValue().length <= ImageLimits.FULL_TIME_BYTES, bomb.getKey());
      Files.write(folder.resolve(bomb.getKey()), bomb.getValue());
    }
    List<String> lines = run(folder);
    assertEquals(bombs.size(), lines.size(), () -> String.join("\n", lines));
    for (String line : lines) {
      String[] parts = line.split(" ", 4);
      assertTrue(parts[2].equals("read") || parts[2].equals("BAD_INPUT"), line);
      assertTrue(Long.parseLong(parts[1]) <= MAX_MILLIS, line);
    }
  }

  private static List<String> run(Path folder) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseG1GC",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                ImageBombRun.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(1, TimeUnit.MINUTES), "the process does not end");
      assertEquals(0, process.exitValue(), output);
      return output.lines().toList();
    } finally {
      process.destroyForcibly();
    }
  }
}
