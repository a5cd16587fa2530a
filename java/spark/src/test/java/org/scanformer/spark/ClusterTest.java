package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.model.BundledModel;

/**
 * The job on a cluster of two executors, each a process of its own, to which Spark gives a GPU that
 * is not there.
 */
class ClusterTest {
  private static final int PICTURES = 12;

  /** As that of the tests, so that Spark's many classes are there sooner. */
  private static final String EXECUTOR_JAVA =
      "-XX:TieredStopAtLevel=1 -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
          + " -XX:+UseSerialGC";

  private static SparkSession session;

  @TempDir private Path directory;
  private Path pictures;

  @BeforeAll
  static void start(@TempDir Path scripts) throws IOException {
    LocalSpark.stop();
    // Executors take what they need from the class path of the test, not from an installation.
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME")).resolve("jars"));
    Path gpus = scripts.resolve("gpus.sh");
    Files.writeString(gpus, "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"3\"]}'\n");
    assertTrue(gpus.toFile().setExecutable(true));
    session =
        LocalSpark.plain()
            .master("local-cluster[2,1,1024]")
            .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .config("spark.executor.extraJavaOptions", EXECUTOR_JAVA)
            .config("spark.hadoop." + SharedFiles.PROPERTY, SharedFiles.class.getName())
            .config("spark.executor.cores", 1)
            .config("spark.worker.resource.gpu.amount", 1)
            .config("spark.worker.resource.gpu.discoveryScript", gpus.toString())
            .config("spark.executor.resource.gpu.amount", 1)
            .config("spark.task.resource.gpu.amount", 1)
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    LocalSpark.stop();
  }

  @BeforeEach
  void prepare() throws IOException {
    pictures = Files.createDirectory(directory.resolve("pictures"));
  }

  /**
   * An executor is killed while it reads a picture that never comes, when all other tasks have
   * ended: what it had answered of its task is lost, and what it had committed is not.
   */
  @Test
  @Timeout(600)
  void anExecutorThatIsKilledLosesNothingAndNothingIsThereTwice() throws Exception {
    Pictures.write(pictures, PICTURES);
    Path stuck = pictures.resolve("7.png");
    Files.delete(stuck);
    assertEquals(0, new ProcessBuilder("mkfifo", stuck.toString()).start().waitFor());
    Path table = directory.resolve("questions.jsonl");
    List<String> lines = new ArrayList<>();
    for (int p = 0; p <= PICTURES; p++) {
      for (String text : List.of(Pictures.STAR, Pictures.TRIANGLE)) {
        lines.add("{\"image\": \"" + p + ".png\", \"text\": \"" + text + "\"}");
      }
    }
    Files.write(table, lines);
    Path out = directory.resolve("answers");
    RunningTasks tasks = new RunningTasks();
    session.sparkContext().addSparkListener(tasks);
    CompletableFuture<Void> killer =
        CompletableFuture.runAsync(
            () -> killReader(stuck, tasks, (lines.size() + 3) / 4), ClusterTest::start);
    JobRun run =
        JobRun.of(
                "--questions",
                table.toString(),
                "--image-root",
                pictures.toUri().toString(),
                "--out",
                out.toString(),
                "--questions-per-task",
                "4")
            .succeeded();
    killer.get(1, TimeUnit.MINUTES);
    assertEquals(1, tasks.lostExecutors(), "executors lost");
    assertTrue(tasks.executorsWithTasks() >= 2, "executors that ran tasks");

    List<Row> answers =
        session
            .read()
            .parquet(out.toString())
            .selectExpr("image", "text", "found AND score > 0.5", "error IS NOT NULL")
            .collectAsList();
    assertEquals(lines.size(), answers.size());
    assertEquals(
        lines.size(),
        answers.stream().map(row -> row.getString(0) + " " + row.getString(1)).distinct().count());
    for (Row row : answers) {
      boolean isMissing = row.getString(0).equals(PICTURES + ".png");
      assertEquals(isMissing, row.getBoolean(3), row.toString());
      assertTrue(isMissing || row.getBoolean(2), row.toString());
    }
    assertTrue(run.out().contains("2 errors"), run.out());
  }

  @Test
  @Timeout(600)
  void aTaskRunsOnTheGpuThatSparkGivesItOrNotAtAll() throws Exception {
    Pictures.write(pictures, 1);
    Dataset<Row> question =
        session
            .createDataset(List.of(pictures.resolve("0.png").toString()), Encoders.STRING())
            .selectExpr("value AS image", "'" + Pictures.STAR + "' AS text");
    Dataset<Row> answer = BulkLocator.locate(question, BulkOptions.defaults());
    SparkException failure = assertThrows(SparkException.class, answer::collect);
    assertTrue(JobFailures.tell(failure).contains("CUDA"), JobFailures.tell(failure));
  }

  /** Executors have nothing of the driver's: they ask the model that was sent to them. */
  @Test
  @Timeout(600)
  void aModelOfASharedFileSystemIsSentToTheExecutors() throws Exception {
    Pictures.write(pictures, 1);
    Path model = Files.createDirectory(directory.resolve("my model"));
    BundledModel.with(
        from -> {
          for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            try {
              Files.copy(from.resolve(name), model.resolve(name));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
          return model;
        });
    JobRun run =
        JobRun.of(
                "--images",
                pictures.toString(),
                "--text",
                Pictures.STAR,
                "--model",
                SharedFiles.uri(model),
                "--out",
                directory.resolve("answers").toString())
            .succeeded();
    assertTrue(run.out().contains("1 found"), run.out());
  }

  /** On a thread that does not keep the JVM where the picture is never read. */
  private static void start(Runnable work) {
    Thread thread = new Thread(work, "killer");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Kills the executor that reads a picture, when all other tasks have ended; those who read it
   * later get it.
   */
  private static void killReader(Path stuck, RunningTasks running, int tasks) {
    try {
      // Returns when a task has opened it for reading: that waits until something is written.
      OutputStream writer = Files.newOutputStream(stuck);
      try {
        String executor = running.awaitLastOf(tasks);
        Files.delete(stuck);
        Files.write(stuck, Pictures.scene());
        ExecutorProcesses.kill(executor);
      } finally {
        writer.close();
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
