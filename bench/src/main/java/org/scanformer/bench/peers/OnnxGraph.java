package org.scanformer.bench.peers;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scanformer.Schedule;
import org.scanformer.bench.Workload;
import org.scanformer.bench.peers.OnnxOperations.Stream;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.SafetensorsFile;

/**
 * The model with every patch selected at every scale as ONNX graphs of fixed shapes, in the form
 * that was fastest on ONNX Runtime's CPU provider. As nothing is discarded there is no constant
 * token, and all scales run through the layers at once. There is no selection head, whose answer
 * the masks replace, and no score head, whose answer is not asked for.
 *
 * <p>Each segment's queries attend, in an operation of their own, to the keys up to its end. So no
 * product is made that a block-causal mask would throw away.
 *
 * <p>B requests, t tokens of text, T tokens of a request that the graph runs, C hidden size. Not
 * safe for use by several threads.
 */
final class OnnxGraph {
  /** Input of the text's tokens, int64 [B, t], where the text is run. */
  static final String IDS = "ids";

  /** Output, (cx, cy, w, h) of each request's scales that have a box, [B, {@link #boxes}, 4]. */
  static final String BOXES = "boxes";

  private final Workload work;
  private final ModelConfig config;
  private final OnnxBuilder onnx;
  private final OnnxOperations operations;
  private final int batch;
  private final int hidden;

  /** Tokens of the text whose keys and values come as inputs. */
  private final int cachedText;

  /**
   * Queries that lie one after another and see the same keys.
   *
   * @param begin the first of them in a request
   * @param end after the last of them
   * @param keys how many they see, the cached ones among them
   */
  private record Span(int begin, int end, int keys) {}

  /** The segments that the graph runs. */
  private final List<Span> segments = new ArrayList<>();

  /** The segments' tokens without their positions, each [B, n, C]. */
  private final List<String> tokens = new ArrayList<>();

  /** What is added to each token of a request, C elements each. */
  private final List<float[]> positions = new ArrayList<>();

  private OnnxGraph(Workload work, SafetensorsFile file, int cachedText) {
    this.work = work;
    this.config = work.config();
    this.onnx = new OnnxBuilder(file);
    this.batch = work.batch();
    this.hidden = config.hiddenSize();
    this.operations = new OnnxOperations(onnx, batch, hidden, config.layerNormEps());
    this.cachedText = cachedText;
  }

  /** Input of a scale's canvases, [B, 3, rows * patch, cols * patch]. */
  static String pixels(int scale) {
    return "pixels." + scale;
  }

  /** Keys of a cached text, [B, t, C]: output of the text's graph, input of the other. */
  static String textKeys(int layer) {
    return "text.keys." + layer;
  }

  /** Values of a cached text, see {@link #textKeys}. */
  static String textValues(int layer) {
    return "text.values." + layer;
  }

  /** How many of a request's scales have a box; the last of them is the answer. */
  static int boxes(Workload work) {
    return work.schedule() == Schedule.PER_SCALE ? work.config().numScales() : 1;
  }

  /** The folder that the graphs' weights are in. */
  static Path weightsFolder(Workload work) {
    return work.directory().toAbsolutePath();
  }

  private static SafetensorsFile open(Workload work) {
    return SafetensorsFile.open(weightsFolder(work).resolve("model.safetensors"));
  }

  /** From ids to the text's keys and values in every layer. */
  static byte[] text(Workload work) {
    try (SafetensorsFile file = open(work)) {
      OnnxGraph graph = new OnnxGraph(work, file, 0);
      graph.embedText();
      graph.encodeText();
      return graph.onnx.build();
    }
  }

  /**
   * From canvases, and ids or a cached text's keys and values, to boxes. The schedules differ in
   * how many boxes are asked for.
   */
  static byte[] scan(Workload work) {
    try (SafetensorsFile file = open(work)) {
      OnnxGraph graph = new OnnxGraph(work, file, work.textCached() ? work.ids().length : 0);
      if (!work.textCached()) {
        graph.embedText();
      }
      for (int s = 0; s < work.config().numScales(); s++) {
        graph.embedScale(s);
      }
      graph.encodeScan();
      return graph.onnx.build();
    }
  }

  // ---- Tokens ----

  private void addSegment(int length) {
    int begin = end();
    int end = begin + length;
    segments.add(new Span(begin, end, cachedText + end));
  }

  /** Tokens of a request so far. */
  private int end() {
    return segments.isEmpty() ? 0 : segments.get(segments.size() - 1).end;
  }

