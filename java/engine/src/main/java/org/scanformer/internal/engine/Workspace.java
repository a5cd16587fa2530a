package org.scanformer.internal.engine;

import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.BatchSegmentTable;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.GridTable;
import org.scanformer.internal.backend.KvSegmentTable;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.TableGroup;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.model.ModelConfig;

/**
 * Every array that a batch needs, for a declared maximum of requests, sizes and patches. Arrays
 * that linear layers touch have room for the rounding of their rows. Not safe for use by several
 * threads.
 */
final class Workspace {
  /** Kernels: two norms, four products, bias or activation after three, append and attention. */
  private static final int OPERATIONS_OF_LAYER = 11;

  /** Tables, compaction, patches, tokens, selection and heads. */
  private static final int OTHER_OPERATIONS = 32;

  final int maxBatch;
  final int scales;

  final Limits limits;

  /** Patches of a scale's largest grid. */
  final int[] maxPatches;

  /** Patches of it that may be selected. */
  final int[] maxSelected;

  /** Elements of one request's pyramid. */
  final int canvasElements;

  /** The images' pyramids, [maxBatch, canvasElements]. */
  final Tensor canvas;

  /** The selected patches' indices, for each scale [maxBatch, maxPatches], in the masks' layout. */
  final Tensor indices;

  /** Gathered patches, [patches, 3 P P], and their embeddings, [patches, hidden]. */
  final Tensor patchRows;

  final Tensor patchEmbeddings;

  /**
   * The residual stream of all tokens of the batch, [*, hidden]: each scale's from its row in
   * {@link #firstRow} on, so that a scale's place does not depend on the selection in earlier ones.
   */
  final Tensor x;

  final int[] firstRow;

  /** The same packed, for the pass over all of them. */
  final Tensor finalX;

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

  /** The patches' own boxes, and how likely each is one of the object's, [patches, …]. */
  final Tensor candidateBoxes;

  final Tensor candidateScores;

  private final Tensor kvMemory;
  private final long kvLayerStride;
  private final MemoryPlan plan;
  private final ModelConfig config;
  final Tables tables;

  /** The small arrays that the host fills or reads, and what hands out the cache. */
  static final class Tables {
    /** What a scale reads: it is sent before each. */
    final TableGroup scale = new TableGroup();

    /** What the pass over all tokens reads beside the segments. */
    final TableGroup all = new TableGroup();

    /** What the host reads after each scale and each pass. */
    final TableGroup answers = new TableGroup();

    /** What the host reads at the end, where candidates are asked for. */
    final TableGroup candidates = new TableGroup();

    /** Only the masks: read at the end, and sent when the caller gives some. */
    final TableGroup masks = new TableGroup();

    final KvArena kv;
    final GridTable[] grids;
    final KvSegmentTable segments;
    final RaggedBatch scaleBatch;
    final RaggedBatch finalBatch;

    /** The row of each of the final batch's tokens in x, int32. */
    final Table finalRows;

    /** Selected patches of each scale, int32 a request. */
    final Table[] selectedCounts;

    /** What the device packs of a call; and counts of no selected patches, int32 a request. */
    final BatchSegmentTable parts;

    final Table noneSelected;

    /** Boxes [maxBatch, 4] and scores [maxBatch], fp32. */
    final Table boxes;

    final Table scores;

    /** The patches' boxes [patches, 4] and scores [patches], fp32. */
    final Table candidateBoxes;

    final Table candidateScores;

    /** The selected patches, for each scale [maxBatch, maxPatches] bytes. */
    final Table mask;

    /** Rows of the selected patches' tokens, int32. */
    final Table patchTokenRows;

    /** Text tokens: ids, positions and rows, int32. */
    final Table textIds;

    final Table textPositions;
    final Table textRows;

