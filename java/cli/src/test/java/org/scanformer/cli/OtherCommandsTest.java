package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Models;

/** {@code inspect}, {@code devices}, {@code completion}, help, version and wrong usage. */
class OtherCommandsTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"", "locate", "inspect", "devices", "completion"})
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
  void helpShowsWhatTheOptionShows() {
    assertEquals(run("--help").out(), run("help").out());
    assertEquals(run("locate", "--help").out(), run("help", "locate").out());
    assertEquals(2, run("help", "teleport").code());
  }

  @Test
  void wrongUsageIsToldInTwoLines() {
    assertUsage(
        run(), "A command is missing: locate, video", "'scanformer --help' shows the usage.");
    assertUsage(run("lokate"), "Unmatched argument", "'scanformer --help' shows the usage.");
    assertTrue(
        run("lokate").err().contains("Did you mean: scanformer locate"), run("lokate").err());
    assertUsage(run("eval"), "--data", "'scanformer eval --help' shows the usage.");
    assertUsage(run("inspect", "--max-batch"), "--max-batch", "'scanformer inspect --help' shows");
  }

  /** Values that the library refuses are wrong usage too. */
  @Test
  void optionsOutOfRangeAreWrongUsage() throws IOException {
    String image = CommandLineRun.IMAGE;
    String ofLocate = "'scanformer locate --help' shows the usage.";
    String ofInspect = "'scanformer inspect --help' shows the usage.";
    String ofEval = "'scanformer eval --help' shows the usage.";
    assertUsage(run("locate", "--threads", "-1", image, "red"), "found -1", ofLocate);
    assertUsage(run("locate", "--threshold", "1.5", image, "red"), "found 1.5", ofLocate);
    assertUsage(run("inspect", "--max-batch", "100000"), "1 to 4096, found 100000", ofInspect);
    assertUsage(
        run("shapes", "--out", directory.toString(), "--count", "-1"),
        "--count must be at least 0, found -1",
        "'scanformer shapes --help' shows the usage.");
    String[] shapes = {"eval", "--data", "shapes", "--count", "1"};
    String device = "--device is for CUDA devices, found --backend cpu";
    assertUsage(run("inspect", "--backend", "cpu", "--device", "0"), device, ofInspect);
    assertUsage(run(with(shapes, "--threshold", "0")), "found 0.0", ofEval);
    Path file = Files.writeString(directory.resolve("a file"), "");
    assertUsage(run(with(shapes, "--plots", file.toString())), "found the file " + file, ofEval);
  }

  private static String[] with(String[] command, String... more) {
    return Stream.of(command, more).flatMap(Stream::of).toArray(String[]::new);
  }

  private static void assertUsage(CommandLineRun run, String words, String hint) {
    assertEquals(2, run.code());
    List<String> lines = run.err().lines().toList();
    assertTrue(lines.get(0).startsWith("scanformer: ") && lines.get(0).contains(words), run.err());
    assertTrue(lines.get(lines.size() - 1).startsWith(hint), run.err());
    assertTrue(lines.size() <= 3, run.err());
    assertEquals("", run.out());
  }

  @Test
  void theCompletionScriptIsOneOfBash() throws Exception {
    CommandLineRun run = run("completion");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("complete -F _complete_scanformer"), run.out());
    assertTrue(run.out().contains("--max-patches"), "options of commands are completed");
    assertTrue(run.out().contains("\"photos\" \"shapes\""), "bundled models are completed");
    Path script = Files.writeString(directory.resolve("completion"), run.out());
    Process bash =
        new ProcessBuilder("bash", "-c", "source " + script + " && complete -p scanformer")
            .redirectErrorStream(true)
            .start();
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, bash.waitFor(), said);
  }

  @Test
  void inspectTakesTheBundledModelByDefault() throws Exception {
    CommandLineRun run = run("inspect", "--json", "--backend", "cpu");
    assertEquals(0, run.code(), run.err());
    JsonNode bundled = new ObjectMapper().readTree(run.out());
    assertEquals(
        parameters(Models.SHAPES.open("model.safetensors")), bundled.get("parameters").asLong());
  }

  /** By the size of the weights: four bytes each, behind a header and the 8 bytes of its length. */
  private static long parameters(InputStream weights) throws IOException {
    try (weights) {
      ByteBuffer all = ByteBuffer.wrap(weights.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      return (all.limit() - Long.BYTES - all.getLong()) / Float.BYTES;
    }
  }

  private static long parametersOfExample() throws IOException {
    return parameters(Files.newInputStream(Path.of(MODEL, "model.safetensors")));
  }

  @Test
  void inspectAsTextAndAsJson() throws Exception {
    CommandLineRun text = run("inspect", MODEL);
    assertEquals(0, text.code(), text.err());
    // The model's card: hidden size 128, grids of 3, 6 and 12 patches.
    String parameters = String.format(Locale.ROOT, "Parameters: %,d", parametersOfExample());
    assertTrue(text.out().contains(parameters), text.out());
    assertTrue(text.out().contains("12 x 12"), text.out());
    CommandLineRun run = run("inspect", MODEL, "--json", "--max-batch", "1");
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertEquals(128, json.at("/config/hidden_size").asInt());
    assertEquals(parametersOfExample(), json.get("parameters").asLong());
    long sum = 0;
    for (JsonNode part : json.get("memory")) {
      sum += part.asLong();
    }
    assertEquals(json.get("memory_bytes").asLong(), sum);
    assertEquals(3, json.get("scales").size());
    assertEquals(1, run("inspect", "nowhere").code());
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
