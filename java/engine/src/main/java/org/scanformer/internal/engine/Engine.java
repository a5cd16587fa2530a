package org.scanformer.internal.engine;

import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.scanformer.BackendKind;
import org.scanformer.Location;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerMetrics;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.ModelDirectory;
import org.scanformer.internal.model.TextTokenizer;
import org.scanformer.internal.model.TokenizedText;

/**
 * A loaded model on an open device with its workspace. Thread-safe: calls run one at a time, each
 * with all the device's threads; {@link #close()} waits for the one that is running.
 */
public final class Engine implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final ReentrantLock closing = new ReentrantLock();
  private final CallGuard guard = new CallGuard(lock);
  private final ModelConfig config;
  private final ScanFormerOptions options;
  private final Backend backend;
  private final Weights weights;
  private final TextTokenizer tokenizer;
  private final ExecutionContext context;
  private final BackendOpener opener;
  private final DeviceState state;
  private final RunOptions runOptions = new RunOptions();

  /** The contexts that are open, with their owners. */
  private final Map<ExecutionContext, ContextOwner> contexts = new IdentityHashMap<>();

  /** Texts that are closed and whose memory waits for the lock. */
  private final Queue<TextKv> closedTexts = new ConcurrentLinkedQueue<>();

  private final BackendKind kind;
  private final Precision precision;
  private final EngineResources resources;
  private volatile boolean closed;

  private Engine(
      ModelConfig config,
      ScanFormerOptions options,
      Backend backend,
      Weights weights,
      TextTokenizer tokenizer,
      ExecutionContext context,
      BackendOpener opener,
      DeviceState state) {
    this.opener = opener;
    this.state = state;
    this.config = config;
    this.options = options;
    this.weights = weights;
    this.backend = backend;
    this.tokenizer = tokenizer;
    this.context = context;
    this.kind = backend.kind();
    this.precision = backend.precision();
    this.resources = new EngineResources(backend);
    Unclosed.watch(this, "model", resources::close);
  }

  /** Opens the device that options ask for. */
  public interface BackendOpener {
    /** A stream of the device. */
    Backend open(ScanFormerOptions options);
  }

  /** Opens a device, reserves memory on it and loads a model into it. */
  public static Engine load(Path directory, ScanFormerOptions options, BackendOpener opener) {
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      ModelConfig config = model.config();
      Backend backend = opener.open(options);
      try {
        MemoryPlan plan = new MemoryPlan();
        plan.count(
            "weights", Weights.bytes(config, model.parameterCount(), backend.activationType()));
        Workspace work =
            Workspace.declare(config, Limits.anyFrames(options.maxBatch()), backend, plan);
        plan.requireFits(backend);
        TextTokenizer tokenizer = model.openTokenizer();
        Weights weights = Weights.load(model, backend);
        DeviceState state = new DeviceState(options.metrics());
        ExecutionContext context =
            new ExecutionContext(config, backend, weights, work, state, System::nanoTime);
        return new Engine(config, options, backend, weights, tokenizer, context, opener, state);
      } catch (Throwable e) {
        backend.close();
        throw e;
      }
    }
  }

  /** The device family that the model runs on. */
  public BackendKind backend() {
    return kind;
  }

  /** The precision that the model runs in. */
  public Precision precision() {
    return precision;
  }

  /** The application's metrics, as it gave them. */
  public ScanFormerMetrics metrics() {
    return options.metrics();
  }

  /** The fields of the model's config.json. */
  public Map<String, Object> config() {
    return config.toMap();
  }

  /** Encodes an expression, which is freed when it or the engine is closed. */
  public EncodedExpression encode(String expression) {
    return encode(expression, options.strictExpressions());
  }

  /** The same, where only a strict one refuses expressions that the model cannot read whole. */
  public EncodedExpression encode(String expression, boolean strict) {
    requireOutsideCalls();
    lock.lock();
    try {
      requireOpen();
      TokenizedText words = tokenize(expression, strict);
      TextKv text = context.loop.encodeText(words.ids());
      return new EncodedExpression(this, expression, words, text);
    } finally {
      unlock();
    }
  }

  /** The most requests of a piece. */
  public int maxBatch() {
    return context.maxBatch;
  }

  /** Refuses, with BAD_INPUT, an expression that {@link #encode(String)} refuses. */
  public void requireReadable(String expression) {
    tokenize(expression, options.strictExpressions());
  }

  /** Refuses, with BAD_INPUT, a request that does not fit the model but for its expression. */
  public void requireFits(Request request) {
    context.requireFits(request);
  }

  private TokenizedText tokenize(String expression, boolean strict) {
    TokenizedText words = tokenizer.tokenize(expression);
    return strict ? words.requireWhole(expression) : words;
  }

  /**
   * Opens a context on the same device, with the same weights.
   *
   * @param limits what its memory is reserved for
   * @param owner closes it, when the engine is closed
   * @throws IllegalStateException within a call of the model
   * @throws ScanFormerException OUT_OF_MEMORY with the bytes needed and available
   */
  public ExecutionContext openContext(
      Limits limits, int threads, LongSupplier clock, ContextOwner owner) {
    requireOutsideCalls();
    lock.lock();
    try {
      requireOpen();
      Backend own =
          opener.open(
              ScanFormerOptions.builder()
                  .backend(kind)
                  .device(options.device())
                  .precision(precision)
                  .threads(threads)
                  .build());
      try {
        MemoryPlan plan = new MemoryPlan();
        Workspace work = Workspace.declare(config, limits, own, plan);
        plan.requireFits(own);
        ExecutionContext opened = new ExecutionContext(config, own, weights, work, state, clock);
        resources.add(own);
        contexts.put(opened, owner);
        guard.setOwners(contexts.values());
        return opened;
      } catch (Throwable e) {
        own.close();
        throw e;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Bytes that a context of these limits reserves on the device. */
  public long contextBytes(Limits limits) {
    lock.lock();
    try {
      requireOpen();
      MemoryPlan plan = new MemoryPlan();
      Workspace.declare(config, limits, backend, plan);
      return plan.bytes();
    } finally {
      lock.unlock();
    }
  }

  /** Frees a context's memory when no call is running on it. */
  public void closeContext(ExecutionContext opened) {
    lock.lock();
    try {
      if (contexts.remove(opened) != null) {
        guard.setOwners(contexts.values());
        resources.close(opened.backend);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Frees a closed text that nobody uses: now, or after the call that holds the lock. */
  void reclaim(TextKv text) {
    closedTexts.add(text);
    if (lock.tryLock()) {
      unlock();
    }
  }

  private void unlock() {
    try {
      // Within a call's own callback the memory may still be in use: the end of the call frees it.
      if (lock.getHoldCount() == 1) {
        freeClosedTexts();
      }
    } finally {
      lock.unlock();
    }
  }

  private void freeClosedTexts() {
    for (TextKv text = closedTexts.poll(); text != null; text = closedTexts.poll()) {
      if (!closed) {
        text.free(backend);
      }
    }
  }

  /**
   * Answers requests, in pieces of at most the declared batch.
   *
   * @param trace sees the run's inner results (request numbers count within a piece), or null
   * @throws ScanFormerException BAD_INPUT when a request cannot be run; none is run then
   */
  public List<Location> locate(List<Request> requests, Schedule schedule, Trace trace) {
    requireOutsideCalls();
    EncodedExpression[] encoded = EncodedExpression.of(requests, this);
    TokenizedText[] words = words(requests, encoded);
    List<Location> locations = new ArrayList<>(words.length);
    for (int first = 0; first < words.length; first += context.maxBatch) {
      int count = Math.min(words.length - first, context.maxBatch);
      lock.lock();
      try {
        requireOpen();
        for (int r = 0; r < count; r++) {
          set(r, requests.get(first + r), words[first + r], encoded[first + r]);
        }
        runOptions.reset(schedule).trace = trace;
        context.run(count, runOptions);
        locations.addAll(context.locations(count, schedule));
      } finally {
        context.clear();
        unlock();
        // What was forgotten is freed after its call, never within it.
        Reference.reachabilityFence(this);
      }
    }
    return locations;
  }

  private void set(int slot, Request request, TokenizedText words, EncodedExpression expression) {
    TextKv text = null;
    if (expression != null) {
      // Under the lock: what is open here is not freed before the call's end.
      expression.requireOpen();
      text = expression.keysAndValues();
    }
    float foundBound = context.foundBound(request.foundThreshold());
    context.set(
        slot, request.image(), words, text, request.selection(), foundBound, request.candidates());
  }

  /**
   * Checks every request and tokenizes those that bring text, so that none is run when one of them
   * cannot be.
   */
  private TokenizedText[] words(List<Request> requests, EncodedExpression[] encoded) {
    lock.lock();
    try {
      requireOpen();
      TokenizedText[] words = new TokenizedText[encoded.length];
      for (int r = 0; r < words.length; r++) {
        words[r] = words(requests.get(r), encoded[r], r, words.length);
      }
      return words;
    } finally {
      lock.unlock();
    }
  }

  private TokenizedText words(Request request, EncodedExpression expression, int index, int count) {
    try {
      context.requireFits(request);
      return expression != null
          ? expression.words()
          : tokenize(request.text(), options.strictExpressions());
    } catch (ScanFormerException e) {
      if (count == 1) {
        throw e;
      }
      throw new ScanFormerException(
          e.code(), "Request " + index + " of " + count + ": " + e.getMessage(), e);
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** Refuses use after {@link #close()}. */
  public void requireOpen() {
    if (closed) {
      throw new ModelClosedException();
    }
  }

  /**
   * Whether the calling thread is in a listener or in metrics, within a call of the model, its
   * sessions or batchers. Allocates nothing.
   */
  public boolean isInCall() {
    return guard.isInCall();
  }

  /** Refuses calls by a listener or by metrics, within a call of the model. */
  public void requireOutsideCalls() {
    guard.requireOutsideCalls();
  }

  /**
   * Closes the contexts, each after its running call, and then the rest. Idempotent; whoever calls
   * it returns when everything is freed.
   *
   * @throws IllegalStateException within a call of the model
   */
  @Override
  public void close() {
    guard.requireClosable();
    closing.lock();
    try {
      if (!closed) {
        closeAll();
      }
    } finally {
      closing.unlock();
    }
  }

  private void closeAll() {
    lock.lock();
    closed = true;
    ContextOwner[] owners = guard.owners();
    lock.unlock();
    // Without the lock: a context's call may be waiting for it.
    for (ContextOwner owner : owners) {
      owner.close();
    }
    lock.lock();
    try {
      resources.close();
    } finally {
      lock.unlock();
    }
  }
}
