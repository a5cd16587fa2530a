package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Ctrl-C or a supervisor's SIGTERM does. */
class StoppedTrainerTest {
  /** 128 and the number of SIGTERM. */
  private static final int TERMINATED = 143;

  @TempDir private Path directory;

  /**
   * Ends once PyTorch computes: without waiting for it, one dry run of six died of a segmentation
   * fault.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStoppedRunEndsInOrder(boolean dry) throws Exception {
    Path run = directory.resolve("run");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:ErrorFile=" + directory.resolve("crash.log"),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--out",
                run.toString(),
                "--steps",
                "1000000",
                "--checkpoint-every",
                "1",
                "--batch",
                "8"));
    if (dry) {
      command.add("--dry-run");
    }
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(directory.resolve("out").toFile())
            .start();
    StringBuilder err = new StringBuilder();
    try (BufferedReader lines = process.errorReader()) {
      boolean stopped = false;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        err.append(line).append('\n');
        if (!stopped && line.matches("Step 1 of .*|train .*")) {
          stopped = true;
          process.toHandle().destroy(); // The process would close the stream that is read here.
        }
      }
    }
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the process did not end");
    assertEquals(TERMINATED, process.exitValue(), err.toString());
    assertFalse(Files.exists(directory.resolve("crash.log")), err.toString());
    if (dry) {
      String out = Files.readString(directory.resolve("out"));
      assertTrue(out.contains("Dry run of 1,000,000 steps of 8 pairs"), out);
      assertFalse(err.toString().contains("Step 7 of 7"), err.toString());
      assertFalse(Files.exists(run));
    } else {
      assertTrue(CheckpointMetadata.step(run.resolve(TrainingRun.CHECKPOINT)) < 1000);
    }
  }

  @Test
  void aSignalThatIsClosedLeavesNoHook() {
    StopSignal signal = StopSignal.install();
    assertFalse(signal.requested());
    signal.close();
    signal.close();
  }
}
