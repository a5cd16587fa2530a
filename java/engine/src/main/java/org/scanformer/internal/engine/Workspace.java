package org.scanformer.internal.engine;

import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.GridTable;
import org.scanformer.internal.backend.KvSegmentTable;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.model.ModelConfig;

/**
 * Every array that a batch needs, for a declared maximum of requests of any aspect ratio, all
 * patches selected. Arrays that linear layers touch have room for the rounding of their rows. Not
 * safe for use by several threads.
 */
final class Workspace {
  final int maxBatch;
  final int scales;

  /** Patches of a scale's largest grid. */
  final int[] maxPatches;

  /** Elements of one request's pyramid. */
  final int canvasElements;

  /** The images' pyramids, [maxBatch, canvasElements]. */
  final Tensor canvas;

  /** Per scale: the selected patches of each request, [maxBatch, maxPatches], and their indices. */
  final Tensor[] mask;

  final Tensor[] indices;

  /** Gathered patches, [patches, 3 P P], and their embeddings, [patches, hidden]. */
  final Tensor patchRows;

  final Tensor patchEmbeddings;

  /** The residual stream of all tokens of the batch, [tokens, hidden]. */
  final Tensor x;

  /** What linear layers read and write, [tokens, …]. */
  final Tensor norm;

  final Tensor qkv;
  final Tensor q;
  final Tensor context;
  final Tensor intermediate;
  final Tensor residual;

  /** The [REG] tokens whose boxes are asked for, [maxBatch, …]. */
  final Tensor reg;

  final Tensor regNorm;
  final Tensor boxHidden1;
  final Tensor boxHidden2;
  final Tensor box;
  final Tensor score;

  /** The selection head's hidden layer and logits, [patches, …]. */
  final Tensor selectionHidden;

  final Tensor logits;

  private final Tensor kvMemory;
  private final long kvLayerStride;
  private final MemoryPlan plan;
  private final ModelConfig config;

  private Tables tables;

  /** The small arrays that the host fills, and what hands out the cache. */
  static final class Tables {
    final KvSlab kv;
    final GridTable[] grids;
    final Table[] selectedCounts;
    final KvSegmentTable segments;
    final Pass scalePass;
    final Pass finalPass;

    /** Rows of the selected patches' tokens, int32. */
    final Table patchTokenRows;

    /** Text tokens: ids, positions and rows, int32. */
    final Table textIds;

    final Table textPositions;
    final Table textRows;

    private Tables(Workspace w, Backend backend) {
      int hidden = w.config.hiddenSize();
      int heads = w.config.numAttentionHeads();
      kv = new KvSlab(w.kvMemory, backend, heads, hidden / heads, w.kvLayerStride);
      grids = new GridTable[w.scales];
      selectedCounts = new Table[w.scales];
      for (int s = 0; s < w.scales; s++) {
        grids[s] = new GridTable(backend.allocateTable((long) w.maxBatch * GridTable.BYTES));
        selectedCounts[s] = backend.allocateTable((long) w.maxBatch * Integer.BYTES);
      }
      int segmentsPerRequest = w.scales + 1;
      int maxSegments = w.maxBatch * segmentsPerRequest;
      segments =
          new KvSegmentTable(backend.allocateTable((long) maxSegments * KvSegmentTable.BYTES));
      int maxTokens = Math.toIntExact(w.x.rows());
      scalePass = new Pass(backend, maxTokens, maxSegments, w.maxBatch);
      finalPass = new Pass(backend, maxTokens, maxSegments, w.maxBatch);
      patchTokenRows =
          backend.allocateTable((long) w.maxBatch * w.maxPatches[w.scales - 1] * Integer.BYTES);
      long textBytes = (long) w.maxBatch * w.config.maxTextLength() * Integer.BYTES;
      textIds = backend.allocateTable(textBytes);
      textPositions = backend.allocateTable(textBytes);
      textRows = backend.allocateTable(textBytes);
    }
  }

  /** Declares the arrays in a plan. */
  Workspace(ModelConfig config, int maxBatch, Backend backend, MemoryPlan plan) {
    this.config = config;
    this.plan = plan;
    this.maxBatch = maxBatch;
    this.scales = config.numScales();
    int hidden = config.hiddenSize();
    int heads = config.numAttentionHeads();
    int patchElements = config.numChannels() * config.patchSize() * config.patchSize();
    ElementType activation = backend.activationType();

    maxPatches = new int[scales];
    int requestTokens = config.maxTextLength();
    long requestCanvas = 0;
    long kvBytes = backend.kvBytes(heads, hidden / heads, config.maxTextLength());
    for (int s = 0; s < scales; s++) {
      int side = config.coarseGrid() << s;
      maxPatches[s] = Math.multiplyExact(side, side);
      requestTokens = Math.addExact(requestTokens, maxPatches[s] + 1);
      requestCanvas += (long) maxPatches[s] * patchElements;
      kvBytes += backend.kvBytes(heads, hidden / heads, maxPatches[s] + 1);
    }
    canvasElements = Math.toIntExact(requestCanvas);
    int finest = maxPatches[scales - 1];
    int tokens = Math.multiplyExact(maxBatch, requestTokens);
    int tokenRows = backend.linearRows(tokens);
    int patches = backend.linearRows(Math.multiplyExact(maxBatch, finest));
    int requests = backend.linearRows(maxBatch);

    canvas = plan.tensor("image pyramids", ElementType.F32, maxBatch, canvasElements);
    mask = new Tensor[scales];
    indices = new Tensor[scales];
    for (int s = 0; s < scales; s++) {
      mask[s] = plan.tensor("selection", ElementType.U8, maxBatch, maxPatches[s]);
      indices[s] = plan.tensor("selection", ElementType.I32, maxBatch, maxPatches[s]);
    }
    patchRows = plan.tensor("patches", activation, patches, patchElements);
    patchEmbeddings = plan.tensor("patches", ElementType.F32, patches, hidden);
    x = plan.tensor("tokens", ElementType.F32, tokens, hidden);
    norm = plan.tensor("tokens", activation, tokenRows, hidden);
    qkv = plan.tensor("tokens", ElementType.F32, tokenRows, 3 * hidden);
    q = plan.tensor("tokens", backend.queryType(), tokenRows, hidden);
    context = plan.tensor("tokens", activation, tokenRows, hidden);
    intermediate = plan.tensor("tokens", activation, tokenRows, config.intermediateSize());
    residual = plan.tensor("tokens", ElementType.F32, tokenRows, hidden);
    reg = plan.tensor("heads", ElementType.F32, requests, hidden);
    regNorm = plan.tensor("heads", ElementType.F32, requests, hidden);
    boxHidden1 = plan.tensor("heads", ElementType.F32, requests, hidden);
    boxHidden2 = plan.tensor("heads", ElementType.F32, requests, hidden);
    box = plan.tensor("heads", ElementType.F32, requests, 4);
    score = plan.tensor("heads", ElementType.F32, requests, 1);
    selectionHidden = plan.tensor("selection", activation, patches, hidden);
    logits = plan.tensor("selection", ElementType.F32, patches, 4);
    kvLayerStride = Math.multiplyExact(maxBatch, kvBytes);
    kvMemory = plan.tensor("KV cache", ElementType.U8, config.numHiddenLayers() * kvLayerStride, 1);
  }

  /** Allocates everything. */
  void reserve(Backend backend) {
    plan.reserve(backend);
    tables = new Tables(this, backend);
  }

  Tables tables() {
    return tables;
  }
}
