package org.scanformer.spark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;

/**
 * The models of an executor's process: all its tasks that ask alike share one, in front of which
 * their questions are put into batches. A model is loaded for the first task that asks for it, and
 * is closed when a task asks for another one while nobody uses it, or when the process ends.
 * Thread-safe.
 */
final class ExecutorModels {
  private static final ExecutorModels OF_PROCESS = new ExecutorModels();

  private final Map<Key, Model> models = new HashMap<>();
  private int loads;

  private record Key(BulkOptions options, TaskDevices devices) {}

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(OF_PROCESS::closeAll, "scanformer-spark-close"));
  }

  /** Those of this process. */
  static ExecutorModels ofProcess() {
    return OF_PROCESS;
  }

  /**
   * Loads a model, or waits until another task has.
   *
   * @param threads of an operation on the CPU; 0 for as many as there are processors
   * @return the task's share in it, which it releases
   * @throws org.scanformer.ScanFormerException as {@link ScanFormer#load(ScanFormerOptions)}
   */
  synchronized Lease acquire(BulkOptions options, TaskDevices devices, int threads) {
    Key key = new Key(options, devices);
    Model model = models.get(key);
    if (model == null) {
      closeUnused();
      model = new Model(options, devices, threads);
      models.put(key, model);
      loads++;
    }
    model.users++;
    return new Lease(model);
  }

  /** How many times a model has been loaded. */
  synchronized int loads() {
    return loads;
  }

  private void closeUnused() {
    for (Iterator<Model> all = models.values().iterator(); all.hasNext(); ) {
      Model model = all.next();
      if (model.users == 0) {
        all.remove();
        model.close();
      }
    }
  }

  /** Waits for what runs, and closes everything. */
  synchronized void closeAll() {
    models.values().forEach(Model::close);
    models.clear();
  }

  /** A task's share in a model. */
  final class Lease implements AutoCloseable {
    private final Model model;
    private boolean released;

    private Lease(Model model) {
      this.model = model;
    }

    /** As {@link Batcher#submit(Request)}. */
    CompletableFuture<Location> submit(Request request) {
      return model.batcher.submit(request);
    }

    /** Leaves the model to the others. Idempotent. */
    @Override
    public void close() {
      synchronized (ExecutorModels.this) {
        model.users -= released ? 0 : 1;
        released = true;
      }
    }
  }

  /** A model on each of some devices, behind one queue. */
  private static final class Model {
    private final List<ScanFormer> loaded = new ArrayList<>();
    private final Batcher batcher;
    private int users;

    Model(BulkOptions options, TaskDevices devices, int threads) {
      try {
        for (int device : devices.numbers()) {
          // Its own batch is of one: only the batcher asks, which reserves memory for itself.
          ScanFormerOptions.Builder each =
              ScanFormerOptions.builder()
                  .backend(devices.backend())
                  .device(device)
                  .precision(options.precision())
                  .threads(threads)
                  .maxBatch(1);
          loaded.add(
              options.model() == null
                  ? ScanFormer.load(each.build())
                  : ScanFormer.load(ModelFiles.resolve(options.model()), each.build()));
        }
        batcher =
            Batcher.open(
                loaded,
                BatcherOptions.builder()
                    .maxBatch(options.maxBatch())
                    .schedule(options.schedule())
                    .threads(threads)
                    .build());
      } catch (RuntimeException | Error e) {
        loaded.forEach(ScanFormer::close);
        throw e;
      }
    }

    void close() {
      batcher.close();
      loaded.forEach(ScanFormer::close);
    }
  }
}
