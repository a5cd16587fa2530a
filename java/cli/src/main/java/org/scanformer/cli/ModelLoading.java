package org.scanformer.cli;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.scanformer.ScanFormer;

/** A model that is loaded on another thread, while the caller reads what to ask it. */
final class ModelLoading implements AutoCloseable {
  private final FutureTask<ScanFormer> task;

  /** Begins to load. */
  ModelLoading(Supplier<ScanFormer> loader) {
    task = new FutureTask<>(loader::get);
    Thread thread = new Thread(task, "model");
    thread.setDaemon(true);
    thread.start();
  }

  /** Waits for the model, which {@link #close} closes; throws what the loader threw. */
  ScanFormer get() {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliException("interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    }
  }

  /** Waits, as a process must not end within the loading of native code, and closes the model. */
  @Override
  public void close() {
    try {
      task.get().close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      // Thrown by get(); without it, the caller has failed for another reason, which comes first.
    }
  }
}
