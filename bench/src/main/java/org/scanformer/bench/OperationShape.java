package org.scanformer.bench;

import java.util.Arrays;
import java.util.Set;
import java.util.function.Predicate;
import org.scanformer.Precision;
import org.scanformer.internal.backend.Linear;
import org.scanformer.internal.model.ModelConfig;

/**
 * How an operation at the finest scale is told from others of a call, and what it does.
 *
 * @param methods its names in the backend's interface: a GPU fuses some products with what follows
 * @param matches whether these are its arguments
 * @param work its floating-point operations (linear layers, attention), or the bytes of the arrays
 *     it reads and writes
 */
record OperationShape(Set<String> methods, Predicate<Object[]> matches, double work) {
  /** The operations by the names that {@link OperationBenchmark} gives them. */
  static OperationShape of(String operation, Workload workload) {
    ModelConfig config = workload.config();
    int finest = config.numScales() - 1;
    double hidden = config.hiddenSize();
    double inner = config.intermediateSize();
    double patchPixels = 3.0 * config.patchSize() * config.patchSize();
    int patches = workload.batch() * workload.mask(finest).count();
    int tokens = workload.batch() * workload.tokens(finest);
    double keys = workload.ids().length;
    double canvasPixels = 0;
    for (int s = 0; s <= finest; s++) {
      keys += workload.tokens(s);
      canvasPixels += workload.mask(s).total() * patchPixels;
    }
    final boolean halves =
        workload.precision() == Precision.BF16 || workload.precision() == Precision.FP16;
    final double activation = halves ? 2 : 4;
    return switch (operation) {
      case "pyramid" ->
          new OperationShape(
              Set.of("buildPyramids"),
              with -> true,
              workload.batch() * (3.0 * BenchModel.WIDTH * BenchModel.HEIGHT + 4 * canvasPixels));
      case "gather" ->
          new OperationShape(
              Set.of("gatherPatches"), with -> true, patches * patchPixels * (4 + activation));
      case "linear-patch" -> linear(patches, patchPixels, hidden);
      case "linear-qkv" -> linear(tokens, hidden, 3 * hidden);
      case "linear-projection" -> linear(tokens, hidden, hidden);
      case "linear-fc1" -> linear(tokens, hidden, inner);
      case "linear-fc2" -> linear(tokens, inner, hidden);
      case "append" ->
          new OperationShape(Set.of("appendKv"), with -> true, tokens * hidden * (3 * 4 + 3 * 4));
      case "attention" ->
          // The last layer's has one query a request.
          new OperationShape(
              Set.of("attention"),
              with -> (int) with[1] > workload.batch(),
              4.0 * tokens * keys * hidden);
      case "norm" ->
          new OperationShape(
              Set.of("residualLayerNorm"),
              with -> (int) with[0] > workload.batch() && with[3] != null && with[8] != null,
              tokens * hidden * (3 * 4 + activation));
      default -> throw new IllegalArgumentException("Unknown operation " + operation);
    };
  }

  /** A device may compute some rows more than there are; no other scale has nearly as many. */
  private static OperationShape linear(int rows, double in, double out) {
    return new OperationShape(
        Set.of("linear", "linearToAdd", "linearAppendKv"),
        with -> {
          Linear weights =
              (Linear) Arrays.stream(with).filter(Linear.class::isInstance).findFirst().get();
          int computed = (int) with[1];
          return computed >= rows
              && computed < rows * 3 / 2 + 16
              && weights.in() == in
              && weights.out() == out;
        },
        2 * rows * in * out);
  }
}
