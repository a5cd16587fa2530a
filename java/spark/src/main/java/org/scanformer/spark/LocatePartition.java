package org.scanformer.spark;

import java.util.Iterator;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.TaskFailureListener;
import org.scanformer.ErrorCode;

/** What a task does: asks the model of its process the questions of its partition. */
final class LocatePartition implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  /** Of the heap, for the pixels of the pictures that wait in all tasks of an executor. */
  private static final double PIXEL_SHARE = 0.25;

  private final BulkOptions options;
  private final QuestionColumns columns;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final Counters counters;

  /**
   * Made by the driver.
   *
   * @param counters null for none
   */
  LocatePartition(
      BulkOptions options,
      QuestionColumns columns,
      Broadcast<SerializableConfiguration> hadoop,
      Counters counters) {
    this.options = options;
    this.columns = columns;
    this.hadoop = hadoop;
    this.counters = counters;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> questions) {
    if (!questions.hasNext()) {
      return questions;
    }
    TaskContext task = TaskContext.get();
    ExecutorModels models = ExecutorModels.ofProcess();
    int loadsBefore = models.loads();
    ExecutorModels.Lease model =
        models.acquire(options, TaskDevices.of(options.backend(), task.resourcesJMap()), threads());
    if (counters != null && models.loads() > loadsBefore) {
      counters.loads().add(models.loads() - loadsBefore);
    }
    AnswerIterator answers =
        new AnswerIterator(
            questions,
            columns,
            new PictureReader(hadoop.value().value(), options.imageRoot()),
            options.foundThreshold(),
            model::submit,
            this::count,
            2 * options.maxBatch(),
            (long) (PIXEL_SHARE * Runtime.getRuntime().maxMemory() / slots(task)));
    task.addTaskCompletionListener(
        (TaskCompletionListener)
            ended -> {
              answers.cancel();
              model.close();
            });
    task.addTaskFailureListener(
        (TaskFailureListener) (failed, failure) -> LostDevice.endProcess(failure));
    return answers;
  }

  private void count(ErrorCode error) {
    if (counters != null) {
      counters.answered().add(1);
      if (error != null) {
        counters.failed().add(1);
      }
    }
  }

  private int threads() {
    return options.threads() > 0
        ? options.threads()
        : SparkEnv.get().conf().getInt("spark.executor.cores", 0);
  }

  /** The tasks that may run in this process at a time. */
  private static int slots(TaskContext task) {
    int cores =
        SparkEnv.get()
            .conf()
            .getInt("spark.executor.cores", Runtime.getRuntime().availableProcessors());
    return Math.max(1, cores / Math.max(1, task.cpus()));
  }
}
