package org.scanformer.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The programs for a machine with a GPU, tried with the emulated device. Where there is no Python,
 * or the kernels were not built here, this is skipped.
 */
class ProveTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Path KERNELS = ROOT.resolve("kernels/target/cmake");

  @TempDir Path folder;

  /** What a program printed, and what it came to. */
  private record Result(int status, String output) {}

  private Result run(List<String> command) throws IOException, InterruptedException {
    Path log = Files.createTempFile(folder, "run", ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(ROOT.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    process.getOutputStream().close();
    int status = process.waitFor();
    return new Result(status, Files.readString(log));
  }

  private void assumePython() throws InterruptedException {
    try {
      assumeTrue(run(List.of("python3", "-c", "")).status() == 0, "python3 does not run");
    } catch (IOException e) {
      assumeTrue(false, "there is no python3");
    }
  }

  @Test
  void stepsHoldTheirLimitsAndGoOnAfterFailures() throws Exception {
    assumePython();
    Result result = run(List.of("python3", "-B", "-m", "unittest", "discover", "-s", "bench/gpu"));
    assertEquals(0, result.status(), result.output());
  }

  /** From the files that would be carried, in the time and with the tools that there would be. */
  @Test
  void provesTheEmulatedDeviceInARehearsal() throws Exception {
    assumePython();
    assumeTrue(Files.exists(KERNELS.resolve("emulated_device_test")), "no kernels were built");
    assumeTrue(Files.exists(ROOT.resolve(".git")), "which files are tracked is not known");
    List<String> command = new ArrayList<>();
    command.addAll(List.of("python3", "-B", "bench/gpu/rehearse", "prove"));
    command.addAll(List.of("--seeds", "1", "--only", "memory"));
    Result result = run(command);
    assertEquals(0, result.status(), result.output());
    for (String step : List.of("pinned memory 1", "device memory 1", "cuBLASLt", "kernel times")) {
      assertTrue(result.output().contains("== " + step + ": ok"), result.output());
    }
    assertTrue(result.output().contains("result prove.json"), result.output());
  }
}
