package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What files of at most 5 MB cost at most under the default limits, whatever they hold: 3 seconds
 * of processor time, and 512 MB of memory for the whole process.
 */
class ImageBombTest {
  /** Set to true, the test also reads bombs that differ little from others; it takes a minute. */
  private static final String ALL = "scanformer.allBombs";

  private static final int MAX_MILLIS = 3000;
  private static final int MAX_MEGABYTES = 512;

  /**
   * The JPEG decoder's memory is not the heap's: only the process tells it. The collector is one
   * that gives memory back between files and lets little garbage gather, as the garbage that a heap
   * has room for is not what a file needs. Time is that of the thread: beside it, the JVM compiles,
   * once for a process, and this collector, for its little room, collects where others would not.
   */
  @Test
  void costsLittle(@TempDir Path folder) throws Exception {
    Map<String, byte[]> bombs = new LinkedHashMap<>(ImageBombs.all());
    JpegBombs.all().forEach((name, bomb) -> bombs.put("jpeg-memory-" + name, bomb));
    WebpBombs.all().forEach((name, bomb) -> bombs.put("webp-head-" + name, bomb));
    boolean all = Boolean.getBoolean(ALL);
    (all ? PngBombs.all() : PngBombs.most())
        .forEach((name, bomb) -> bombs.put("png-layout-" + name, bomb));
    (all ? TiffBombs.all() : TiffBombs.most())
        .forEach((name, bomb) -> bombs.put("tiff-layout-" + name, bomb));
    for (Map.Entry<String, byte[]> bomb : bombs.entrySet()) {
      assertTrue(bomb.getValue().length <= ImageLimits.FULL_TIME_BYTES, bomb.getKey());
      Files.write(folder.resolve(bomb.getKey()), bomb.getValue());
    }
    List<String> lines =
        run(
            folder,
            "-XX:+UseSerialGC",
            "-Xms32m",
            "-Xmn16m",
            "-XX:MinHeapFreeRatio=5",
            "-XX:MaxHeapFreeRatio=10",
            "-XX:-ShrinkHeapInSteps");
    assertEquals(bombs.size(), lines.size(), () -> String.join("\n", lines));
    for (String line : lines) {
      String[] parts = line.split(" ", 6);
      assertTrue(parts[4].equals("read") || parts[4].equals("BAD_INPUT"), line);
      assertTrue(Long.parseLong(parts[1]) <= MAX_MILLIS, line);
      assertTrue(Long.parseLong(parts[3]) <= MAX_MEGABYTES, line);
    }
  }

  private static List<String> run(Path folder, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-Xmx512m",
            "-Djava.awt.headless=true",
            "-cp",
            System.getProperty("java.class.path"),
            ImageBombRun.class.getName(),
            folder.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
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
