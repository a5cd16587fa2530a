package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code inspect}, {@code devices}, help and version. */
class OtherCommandsTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "locate", "inspect", "devices"})
  void everyCommandHasHelpAndVersion(String command) {
    String[] help = (command + " --help").strip().split(" ");
    CommandLineRun run = run(help);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Usage: scanformer"), run.out());
    String[] version = (command + " --version").strip().split(" ");
    run = run(version);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().matches("(?s)scanformer \\d+\\.\\d+.*Java .*"), run.out());
  }

  @Test
  void withoutACommandTheUsageIsPrinted() {
    CommandLineRun run = run();
    assertEquals(2, run.code());
    assertTrue(
        run.err().contains("A command is missing: locate, eval, shapes, inspect or devices"),
        run.err());
    assertEquals(2, run("teleport").code());
  }

  @Test
  void inspectAsTextAndAsJson() throws Exception {
    CommandLineRun text = run("inspect", MODEL);
    assertEquals(0, text.code(), text.err());
    // The model's card: 1.37 M parameters, hidden size 128, grids of 3, 6 and 12 patches.
    assertTrue(text.out().contains("Parameters: 1,36") || text.out().contains("Parameters: 1,37"));
    assertTrue(text.out().contains("12 x 12"), text.out());
    CommandLineRun run = run("inspect", MODEL, "--json", "--max-batch", "1");
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertEquals(128, json.at("/config/hidden_size").asInt());
    assertEquals(1.37e6, json.get("parameters").asDouble(), 0.005e6);
    long sum = 0;
    for (JsonNode part : json.get("memory")) {
      sum += part.asLong();
    }
    assertEquals(json.get("memory_bytes").asLong(), sum);
    assertEquals(3, json.get("scales").size());
    assertEquals(1, run("inspect", "nowhere").code());
    assertEquals(2, run("inspect").code());
  }

  @Test
  void devicesNamesEachBackendWithAReason() {
    CommandLineRun run = run("devices");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("cpu 0: usable"), run.out());
    assertTrue(run.out().matches("(?s).*isa=(x86-64|armv8-a).*"), run.out());
    assertTrue(run.out().contains("cuda 0: not usable"), run.out());
  }
}
