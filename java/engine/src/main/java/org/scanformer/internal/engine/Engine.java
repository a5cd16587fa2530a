package org.scanformer.internal.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.scanformer.BackendKind;
import org.scanformer.ErrorCode;
import org.scanformer.Location;
import org.scanformer.ModelInfo;
import org.scanformer.PatchMask;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.ModelDirectory;
import org.scanformer.internal.model.TextTokenizer;

/**
 * A loaded model on an open device with its workspace. Thread-safe: calls run one at a time, each
 * with all the device's threads; {@link #close()} waits for the one that is running.
 */
public final class Engine implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final ModelConfig config;
  private final Backend backend;
  private final TextTokenizer tokenizer;
  private final Workspace work;
  private final ScaleLoop loop;
  private final BackendKind kind;
  private final Precision precision;
  private boolean closed;

  private Engine(
      ModelConfig config,
      Backend backend,
      TextTokenizer tokenizer,
      Workspace work,
      ScaleLoop loop) {
    this.config = config;
    this.backend = backend;
    this.tokenizer = tokenizer;
    this.work = work;
    this.loop = loop;
    this.kind = backend.kind();
    this.precision = backend.precision();
  }

  /** Opens a device, reserves memory on it and lays a model out there. */
  public static Engine load(Path directory, ScanFormerOptions options) {
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      ModelConfig config = model.config();
      Backend backend = Backends.open(options);
      TextTokenizer tokenizer = null;
      try {
        MemoryPlan plan = new MemoryPlan();
        plan.count(
            "weights", Weights.bytes(config, model.parameterCount(), backend.activationType()));
        Workspace work = new Workspace(config, options.maxBatch(), backend, plan);
        plan.requireFits(backend);
        tokenizer = model.openTokenizer();
        Weights weights = Weights.load(model, backend);
        work.reserve(backend);
        ScaleLoop loop = new ScaleLoop(config, backend, weights, work);
        return new Engine(config, backend, tokenizer, work, loop);
      } catch (Throwable e) {
        if (tokenizer != null) {
          tokenizer.close();
        }
        backend.close();
        throw e;
      }
    }
  }

  /**
   * What a model directory holds and what an engine with these options would reserve; reads no
   * weights.
   */
  public static ModelInfo inspect(Path directory, ScanFormerOptions options) {
    try (ModelDirectory model = ModelDirectory.open(directory);
        Backend backend = Backends.open(options)) {
      ModelConfig config = model.config();
      MemoryPlan plan = new MemoryPlan();
      plan.count(
          "weights", Weights.bytes(config, model.parameterCount(), backend.activationType()));
      new Workspace(config, options.maxBatch(), backend, plan);
      List<ModelInfo.ScaleCost> costs = new ArrayList<>();
      Flops flops = new Flops(config);
      int keys = Math.min(20, config.maxTextLength());
      for (int s = 0; s < config.numScales(); s++) {
        int side = config.coarseGrid() << s;
        int patches = side * side;
        keys += patches + 1;
        boolean selects = s < config.numScales() - 1;
        costs.add(
            new ModelInfo.ScaleCost(
                s, side, side, flops.scale(patches, patches + 1, keys, selects)));
      }
      return new ModelInfo(config.toMap(), model.parameterCount(), plan.reservations(), costs);
    }
  }

  /** The device family that this engine runs on. */
  public BackendKind backend() {
    return kind;
  }

  /** The precision that this engine runs in. */
  public Precision precision() {
    return precision;
  }

  /** The fields of the model's config.json. */
  public Map<String, Object> config() {
    return config.toMap();
  }

  /** Encodes an expression; its memory is given back by {@link #free} or with the engine. */
  public TextKv encode(String expression) {
    lock.lock();
    try {
      requireOpen();
      return loop.encodeText(tokenizer.encode(expression));
    } finally {
      lock.unlock();
    }
  }

  /** Gives an expression's memory back, when the call that may be using it is done. */
  public void free(TextKv text) {
    lock.lock();
    try {
      if (!closed) {
        text.free(backend);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Answers requests, in pieces of at most the declared batch.
   *
   * @param trace sees the run's inner results (request numbers count within a piece), or null
   */
  public List<Location> locate(List<PreparedRequest> requests, Schedule schedule, Trace trace) {
    List<Item> items = prepare(requests);
    List<Location> locations = new ArrayList<>(items.size());
    for (int first = 0; first < items.size(); first += work.maxBatch) {
      int end = Math.min(items.size(), first + work.maxBatch);
      lock.lock();
      try {
        requireOpen();
        for (int r = first; r < end; r++) {
          requests.get(r).requireUsable();
        }
        locations.addAll(loop.run(items.subList(first, end), schedule, trace));
      } finally {
        lock.unlock();
      }
    }
    return locations;
  }

  /** Tokenizes and checks every request, so that none runs when one of them cannot. */
  private List<Item> prepare(List<PreparedRequest> requests) {
    lock.lock();
    try {
      requireOpen();
      List<Item> items = new ArrayList<>(requests.size());
      for (int r = 0; r < requests.size(); r++) {
        items.add(item(requests.get(r), r, requests.size()));
      }
      return items;
    } finally {
      lock.unlock();
    }
  }

  /** A request with what its expression's owner knows of it. */
  public interface PreparedRequest {
    /** The request itself. */
    Request request();

    /** The encoded expression, or null. */
    TextKv text();

    /** Throws when the expression has been closed. Called with the engine's lock held. */
    void requireUsable();
  }

  private Item item(PreparedRequest prepared, int index, int count) {
    Request request = prepared.request();
    try {
      if (request.selection() instanceof SelectionPolicy.Masks given) {
        requireMasksFit(given.masks(), request.image().width(), request.image().height());
      }
      TextKv text = prepared.text();
      int[] ids = text == null ? tokenizer.encode(request.text()) : null;
      return new Item(request.image(), ids, text, request.selection());
    } catch (ScanFormerException e) {
      if (count == 1) {
        throw e;
      }
      throw new ScanFormerException(
          e.code(), "Request " + index + " of " + count + ": " + e.getMessage(), e);
    }
  }

  private void requireMasksFit(List<PatchMask> masks, int width, int height) {
    if (masks.size() != config.numScales()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "Expected a mask for each of the model's "
              + config.numScales()
              + " scales, found "
              + masks.size());
    }
    ModelConfig.Grid coarse = config.coarseGrid(width, height);
    for (int s = 0; s < masks.size(); s++) {
      PatchMask mask = masks.get(s);
      int rows = coarse.rows() << s;
      int cols = coarse.cols() << s;
      if (mask.rows() != rows || mask.cols() != cols) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The mask of scale "
                + s
                + " must be "
                + rows
                + " x "
                + cols
                + " patches for an image of "
                + width
                + " x "
                + height
                + " pixels, found "
                + mask.rows()
                + " x "
                + mask.cols());
      }
      if (s == 0 && mask.count() != mask.total()) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The mask of scale 0 must select all of its "
                + mask.total()
                + " patches, found "
                + mask.count()
                + " selected");
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The engine is closed");
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        tokenizer.close();
        backend.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
