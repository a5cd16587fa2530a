package org.scanformer.cli;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;

/**
 * A model that is loaded on another thread, while the caller reads what to ask it.
 *
 * <p>The plainest command, {@code locate IMAGE EXPRESSION}, is known by its arguments alone: its
 * model is loaded while picocli is still being set up, which takes about as long.
 */
final class ModelLoading implements AutoCloseable {
  /** That of the process's command line, until its command takes it; null where there is none. */
  private static ModelLoading ahead;

  private final String options;
  private final FutureTask<ScanFormer> task;

  private ModelLoading(ScanFormerOptions options, Supplier<ScanFormer> loader) {
    this.options = options.toString();
    task = new FutureTask<>(loader::get);
    Thread thread = new Thread(task, "model");
    thread.setDaemon(true);
    thread.start();
  }

  /** Begins to load what a plain command line will need; does nothing for any other. */
  static synchronized void beginAhead(String... arguments) {
    if (arguments.length != 3 || !arguments[0].equals("locate")) {
      return;
    }
    if (!arguments[1].startsWith("-") && !arguments[2].startsWith("-")) {
      ScanFormerOptions plain =
          ScanFormerOptions.builder().schedule(Schedule.FINAL_ONLY).maxBatch(1).build();
      ahead = new ModelLoading(plain, () -> ScanFormer.load(plain));
    }
  }

  /** Waits for a model that no command has taken, as when its image cannot be read. */
  static synchronized void endAhead() {
    if (ahead != null) {
      ahead.close();
      ahead = null;
    }
  }

  /** Begins to load a model, or takes the one that is being loaded; the caller closes it. */
  static synchronized ModelLoading of(ModelOption model, ScanFormerOptions options) {
    ModelLoading begun = ahead;
    if (begun != null && model.isBundled() && begun.options.equals(options.toString())) {
      ahead = null;
      return begun;
    }
    return new ModelLoading(options, () -> model.load(options));
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