    private Tables(Workspace w, Backend backend) {
      int heads = w.config.numAttentionHeads();
      kv = new KvArena(w.kvMemory, backend, heads, w.config.headSize(), w.kvLayerStride);
      grids = new GridTable[w.scales];
      for (int s = 0; s < w.scales; s++) {
        grids[s] = new GridTable(scale.table((long) w.maxBatch * GridTable.BYTES));
      }
      int maxSegments = w.maxBatch * (w.scales + 1);
      segments = new KvSegmentTable(scale.table((long) maxSegments * KvSegmentTable.BYTES));
      int maxTokens = Math.toIntExact(w.finalX.rows());
      int blockRows = backend.queryBlockRows();
      scaleBatch =
          new RaggedBatch(scale, maxTokens, maxSegments, w.maxBatch, blockRows, backend::passRows);
      patchTokenRows = scale.table(w.logits.rows() * Integer.BYTES);
      int textTokens = backend.linearRows(w.maxBatch * w.config.maxTextLength());
      textIds = scale.table((long) textTokens * Integer.BYTES);
      textPositions = scale.table((long) textTokens * Integer.BYTES);
      textRows = scale.table((long) textTokens * Integer.BYTES);
      finalBatch =
          new RaggedBatch(all, maxTokens, maxSegments, w.maxBatch, blockRows, backend::passRows);
      finalRows = all.table((long) maxTokens * Integer.BYTES);
      parts = new BatchSegmentTable(scale.table((long) maxSegments * BatchSegmentTable.BYTES));
      noneSelected = scale.table((long) w.maxBatch * Integer.BYTES);
      selectedCounts = new Table[w.scales];
      for (int s = 0; s < w.scales; s++) {
        selectedCounts[s] = answers.table((long) w.maxBatch * Integer.BYTES);
      }
      boxes = answers.table(w.box.bytes());
      scores = answers.table(w.score.bytes());
      candidateBoxes = candidates.table(w.candidateBoxes.bytes());
      candidateScores = candidates.table(w.candidateScores.bytes());
      mask = masks.table(w.indices.rows());
    }

    /** Copies one byte a patch of a request's grid, 1 for each patch that the last run selected. */
    void readMask(int s, int request, byte[] to) {
      int from = Math.toIntExact(grids[s].mask(request));
      mask.host().get(from, to, 0, grids[s].total(request));
    }

    private long bytes() {
      return scale.bytes() + all.bytes() + answers.bytes() + candidates.bytes() + masks.bytes();
    }

    private void reserve(Backend backend, Workspace w) {
      scale.reserve(backend);
      all.reserve(backend);
      answers.reserve(backend);
      candidates.reserve(backend);
      masks.reserve(backend);
      // What the heads write is read by the host.
      w.box.bind(boxes.device());
      w.score.bind(scores.device());
      w.candidateBoxes.bind(candidateBoxes.device());
      w.candidateScores.bind(candidateScores.device());
    }
  }

  /**
   * Declares the arrays in a plan.
   *
   * @throws org.scanformer.ScanFormerException OUT_OF_MEMORY when one of them is larger than can be
   *     addressed
   */
  static Workspace declare(ModelConfig config, Limits limits, Backend backend, MemoryPlan plan) {
    try {
      return new Workspace(config, limits, backend, plan);
    } catch (ArithmeticException e) {
      throw MemoryPlan.unaddressable(limits.maxBatch(), e);
    }
  }

