package org.scanformer.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a report says of results that are known. */
class ReportTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;
  private final List<Object> results = new ArrayList<>();

  @BeforeEach
  void conditions() throws Exception {
    Conditions conditions =
        new Conditions("2026-01-02", "abc", "a CPU", 2, "an OS", "a JVM", Map.of("lib", "1.2"));
    JSON.writeValue(directory.resolve("conditions.json").toFile(), conditions);
    List<Peaks> peaks = List.of(new Peaks(1, 50, 100, 10, 20), new Peaks(2, 100, 200, 15, 30));
    JSON.writeValue(directory.resolve("peaks.json").toFile(), peaks);
  }

  /** Adds a call of so many milliseconds of a model with 4 GFLOP. */
  private void call(String by, String selection, String precision, double ms, double pyramid) {
    Map<String, String> parameters =
        new TreeMap<>(
            Map.of(
                "by", by,
                "model", "m",
                "batch", "1",
                "selection", selection,
                "schedule", "FINAL_ONLY",
                "precision", precision,
                "text", "cached",
                "threads", "2",
                "backend", "cpu"));
    results.add(
        Map.of(
            "benchmark",
            "org.scanformer.bench.LocateBenchmark.locate",
            "params",
            parameters,
            "primaryMetric",
            Map.of("score", 1000 / ms),
            "secondaryMetrics",
            Map.of(
                "gigaFlops", Map.of("score", 4 * 1000 / ms),
                "pyramid", Map.of("score", by.equals("scanformer") ? pyramid / ms : 0),
                "gc.alloc.rate.norm", Map.of("score", 123.0))));
  }

  private void endRound(int round) throws Exception {
    JSON.writeValue(directory.resolve("jmh-" + round + ".json").toFile(), results);
    results.clear();
  }

  private String report() throws Exception {
    Report.write(directory);
    return Files.readString(directory.resolve(Report.TABLE));
  }

  @Test
  void ratiosAreMediansOfThoseOfTheRounds() throws Exception {
    // 40 ms without the pyramid in the first round, 80 in the second: the machine was slower.
    call("scanformer", "100/100", "FP32", 50, 10);
    call("onnxruntime", "100/100", "FP32", 60, 0);
    endRound(1);
    call("scanformer", "100/100", "FP32", 100, 20);
    call("onnxruntime", "100/100", "FP32", 160, 0);
    endRound(2);
    String table = report();
    // Medians of 50 and 100, of 10 and 20, of 100 and 50 GFLOP/s; (60 / 40 + 160 / 80) / 2.
    String row = "| m | 1 | 100/100 | final-only | fp32 | 2 | cached | 75.0 | 15.0 | 75 | 1.33 | ";
    assertTrue(table.contains(row + "110.0 (1.75×) |  |  |  | 123 |"), table);
    assertTrue(table.contains("batch 1: ONNX Runtime's time over ours | ≥ 1.0 | 1.75 | met |"));
    assertTrue(
        table.contains("2026-01-02, commit abc. a CPU; 2 processors. an OS, a JVM. lib 1.2."));
  }

  @Test
  void aimsAreMetOrMissed() throws Exception {
    call("scanformer", "100/100", "FP32", 100, 0);
    call("pytorch", "100/100", "FP32", 140, 0);
    call("scanformer", "50/25", "FP32", 50, 0);
    call("scanformer", "50/25", "BF16", 25, 0);
    endRound(1);
    String table = report();
    assertTrue(table.contains("laid out for oneDNN | ≥ 1.5 | 1.40 | missed |"), table);
    assertTrue(table.contains("all patches' time over 50/25 %'s | ≥ 2.4 | 2.00 | missed |"));
    assertTrue(
        table.contains("| 50/25 %, batch 1: fp32's time over bf16's | ≥ 1.5 | 2.00 | met |"));
    // 4 GFLOP in 50 ms at a peak of 100.
    assertTrue(table.contains("time over FLOPs/peak | ≤ 1.35 | 1.25 | met |"));
    // What was not measured is not spoken of.
    assertFalse(table.contains("torch.linear | ≥"));
    assertFalse(table.contains("NaN"));
    assertEquals(800, ImageIO.read(directory.resolve(Report.PLOT).toFile()).getWidth());
  }

  @Test
  void operationsAreComparedWithWhatBoundsThem() throws Exception {
    for (String operation : List.of("gather", "linear-fc1", "attention")) {
      results.add(
          Map.of(
              "benchmark",
              "org.scanformer.bench.OperationBenchmark.run",
              "params",
              Map.of(
                  "operation", operation,
                  "model", "m",
                  "batch", "1",
                  "selection", "50/25",
                  "precision", "BF16",
                  "threads", "2"),
              "primaryMetric",
              Map.of("score", 1000),
              "secondaryMetrics",
              Map.of("giga", Map.of("score", 15))));
    }
    endRound(1);
    String table = report();
    assertTrue(table.contains("| gather | m | 1 | 50/25 | bf16 | 1000 | 15.0 GB/s | 50.0 % |"));
    assertTrue(
        table.contains("| linear-fc1 | m | 1 | 50/25 | bf16 | 1000 | 15.0 GFLOP/s | 7.5 % |"));
    // Whose arithmetic is fp32's.
    assertTrue(
        table.contains("| attention | m | 1 | 50/25 | bf16 | 1000 | 15.0 GFLOP/s | 15.0 % |"));
  }
}
