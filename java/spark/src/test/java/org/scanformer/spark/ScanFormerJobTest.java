package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job, run in this JVM. */
class ScanFormerJobTest {
  private final SparkSession session = LocalSpark.session();

  @TempDir private Path directory;
  private Path pictures;
  private Path out;

  @BeforeEach
  void prepare() throws IOException {
    pictures = Files.createDirectories(directory.resolve("pictures/100 % #1, ä日本"));
    Pictures.write(pictures, 3);
    out = directory.resolve("answers ü");
  }

  private JobRun run(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("--images", pictures.getParent().toString(), "--text", Pictures.STAR));
    args.addAll(List.of("--out", out.toString()));
    args.addAll(List.of(more));
    return JobRun.of(args.toArray(String[]::new));
  }

  private long count() {
    return session.read().parquet(out.toString()).count();
  }

  @Test
  void goesOnWhereItStopped() throws Exception {
    Files.writeString(pictures.resolve("notes.txt"), "passed over");
    Files.writeString(pictures.resolve("broken.JPG"), "no picture");
    JobRun first = run().succeeded();
    assertTrue(first.err().contains("4 questions have no answer yet"), first.err());
    assertTrue(first.out().contains("4 answers"), first.out());
    assertTrue(first.out().contains("3 found, 0 not found, 1 errors"), first.out());
    JobRun second = run().succeeded();
    assertTrue(second.err().contains("0 questions have no answer yet"), second.err());
    assertEquals(4, count());
    Files.write(pictures.resolve("new.png"), Pictures.scene());
    JobRun third =
        run("--text", "the red circle", "--questions-per-commit", "2", "--questions-per-task", "1")
            .succeeded();
    assertTrue(third.err().contains("6 questions have no answer yet"), third.err());
    assertTrue(third.err().contains("part 3 of 3 is committed"), third.err());
    assertEquals(10, count());
    assertEquals(
        10, session.read().parquet(out.toString()).select("image", "text").distinct().count());
    assertFalse(Files.exists(out.resolve("_scanformer/questions")));
  }

  @Test
  void whatARunDidNotCommitIsAskedAgainAndNotThereTwice() throws Exception {
    run().succeeded();
    // A driver that was killed after its task and before its job had committed leaves this behind.
    Path left =
        Files.createDirectories(out.resolve("_temporary/0/task_202001010000_0001_m_000000"));
    try (Stream<Path> files = Files.list(out)) {
      Path data = files.filter(file -> file.toString().endsWith(".parquet")).findFirst().get();
      Files.move(data, left.resolve(data.getFileName()));
    }
    JobRun second = run().succeeded();
    assertFalse(second.err().contains(" 0 questions"), second.err());
    assertEquals(3, count());
  }

  @Test
  void tablesAreReadAndJsonIsThatOfTheCommandLine() throws Exception {
    Path table = directory.resolve("questions.jsonl");
    Files.write(
        table,
        List.of(
            "{\"image\": \"0.png\", \"text\": \"" + Pictures.STAR + "\"}",
            "{\"image\": \"0.png\", \"text\": \"" + Pictures.STAR + "\"}",
            "not JSON",
            "nor this"));
    JobRun run =
        JobRun.of(
                "--questions",
                table.toString(),
                "--image-root",
                pictures.toString(),
                "--out",
                out.toString(),
                "--format",
                "json")
            .succeeded();
    assertTrue(run.out().contains("3 answers"), run.out());
    List<JsonNode> lines = new ArrayList<>();
    try (Stream<Path> files = Files.list(out)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".json")).toList()) {
        for (String line : Files.readAllLines(file)) {
          lines.add(new ObjectMapper().readTree(line));
        }
      }
    }
    assertEquals(3, lines.size());
    JsonNode answer = lines.stream().filter(line -> line.has("box")).findFirst().orElseThrow();
    assertTrue(answer.get("found").booleanValue());
    assertTrue(answer.get("box").get("width").doubleValue() > 1);
    assertEquals("cpu", answer.get("backend").textValue());
    List<String> failed =
        lines.stream()
            .filter(line -> line.has("error"))
            .map(
                line ->
                    line.get("text").textValue() + " " + line.get("error").get("code").textValue())
            .sorted()
            .toList();
    assertEquals(List.of("nor this BAD_INPUT", "not JSON BAD_INPUT"), failed);
    Files.writeString(directory.resolve("q.csv"), "image,text\n0.png,\"a \"\"b\"\"\"\n");
    Row row = JobQuestions.of(session, directory.resolve("q.csv").toString()).first();
    assertEquals("[0.png,a \"b\"]", row.toString());
  }

  @Test
  void wrongUsageIsTold() throws Exception {
    assertRefused(2, "--out");
    assertRefused(2, "either --images with --text, or --questions", "--out", "x");
    assertRefused(2, "either --images with --text", "--out", "x", "--images", "a");
    assertRefused(2, "maxBatch must be 1", "--out", "x", "--questions", "q", "--max-batch", "0");
    assertRefused(2, "per-scale", "--out", "x", "--questions", "q", "--schedule", "y");
    assertRefused(
        2, "at least 1, found 0", "--out", "x", "--questions", "q", "--questions-per-task", "0");
    Path csv = Files.writeString(directory.resolve("q.csv"), "a,b\n1,2\n");
    assertRefused(1, "needs the columns", "--out", out.toString(), "--questions", csv.toString());
    assertTrue(JobRun.of("--help").out().contains("--questions-per-commit"));
  }

  @Test
  void anotherRunsDirectoryIsLeftAlone() throws Exception {
    assertRefusedWith("config.json", run("--model", directory.resolve("none").toString()));
    run().succeeded();
    assertRefusedWith("begun with other settings", run("--found-threshold", "0.9"));
    out = Files.createDirectories(directory.resolve("other"));
    Files.writeString(out.resolve("mine"), "data");
    assertRefusedWith("not a job's", run());
  }

  @Test
  void noQuestionsAreNoAnswers() throws Exception {
    Path table = Files.createFile(directory.resolve("questions.jsonl"));
    JobRun run = JobRun.of("--questions", table.toString(), "--out", out.toString()).succeeded();
    assertTrue(run.out().contains("0 answers"), run.out());
  }

  private static void assertRefused(int code, String words, String... args) {
    JobRun run = JobRun.of(args);
    assertEquals(code, run.code(), run.err());
    assertTrue(run.err().contains(words), run.err());
  }

  private static void assertRefusedWith(String words, JobRun run) {
    assertEquals(1, run.code(), run.err());
    assertTrue(run.err().contains(words), run.err());
  }
}
