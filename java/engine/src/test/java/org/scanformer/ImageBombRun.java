package org.scanformer;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Reads the image files of a folder, in a process whose memory is limited. */
final class ImageBombRun {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RESET = Path.of("/proc/self/clear_refs");

  /** What is written there to have the kernel forget the peak. */
  private static final String PEAK = "5";

  private ImageBombRun() {}

  /**
   * Prints a line for each file: its name, milliseconds of processor time of the thread that reads
   * it and of the whole process, the megabytes that the process has had at most meanwhile, and what
   * came of it.
   */
  public static void main(String[] folder) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.list(Path.of(folder[0]))) {
      files = found.sorted().toList();
    }
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    OperatingSystemMXBean process =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    for (Path file : files) {
      System.gc();
      Files.writeString(RESET, PEAK);
      long processStart = process.getProcessCpuTime();
      long start = threads.getCurrentThreadCpuTime();
      String outcome;
      try {
        outcome = "read " + Image.read(file);
      } catch (ScanFormerException e) {
        outcome = e.code() + " " + e.getMessage();
      }
      long millis = (threads.getCurrentThreadCpuTime() - start) / 1_000_000;
      long processMillis = (process.getProcessCpuTime() - processStart) / 1_000_000;
      System.out.printf(
          "%s %d %d %d %s%n", file.getFileName(), millis, processMillis, peakMegabytes(), outcome);
    }
  }

  /** Of all memory, that of native code among it. */
  private static long peakMegabytes() throws IOException {
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10;
      }
    }
    throw new IOException("no VmHWM in " + STATUS);
  }
}
