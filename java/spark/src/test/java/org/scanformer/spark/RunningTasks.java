package org.scanformer.spark;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Which tasks run on which executors. Thread-safe. */
final class RunningTasks extends SparkListener {
  private static final long STUCK_MILLIS = 1000;

  private final Map<Long, String> running = new HashMap<>();
  private final Set<String> executors = new HashSet<>();
  private final Set<String> lost = new HashSet<>();
  private long ended;
  private long lastEvent = System.nanoTime();

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    running.put(start.taskInfo().taskId(), start.taskInfo().executorId());
    executors.add(start.taskInfo().executorId());
    lastEvent = System.nanoTime();
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    running.remove(end.taskInfo().taskId());
    ended++;
    if (end.reason() instanceof ExecutorLostFailure failure) {
      lost.add(failure.execId());
    }
    lastEvent = System.nanoTime();
  }

  synchronized int lostExecutors() {
    return lost.size();
  }

  synchronized int executorsWithTasks() {
    return executors.size();
  }

  /**
   * Waits until a single task runs, and has for a second been the only one.
   *
   * @param least tasks that have ended by then
   * @return its executor
   */
  String awaitStuck(int least) {
    while (true) {
      synchronized (this) {
        boolean quiet = System.nanoTime() - lastEvent > STUCK_MILLIS * 1_000_000;
        if (running.size() == 1 && ended >= least && quiet) {
          return running.values().iterator().next();
        }
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
