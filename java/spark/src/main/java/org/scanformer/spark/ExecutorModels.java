package org.scanformer.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.hadoop.conf.Configuration;
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
  private static final ExecutorModels OF_PROCESS = new ExecutorModels(Model::new);

  private final Loader loader;
  private final Map<Key, Shared> models = new HashMap<>();
  private int loads;

  /** A model that answers questions. */
  interface Loaded extends AutoCloseable {
    /** As {@link Batcher#submit(Request)}. */
    CompletableFuture<Location> submit(Request request);

    @Override
    void close();
  }

  /** Loads models. */
  interface Loader {
    /**
     * Loads one.
     *
     * @param directory null for the bundled model
     */
    Loaded load(BulkOptions options, Path directory, TaskDevices devices, int threads);
  }

  /**
   * What tasks ask for. The directory is there beside its name: applications that follow one
   * another in this process may each have one of that name.
   */
  private record Key(BulkOptions options, Path directory, TaskDevices devices) {}

  private static final class Shared {
    private final Loaded model;
    private int users;

    Shared(Loaded model) {
      this.model = model;
    }
  }

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(OF_PROCESS::closeAll, "scanformer-spark-close"));
  }

  /** None yet. */
  ExecutorModels(Loader loader) {
    this.loader = loader;
  }

  /** Those of this process. */
  static ExecutorModels ofProcess() {
    return OF_PROCESS;
  }

  /**
   * Loads a model, or waits until another task has.
   *
   * @param threads of an operation on the CPU; 0 for as many as there are processors
   * @param hadoop knows the shared file system that the model may be in
   * @return the task's share in it, which it releases
   * @throws org.scanformer.ScanFormerException as {@link ScanFormer#load(ScanFormerOptions)}
   */
  synchronized Lease acquire(
      BulkOptions options, TaskDevices devices, int threads, Configuration hadoop) {
    Key key = new Key(options, ModelFiles.resolve(options.model()), devices);
    Shared shared = models.get(key);
    boolean isNew = shared == null;
    if (isNew) {
      closeUnused();
      shared =
          new Shared(
              ModelFiles.with(
                  options.model(),
                  hadoop,
                  directory -> loader.load(options, directory, devices, threads)));
      models.put(key, shared);
      loads++;
    }
    shared.users++;
    return new Lease(shared, isNew);
  }

  /** How many times a model has been loaded. */
  synchronized int loads() {
    return loads;
  }

  private void closeUnused() {
    for (Iterator<Shared> all = models.values().iterator(); all.hasNext(); ) {
      Shared shared = all.next();
      if (shared.users == 0) {
        all.remove();
        shared.model.close();
      }
    }
  }

  /** Waits for what runs, and closes everything. */
  synchronized void closeAll() {
    models.values().forEach(shared -> shared.model.close());
    models.clear();
  }

  /** A task's share in a model. */
  final class Lease implements AutoCloseable {
    private final Shared shared;
    private final boolean isNew;
    private boolean released;

    private Lease(Shared shared, boolean isNew) {
      this.shared = shared;
      this.isNew = isNew;
    }

    /** Whether the model was loaded for this task. */
    boolean isNew() {
      return isNew;
    }

    /** As {@link Batcher#submit(Request)}. */
    CompletableFuture<Location> submit(Request request) {
      return shared.model.submit(request);
    }

    /** Leaves the model to the others. Idempotent. */
    @Override
    public void close() {
      synchronized (ExecutorModels.this) {
        shared.users -= released ? 0 : 1;
        released = true;
      }
    }
  }

  /** A model on each of some devices, behind one queue. */
  private static final class Model implements Loaded {
    private final List<ScanFormer> loaded = new ArrayList<>();
    private final Batcher batcher;

    Model(BulkOptions options, Path directory, TaskDevices devices, int threads) {
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
              directory == null
                  ? ScanFormer.load(each.build())
                  : ScanFormer.load(directory, each.build()));
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

    @Override
    public CompletableFuture<Location> submit(Request request) {
      return batcher.submit(request);
    }

    @Override
    public void close() {
      batcher.close();
      loaded.forEach(ScanFormer::close);
    }
  }
}
