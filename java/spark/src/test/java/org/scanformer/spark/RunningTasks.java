package org.scanformer.spark;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Which tasks run on which executors. Thread-safe. */
final class RunningTasks extends SparkListener {
  private final Map<Long, String> running = new HashMap<>();
  private final Set<String> executors = new HashSet<>();
  private final Set<String> lost = new HashSet<>();
  private int tasksOfStage;
  private int ended;

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted stage) {
    tasksOfStage = stage.stageInfo().numTasks();
    ended = 0;
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    running.put(start.taskInfo().taskId(), start.taskInfo().executorId());
    executors.add(start.taskInfo().executorId());
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    running.remove(end.taskInfo().taskId());
    ended++;
    if (end.reason() instanceof ExecutorLostFailure failure) {
      lost.add(failure.execId());
    }
    notifyAll();
  }

  synchronized int lostExecutors() {
    return lost.size();
  }

  synchronized int executorsWithTasks() {
    return executors.size();
  }

  /**
   * Waits until all tasks of a stage have ended but one.
   *
   * @param tasks of the stage that is waited for
   * @return the executor of the last one
   */
  synchronized String awaitLastOf(int tasks) throws InterruptedException {
    while (tasksOfStage != tasks || ended != tasks - 1 || running.size() != 1) {
      wait();
    }
    return running.values().iterator().next();
  }
}
