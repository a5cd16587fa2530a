package org.scanformer.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * The conditions of a measurement.
 *
 * @param date UTC
 * @param commit of the project, followed by "+" if files were changed; "unknown" outside a checkout
 * @param cpu the processor's name
 * @param processors that the process may use
 * @param system operating system with its version
 * @param java the virtual machine with its version
 * @param versions of the libraries, by name
 */
public record Conditions(
    String date,
    String commit,
    String cpu,
    int processors,
    String system,
    String java,
    Map<String, String> versions) {

  /** The current conditions. */
  static Conditions now() throws IOException, InterruptedException {
    Properties libraries = new Properties();
    try (InputStream in = Conditions.class.getResourceAsStream("versions.properties")) {
      libraries.load(in);
    }
    Map<String, String> versions = new TreeMap<>();
    libraries.stringPropertyNames().forEach(n -> versions.put(n, libraries.getProperty(n)));
    return new Conditions(
        Instant.now().truncatedTo(ChronoUnit.MINUTES).toString(),
        readCommit(),
        readCpu(),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
        versions);
  }

  /** Whether the processor's flags name an instruction set; false if they cannot be read. */
  static boolean cpuHas(String flag) throws IOException {
    return List.of(processor().getOrDefault("flags", "").split(" ")).contains(flag);
  }

  private static String readCpu() throws IOException {
    Map<String, String> first = processor();
    if (first.isEmpty()) {
      return System.getProperty("os.arch");
    }
    return first.get("model name")
        + ", family "
        + first.get("cpu family")
        + ", model "
        + first.get("model")
        + ", "
        + first.get("cache size");
  }

  /** The system's description of its first processor; empty if there is none. */
  private static Map<String, String> processor() throws IOException {
    Path file = Path.of("/proc/cpuinfo");
    Map<String, String> first = new TreeMap<>();
    if (Files.isReadable(file)) {
      for (String line : Files.readAllLines(file)) {
        String[] field = line.split("\\s*:\\s*", 2);
        if (field.length == 2) {
          first.putIfAbsent(field[0], field[1]);
        }
      }
    }
    return first;
  }

  private static String readCommit() throws InterruptedException {
    try {
      String commit = git("rev-parse", "--short", "HEAD");
      return commit + (git("status", "--porcelain").isEmpty() ? "" : "+");
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static String git(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "git";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed");
    }
    return output;
  }
}
