package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskContext$;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.Test;
import org.scanformer.BackendKind;
import org.scanformer.ErrorCode;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;

/** How a task gets the model of its process and gives it back, with models of the test's own. */
class LocatePartitionTest {
  private static final BulkOptions ON_CPU = BulkOptions.builder().backend(BackendKind.CPU).build();
  private static final TaskDevices CPU = new TaskDevices(BackendKind.CPU, List.of(0));

  private static final Configuration HADOOP = new Configuration(false);

  private final SparkSession session = LocalSpark.session();
  private final List<Throwable> failures = new ArrayList<>();
  private int closed;

  /** Answers nothing, and counts how often it is closed. */
  private final class Silent implements ExecutorModels.Loaded {
    @Override
    public CompletableFuture<Location> submit(Request request) {
      return new CompletableFuture<>();
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private void call(TaskContext task, ExecutorModels models, Counters counters) {
    Broadcast<SerializableConfiguration> hadoop =
        JavaSparkContext.fromSparkContext(session.sparkContext())
            .broadcast(new SerializableConfiguration(session.sparkContext().hadoopConfiguration()));
    StructType type = new StructType().add("image", "string").add("text", "string");
    Row question = RowFactory.create("none.png", "the star");
    new LocatePartition(ON_CPU, QuestionColumns.of(type), hadoop, counters)
        .call(List.of(question).iterator(), task, models, failures::add);
  }

  @Test
  void aDeviceThatIsLostWhileTheModelIsLoadedEndsTheExecutor() {
    ScanFormerException lost = new ScanFormerException(ErrorCode.DEVICE_LOST, "gone");
    ExecutorModels models =
        new ExecutorModels(
            (options, directory, devices, threads) -> {
              throw lost;
            });
    TaskContext task = TaskContext$.MODULE$.empty();
    assertSame(lost, assertThrows(ScanFormerException.class, () -> call(task, models, null)));
    task.markTaskFailed(lost);
    assertEquals(List.of(lost), failures);
    assertTrue(LostDevice.isLostDevice(failures.get(0)));
  }

  @Test
  void aTaskThatDoesNotBeginGivesItsModelBack() {
    ExecutorModels models =
        new ExecutorModels((options, directory, devices, threads) -> new Silent());
    TaskContext task = TaskContext$.MODULE$.empty();
    assertThrows(
        NullPointerException.class, () -> call(task, models, new Counters(null, null, null)));
    task.markTaskCompleted(scala.Option.empty());
    models.acquire(ON_CPU.withModel("other"), CPU, 1, HADOOP);
    assertEquals(1, closed, "nobody uses the first one");
  }

  @Test
  void aLoadIsOfOneTask() {
    ExecutorModels models =
        new ExecutorModels((options, directory, devices, threads) -> new Silent());
    assertTrue(models.acquire(ON_CPU, CPU, 1, HADOOP).isNew());
    assertFalse(models.acquire(ON_CPU, CPU, 1, HADOOP).isNew());
    assertEquals(1, models.loads());
    Counters counters = Counters.of(session.sparkContext());
    call(TaskContext$.MODULE$.empty(), models, counters);
    call(TaskContext$.MODULE$.empty(), models, counters);
    assertEquals(0, counters.loads().value());
    models.closeAll();
    call(TaskContext$.MODULE$.empty(), models, counters);
    call(TaskContext$.MODULE$.empty(), models, counters);
    assertEquals(1, counters.loads().value());
  }

  /** As of two applications that follow one another in a process, each with files of its own. */
  @Test
  void modelsOfOneNameInTwoDirectoriesAreTwo() throws Exception {
    List<Path> loaded = new ArrayList<>();
    ExecutorModels models =
        new ExecutorModels(
            (options, directory, devices, threads) -> {
              loaded.add(directory);
              return new Silent();
            });
    BulkOptions named = ON_CPU.withModel("named");
    models.acquire(named, CPU, 1, HADOOP);
    Path sent = Files.createDirectory(Path.of(SparkFiles.getRootDirectory()).resolve("named"));
    models.acquire(named, CPU, 1, HADOOP);
    models.acquire(named, CPU, 1, HADOOP);
    assertEquals(List.of(Path.of("named").toAbsolutePath(), sent.toAbsolutePath()), loaded);
  }
}
