package org.scanformer.bench.peers;

import java.util.List;

/**
 * Operations on values of an ONNX graph that are made of one or a few nodes. B requests, C hidden
 * size. Not safe for use by several threads.
 */
final class OnnxOperations {
  /**
   * A residual stream.
   *
   * @param x [rows, C]
   * @param norm x normalised
   */
  record Stream(String x, String norm) {}

  private final OnnxBuilder onnx;
  private final int batch;
  private final int hidden;
  private final double epsilon;

  /**
   * Operations that add to a graph.
   *
   * @param epsilon of the layer norms after linear layers
   */
  OnnxOperations(OnnxBuilder onnx, int batch, int hidden, double epsilon) {
    this.onnx = onnx;
    this.batch = batch;
    this.hidden = hidden;
    this.epsilon = epsilon;
  }

  /** The same elements in another shape. */
  String reshape(String x, long... shape) {
    return onnx.node("Reshape", List.of(x, onnx.constant(shape)));
  }

  /** [B, n, C] as [B * n, C], which matrix products want. */
  String rows(String x, int n) {
    return reshape(x, (long) batch * n, hidden);
  }

  /** [B * n, C] as [B, n, C]. */
  String requests(String x, int n) {
    return reshape(x, batch, n, hidden);
  }

  /** x · Wᵀ + b. */
  String linear(String x, String name) {
    return onnx.node(
        "Gemm",
        List.of(x, onnx.weight(name + ".weight"), onnx.weight(name + ".bias")),
        OnnxBuilder.integer("transB", 1));
  }

  /** x + linear(input), and that normalised; the bias is added in the same pass over memory. */
  Stream linearAndNormalize(String x, String input, String linear, String norm) {
    String product =
        onnx.node(
            "Gemm",
            List.of(input, onnx.weight(linear + ".weight")),
            OnnxBuilder.integer("transB", 1));
    String bias = onnx.weight(linear + ".bias");
    return addAndNormalize(x, product, bias, norm, epsilon);
  }

  /**
   * x + added + bias, and that normalised: several times faster than ONNX Runtime's
   * LayerNormalization by itself.
   *
   * @param bias [C], or empty
   */
  Stream addAndNormalize(String x, String added, String bias, String norm, double epsilon) {
    List<String> outputs =
        onnx.nodes(
            OnnxBuilder.MICROSOFT,
            "SkipLayerNormalization",
            List.of(x, added, onnx.weight(norm + ".weight"), onnx.weight(norm + ".bias"), bias),
            4,
            OnnxBuilder.real("epsilon", epsilon));
    return new Stream(outputs.get(3), outputs.get(0));
  }
}
