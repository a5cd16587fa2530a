package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The job on a cluster of two executors, each a process of its own, to which Spark gives a GPU that
 * is not there.
 */
class ClusterTest {
  private static final int PICTURES = 12;

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
        SparkSession.builder()
            .master("local-cluster[2,1,1024]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .config("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
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
    Thread killer =
        new Thread(
            () -> {
              String executor = tasks.awaitStuck(4);
              replace(stuck);
              ExecutorProcesses.kill(executor);
            });
    killer.start();
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
    killer.join(TimeUnit.SECONDS.toMillis(10));
    assertEquals(1, tasks.lostExecutors(), "executors lost");
    assertTrue(tasks.executorsWithTasks() >= 2, "executors that ran tasks");

    Dataset<Row> answers = session.read().parquet(out.toString());
    assertEquals(lines.size(), answers.count());
    assertEquals(lines.size(), answers.select("image", "text").distinct().count());
    assertEquals(lines.size() - 2, answers.where("found AND score > 0.5").count());
    List<Row> failed =
        answers.where("error IS NOT NULL").select("image").distinct().collectAsList();
    assertEquals("[[" + PICTURES + ".png]]", failed.toString());
    assertTrue(run.out().contains("2 errors"), run.out());
  }

  @Test
  @Timeout(600)
  void aTaskRunsOnTheGpuThatSparkGivesItOrNotAtAll() throws Exception {
    Pictures.write(pictures, 1);
    JobRun run =
        JobRun.onAnyDevice(
            "--images",
            pictures.toString(),
            "--text",
            Pictures.STAR,
            "--out",
            directory.resolve("answers").toString());
    assertEquals(1, run.code(), run.err());
    assertTrue(run.err().contains("CUDA"), run.err());
  }

  private static void replace(Path stuck) {
    try {
      Files.delete(stuck);
      Files.write(stuck, Pictures.scene());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
