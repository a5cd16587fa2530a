package org.scanformer.spark;

import java.util.Iterator;
import java.util.function.Consumer;
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
    return call(questions, TaskContext.get(), ExecutorModels.ofProcess(), LostDevice::endProcess);
  }

  /**
   * The same for a task.
   *
   * @param models of its process
   * @param whenFailed is told why the task fails, if it does
   */
  Iterator<Row> call(
      Iterator<Row> questions,
      TaskContext task,
      ExecutorModels models,
      Consumer<Throwable> whenFailed) {
    if (!questions.hasNext()) {
      return questions;
    }
    // First of all: a device may be lost while the model is loaded.
    task.addTaskFailureListener(
        (TaskFailureListener) (failed, failure) -> whenFailed.accept(failure));
    ExecutorModels.Lease model =
        models.acquire(
            options,
            TaskDevices.of(options.backend(), task.resourcesJMap()),
            threads(),
            hadoop.value().value());
    // The last to be called: Spark goes backwards.
    task.addTaskCompletionListener((TaskCompletionListener) ended -> model.close());
    if (counters != null && model.isNew()) {
      counters.loads().add(1);
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
    task.addTaskCompletionListener((TaskCompletionListener) ended -> answers.cancel());
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