  private Workspace(ModelConfig config, Limits limits, Backend backend, MemoryPlan plan) {
    this.config = config;
    this.plan = plan;
    this.limits = limits;
    this.maxBatch = limits.maxBatch();
    this.scales = config.numScales();
    int hidden = config.hiddenSize();
    int heads = config.numAttentionHeads();
    int patchElements = config.numChannels() * config.patchSize() * config.patchSize();
    ElementType activation = backend.activationType();

    maxPatches = new int[scales];
    maxSelected = new int[scales];
    int mostSelected = 0;
    int patchesOfScale = limits.coarsePatches(config);
    firstRow = new int[scales];
    int rows = 0;
    int requestPatches = 0;
    int requestTokens = config.maxTextLength();
    long requestCanvas = 0;
    long kvBytes = backend.kvBytes(heads, hidden / heads, config.maxTextLength());
    for (int s = 0; s < scales; s++) {
      maxPatches[s] = patchesOfScale;
      maxSelected[s] = s == 0 ? patchesOfScale : Math.min(patchesOfScale, limits.maxPatches());
      mostSelected = Math.max(mostSelected, maxSelected[s]);
      patchesOfScale = s < scales - 1 ? Math.multiplyExact(patchesOfScale, 4) : 0;
      // [REG], the selected patches, and one token for the others where there are others.
      int segmentTokens = Math.min(maxSelected[s] + 2, maxPatches[s] + 1);
      requestTokens = Math.addExact(requestTokens, segmentTokens);
      requestPatches += maxPatches[s];
      firstRow[s] = rows;
      int scaleTokens = segmentTokens + (s == 0 ? config.maxTextLength() : 0);
      rows = Math.addExact(rows, backend.linearRows(Math.multiplyExact(maxBatch, scaleTokens)));
      requestCanvas += (long) maxPatches[s] * patchElements;
      kvBytes += backend.kvBytes(heads, hidden / heads, segmentTokens);
    }
    canvasElements = Math.toIntExact(requestCanvas);
    int tokens = Math.multiplyExact(maxBatch, requestTokens);
    int tokenRows = backend.linearRows(tokens);
    int patches = backend.linearRows(Math.multiplyExact(maxBatch, mostSelected));
    int requests = backend.linearRows(maxBatch);

    canvas = plan.tensor("image pyramids", ElementType.F32, maxBatch, canvasElements);
    indices = plan.tensor("selection", ElementType.I32, (long) maxBatch * requestPatches, 1);
    patchRows = plan.tensor("patches", activation, patches, patchElements);
    patchEmbeddings = plan.tensor("patches", ElementType.F32, patches, hidden);
    x = plan.tensor("tokens", ElementType.F32, rows, hidden);
    finalX = plan.tensor("tokens", ElementType.F32, tokenRows, hidden);
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
    box = new Tensor("boxes", ElementType.F32, requests, 4);
    score = new Tensor("scores", ElementType.F32, requests, 1);
    selectionHidden = plan.tensor("selection", activation, patches, hidden);
    logits = plan.tensor("selection", ElementType.F32, patches, 4);
    candidateBoxes = new Tensor("candidates", ElementType.F32, patches, 4);
    candidateScores = new Tensor("candidates", ElementType.F32, patches, 1);
    kvLayerStride = Math.multiplyExact(maxBatch, kvBytes);
    kvMemory = plan.tensor("KV cache", ElementType.U8, config.numHiddenLayers() * kvLayerStride, 1);
    tables = new Tables(this, backend);
    plan.count("tables", tables.bytes());
    plan.count("frames", stagingBytes(backend));
    plan.count("workspaces of products", backend.ownBytes());
    int operations = OPERATIONS_OF_LAYER * config.numHiddenLayers() + OTHER_OPERATIONS;
    plan.count("recorded work", backend.recordingBytes(operations));
    if (limits.oneGraph() && WholeCallSizes.fit(backend, maxPatches, maxSelected)) {
      int encoder1 = config.encoder1Layers();
      int layers = Math.max(encoder1, config.numHiddenLayers() - encoder1);
      int bodies = 1 + WholeCallSizes.sum(backend, maxPatches, maxSelected);
      plan.count(
          "recorded calls",
          backend.switchingBytes(bodies, OPERATIONS_OF_LAYER * layers + OTHER_OPERATIONS));
    }
  }

  /** Allocates everything. */
  void reserve(Backend backend) {
    plan.reserve(backend);
    tables.reserve(backend, this);
    if (limits.frameBytes() > 0) {
      backend.reservePixels(stagingBytes(backend));
    }
  }

  private long stagingBytes(Backend backend) {
    return backend.stagingBytes(limits.frameBytes(), limits.maxBatch());
  }
}
