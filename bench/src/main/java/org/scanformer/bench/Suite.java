package org.scanformer.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * ScanFormer and its peers on this machine's CPU, side by side: measures the machine's peaks, then
 * runs a set of benchmarks in rounds, in which compared benchmarks follow each other, and writes
 * the {@link Report}.
 */
@Command(
    name = "suite",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares ScanFormer with its peers on this machine's CPU.")
public final class Suite implements Callable<Integer> {
  /** The sets of benchmarks. */
  enum Set {
    /** A trial of the suite with the tiny model; its figures mean nothing. */
    TRIAL,
    /** The figures in the README's table. */
    SHORT,
    /** Every combination: many hours. */
    FULL
  }

  @Option(
      names = "--set",
      defaultValue = "SHORT",
      description = "${COMPLETION-CANDIDATES}: a trial, minutes, hours. Default: ${DEFAULT-VALUE}.")
  private Set set;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "Directory for the results: conditions, peaks, JMH's JSON, the table and the plot.")
  private Path out;

  @Option(
      names = "--rounds",
      defaultValue = "1",
      description = "Number of rounds. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--iterations",
      defaultValue = "3",
      description = "Measurements per benchmark and round. Default: ${DEFAULT-VALUE}.")
  private int iterations;

  @Option(
      names = "--seconds",
      defaultValue = "2",
      description = "Length of a measurement. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  private final ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Suite() {}

  /** Runs the command. */
  public static void main(String[] arguments) {
    CommandLine command = new CommandLine(new Suite());
    command.setCaseInsensitiveEnumValuesAllowed(true);
    System.exit(command.execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    Files.createDirectories(out);
    json.writeValue(out.resolve("conditions.json").toFile(), Conditions.now());
    System.out.println("Measuring the machine's peaks");
    json.writeValue(out.resolve("peaks.json").toFile(), Peaks.measure());
    List<SuiteCase> cases = SuiteCase.of(set);
    Path work = Files.createTempDirectory("scanformer-bench");
    Path launcher = launcher(work);
    int failed = 0;
    long start = System.nanoTime();
    try {
      for (int round = 1; round <= rounds; round++) {
        List<RunResult> results = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
          System.out.printf(
              Locale.ROOT,
              "[%s] round %d of %d, %d of %d: %s%n",
              elapsed(start),
              round,
              rounds,
              i + 1,
              cases.size(),
              cases.get(i));
          try {
            results.addAll(new Runner(cases.get(i).options(options(work, launcher))).run());
          } catch (RunnerException e) {
            failed++;
            System.err.println("failed: " + cases.get(i) + ": " + e.getMessage());
          }
          // After each, so that nothing is lost when the run is stopped.
          write(results, out.resolve("jmh-" + round + ".json"));
        }
      }
    } finally {
      Models.delete(work);
    }
    Report.write(out);
    System.out.println("[" + elapsed(start) + "] " + out.resolve(Report.TABLE));
    return failed == 0 ? 0 : 1;
  }

  private static String elapsed(long start) {
    Duration past = Duration.ofNanos(System.nanoTime() - start);
    return String.format(
        Locale.ROOT, "%d:%02d:%02d", past.toHours(), past.toMinutesPart(), past.toSecondsPart());
  }

  /**
   * Starts Java with the environment variables that peers read when they are loaded: PyTorch's
   * OpenBLAS does not know newer CPUs and takes its kernels for AVX2, and ONNX Runtime reports its
   * use.
   */
  private static Path launcher(Path directory) throws IOException {
    boolean avx512 = Conditions.cpuHas("avx512bw");
    Path file = directory.resolve("java");
    Files.writeString(
        file,
        "#!/bin/sh\nexport ORT_DISABLE_TELEMETRY=1\n"
            + (avx512 ? "export OPENBLAS_CORETYPE=SKYLAKEX\n" : "")
            + "exec '"
            + Path.of(System.getProperty("java.home"), "bin", "java")
            + "' \"$@\"\n");
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
    return file;
  }

  private ChainedOptionsBuilder options(Path models, Path launcher) {
    TimeValue time = TimeValue.milliseconds(Math.max(1, Math.round(1000 * seconds)));
    return new OptionsBuilder()
        .jvm(launcher.toString())
        .jvmArgsPrepend("-D" + Models.HOME + "=" + models)
        .warmupIterations(1)
        .warmupTime(time)
        .measurementIterations(iterations)
        .measurementTime(time)
        .forks(1)
        .addProfiler(GCProfiler.class)
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT);
  }

  /** JMH's JSON without this run's paths. */
  private void write(List<RunResult> results, Path file) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream stream = new PrintStream(bytes, false, StandardCharsets.UTF_8)) {
      ResultFormatFactory.getInstance(ResultFormatType.JSON, stream).writeOut(results);
    }
    JsonNode runs = json.readTree(bytes.toByteArray());
    for (JsonNode run : runs) {
      ((ObjectNode) run).remove(List.of("jvm", "jvmArgs"));
    }
    json.writeValue(file.toFile(), runs);
  }
}
