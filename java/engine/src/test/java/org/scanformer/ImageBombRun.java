package org.scanformer;

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
   * Prints a line for each file: its name, milliseconds of processor time, the megabytes that the
   * whole process has had at most while it was read, and what came of it.
   */
  public static void main(String[] folder) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.list(Path.of(folder[0]))) {
      files = found.sorted().toList();
    }
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    for (Path file : files) {
      System.gc();
      Files.writeString(RESET, PEAK);
      long start = threads.getCurrentThreadCpuTime();
      String outcome;
      try {
        outcome = "read " + Image.read(file);
      } catch (ScanFormerException e) {
        outcome = e.code() + " " + e.getMessage();
      }
      long millis = (threads.getCurrentThreadCpuTime() - start) / 1_000_000;
      System.out.println(file.getFileName() + " " + millis + " " + peakMegabytes() + " " + outcome);
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