  private void embedText() {
    int length = work.ids().length;
    String text = "embeddings.text_embeddings.";
    float[] position = onnx.read(text + "position_embeddings.weight");
    float[] type = onnx.read(text + "token_type_embeddings.weight");
    float[] added = new float[length * hidden];
    for (int i = 0; i < added.length; i++) {
      added[i] = position[i] + type[i % hidden];
    }
    String ids = onnx.input(IDS, TensorProto.DataType.INT64, batch, length);
    String words = onnx.node("Gather", List.of(onnx.weight(text + "word_embeddings.weight"), ids));
    String place = onnx.constant(added, 1, length, hidden);
    tokens.add(
        operations
            .addAndNormalize(words, place, "", text + "LayerNorm", config.textLayerNormEps())
            .norm());
    float[] modality = Arrays.copyOf(onnx.read("embeddings.token_type_embeddings.weight"), hidden);
    for (int i = 0; i < length; i++) {
      positions.add(modality);
    }
    addSegment(length);
  }

  private void embedScale(int scale) {
    int rows = work.mask(scale).rows();
    int cols = work.mask(scale).cols();
    int patch = config.patchSize();
    String projection = "embeddings.patch_embeddings.projection.";
    float[] stored = onnx.read("embeddings.position_embeddings");
    float[] modality = onnx.read("embeddings.token_type_embeddings.weight");
    float[] scales = onnx.read("embeddings.scale_embeddings.weight");
    float[] place = new float[hidden];
    for (int c = 0; c < hidden; c++) {
      place[c] = modality[hidden + c] + scales[scale * hidden + c];
    }

    tokens.add(onnx.constant(new float[batch * hidden], batch, 1, hidden));
    positions.add(sum(onnx.read("embeddings.cls_token"), Arrays.copyOf(stored, hidden), place));

    String pixels = onnx.input(pixels(scale), batch, 3, rows * patch, cols * patch);
    String patches =
        onnx.node(
            "Conv",
            List.of(pixels, onnx.weight(projection + "weight")),
            OnnxBuilder.integers("kernel_shape", patch, patch),
            OnnxBuilder.integers("strides", patch, patch));
    tokens.add(
        onnx.node(
            "Transpose",
            List.of(operations.reshape(patches, batch, hidden, rows * cols)),
            OnnxBuilder.integers("perm", 0, 2, 1)));
    float[] bias = onnx.read(projection + "bias");
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        positions.add(sum(position(stored, gridAt(i, rows), gridAt(j, cols)), bias, place));
      }
    }
    addSegment(1 + rows * cols);
  }

  /** Where a row or column of a scale lies along the stored grid, corner on corner. */
  private double gridAt(int index, int length) {
    return length == 1 ? 0 : (double) index * (config.positionGrid() - 1) / (length - 1);
  }

  /** The stored grid of positions, interpolated bilinearly. */
  private float[] position(float[] stored, double y, double x) {
    int grid = config.positionGrid();
    float[] sum = new float[hidden];
    for (int i = (int) y; i <= Math.min((int) y + 1, grid - 1); i++) {
      for (int j = (int) x; j <= Math.min((int) x + 1, grid - 1); j++) {
        double weight = (1 - Math.abs(y - i)) * (1 - Math.abs(x - j));
        for (int c = 0; c < hidden; c++) {
          sum[c] += (float) (weight * stored[(1 + i * grid + j) * hidden + c]);
        }
      }
    }
    return sum;
  }

  private float[] sum(float[]... terms) {
    float[] sum = new float[hidden];
    for (float[] term : terms) {
      for (int c = 0; c < hidden; c++) {
        sum[c] += term[c];
      }
    }
    return sum;
  }

  // ---- Encoder ----

  private static String layer(int number) {
    return "encoder.layer." + number + ".";
  }

  /** All tokens with their positions, and normalised for the first layer. */
  private Stream begin() {
    float[] added = new float[end() * hidden];
    for (int i = 0; i < positions.size(); i++) {
      System.arraycopy(positions.get(i), 0, added, i * hidden, hidden);
    }
    Stream sum =
        operations.addAndNormalize(
            onnx.node("Concat", tokens, OnnxBuilder.integer("axis", 1)),
            onnx.constant(added, 1, end(), hidden),
            "",
            layer(0) + "layernorm_before",
            config.layerNormEps());
    return new Stream(operations.rows(sum.x(), end()), operations.rows(sum.norm(), end()));
  }

  private void encodeText() {
    int length = end();
    int layers = config.numHiddenLayers();
    Stream stream = begin();
    for (int i = 0; i < layers; i++) {
      String keys =
          operations.requests(
              operations.linear(stream.norm(), layer(i) + "attention.attention.key"), length);
      String values =
          operations.requests(
              operations.linear(stream.norm(), layer(i) + "attention.attention.value"), length);
      onnx.output(textKeys(i), keys, batch, length, hidden);
      onnx.output(textValues(i), values, batch, length, hidden);
      if (i < layers - 1) {
        stream = block(i, stream, segments, keys, values, layer(i + 1) + "layernorm_before");
      }
    }
  }

  private void encodeScan() {
    int last = config.numHiddenLayers() - 1;
    Stream stream = begin();
    for (int i = 0; i < last; i++) {
      String keys = keys(i, stream);
      String values = values(i, stream);
      stream = block(i, stream, segments, keys, values, layer(i + 1) + "layernorm_before");
    }

    // After the last layer's keys and values only the [REG] tokens with a box are needed.
    int boxes = boxes(work);
    List<Span> asked = segments.subList(segments.size() - boxes, segments.size());
    String index = onnx.constant(asked.stream().mapToLong(Span::begin).toArray());
    List<Span> regs = new ArrayList<>();
    for (Span segment : asked) {
      regs.add(new Span(regs.size(), regs.size() + 1, segment.keys));
    }
    String keys = keys(last, stream);
    String values = values(last, stream);
    Stream reg = new Stream(gather(stream.x(), index, boxes), gather(stream.norm(), index, boxes));
    String r = block(last, reg, regs, keys, values, "layernorm").norm();
    r = onnx.node("Relu", List.of(operations.linear(r, "box_head.layers.0")));
    r = onnx.node("Relu", List.of(operations.linear(r, "box_head.layers.1")));
    r = onnx.node("Sigmoid", List.of(operations.linear(r, "box_head.layers.2")));
    onnx.output(BOXES, operations.reshape(r, batch, boxes, 4), batch, boxes, 4);
  }

  /** Rows of each request, [B * T, C] to [B * n, C]. */
  private String gather(String x, String index, int n) {
    String of = operations.requests(x, end());
    return operations.rows(
        onnx.node("Gather", List.of(of, index), OnnxBuilder.integer("axis", 1)), n);
  }

  private String keys(int i, Stream stream) {
    String keys = operations.linear(stream.norm(), layer(i) + "attention.attention.key");
    return afterText(textKeys(i), operations.requests(keys, end()));
  }

  private String values(int i, Stream stream) {
    String values = operations.linear(stream.norm(), layer(i) + "attention.attention.value");
    return afterText(textValues(i), operations.requests(values, end()));
  }

  private String afterText(String input, String own) {
    if (cachedText == 0) {
      return own;
    }
    String text = onnx.input(input, batch, cachedText, hidden);
    return onnx.node("Concat", List.of(text, own), OnnxBuilder.integer("axis", 1));
  }

  /**
   * A block from its queries on.
   *
   * @param spans of the stream's rows
   * @param keys [B, all, C]
   * @param values as the keys
   * @param nextNorm what the result is normalised with
   */
  private Stream block(
      int i, Stream stream, List<Span> spans, String keys, String values, String nextNorm) {
    String queries = operations.linear(stream.norm(), layer(i) + "attention.attention.query");
    String context = attention(queries, keys, values, spans);
    Stream middle =
        operations.linearAndNormalize(
            stream.x(), context, layer(i) + "attention.output.dense", layer(i) + "layernorm_after");
    String intermediate = operations.linear(middle.norm(), layer(i) + "intermediate.dense");
    String activated = onnx.node("Gelu", List.of(intermediate));
    return operations.linearAndNormalize(
        middle.x(), activated, layer(i) + "output.dense", nextNorm);
  }

  /** Attention of [B * n, C] queries; without a mask it is not spelled out in memory. */
  private String attention(String queries, String keys, String values, List<Span> spans) {
    int n = spans.get(spans.size() - 1).end;
    long[] lengths = spans.stream().mapToLong(span -> span.end - span.begin).toArray();
    List<String> parts =
        onnx.nodes(
            "",
            "Split",
            List.of(operations.requests(queries, n), onnx.constant(lengths)),
            spans.size(),
            OnnxBuilder.integer("axis", 1));
    List<String> contexts = new ArrayList<>();
    for (int s = 0; s < spans.size(); s++) {
      int seen = spans.get(s).keys;
      contexts.add(
          onnx.nodes(
                  OnnxBuilder.MICROSOFT,
                  "MultiHeadAttention",
                  List.of(parts.get(s), head(keys, seen), head(values, seen)),
                  1,
                  OnnxBuilder.integer("num_heads", config.numAttentionHeads()))
              .get(0));
    }
    return operations.rows(onnx.node("Concat", contexts, OnnxBuilder.integer("axis", 1)), n);
  }

  /** The first tokens of each request, [B, all, C] to [B, n, C]. */
  private String head(String x, int n) {
    if (n == cachedText + end()) {
      return x;
    }
    return onnx.node("Slice", List.of(x, onnx.constant(0), onnx.constant(n), onnx.constant(1)));
  }
}
