package org.scanformer.internal.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.KvAppendTable;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.Tensor;

/**
 * The linear layers of a backend: those of few rows by our own kernel or the library, whichever was
 * faster on the device when a session of the process first met the shape, all others by the
 * library. Used by one thread at a time.
 */
final class CudaProducts implements AutoCloseable {
  /** How a shape's product is chosen; all but the first are for tests. */
  enum Policy {
    /** The fastest. */
    TIMED,
    /** Our own wherever it can. */
    OWN,
    /** The library's. */
    CUBLAS,
    /** One or the other by the shape. */
    MIXED
  }

  /** What follows the product. */
  private enum Kind {
    LINEAR,
    ADD,
    APPEND_KV
  }

  /** What a choice is made for; rows are rounded up, so that few shapes are met. */
  private record Shape(
      Kind kind, int rows, int out, int in, ElementType type, ElementType result, Activation then) {
    String text() {
      return String.join(
          " ",
          kind.toString(),
          Integer.toString(rows),
          Integer.toString(out),
          Integer.toString(in),
          type.toString(),
          result.toString(),
          then.toString());
    }
  }

  private final Matmul library;
  private final TensorMatmul own;
  private final FewRowsLinear fewRows;
  private final Policy policy;
  private final ToDoubleFunction<Runnable> timer;
  private final MatmulChoices shared;

  /** Those that were met on this stream. */
  private final Map<Shape, MatmulChoice> choices = new HashMap<>();

  /**
   * Linear layers on a stream.
   *
   * @param library products of any shape; closed with this
   * @param own products of few rows, or null for none
   * @param fewRows layers of very few rows in fp32, computed by it but under {@link Policy#CUBLAS}
   * @param timer tells the milliseconds of work; used by {@link Policy#TIMED} alone
   * @param shared where choices by time are kept; used by {@link Policy#TIMED} alone
   */
  CudaProducts(
      Matmul library,
      TensorMatmul own,
      FewRowsLinear fewRows,
      Policy policy,
      ToDoubleFunction<Runnable> timer,
      MatmulChoices shared) {
    this.library = library;
    this.own = own;
    this.fewRows = fewRows;
    this.policy = policy;
    this.timer = timer;
    this.shared = shared;
  }

  /** y = activation(x · weightsᵀ + bias), enqueued. */
  void linear(Tensor x, int rows, CudaLinear linear, Activation activation, Tensor y) {
    if (policy != Policy.CUBLAS && fewRows.takes(rows, linear, y)) {
      fewRows.linear(rows, linear, x, activation, y);
      return;
    }
    run(
        Kind.LINEAR,
        rows,
        linear,
        activation,
        y,
        choice -> {
          if (choice.own() != null) {
            own.linear(rows, linear, x, activation, null, y, choice.own());
          } else {
            library.linear(rows, linear, x, activation, y, choice.algorithm());
          }
        });
  }

  /**
   * Adds x · weightsᵀ + bias to `to`, or leaves it in y.
   *
   * @return what is still to be added: y, or null
   */
  Tensor linearToAdd(Tensor x, int rows, CudaLinear linear, Tensor to, Tensor y) {
    // A product that is timed runs several times: it must not add.
    MatmulChoice chosen =
        choice(
            Kind.ADD,
            rows,
            linear,
            Activation.IDENTITY,
            y,
            choice -> {
              if (choice.own() != null) {
                own.linear(rows, linear, x, Activation.IDENTITY, y, y, choice.own());
              } else {
                library.linear(rows, linear, x, Activation.IDENTITY, y, choice.algorithm());
              }
            });
    if (chosen.own() == null) {
      library.linear(rows, linear, x, Activation.IDENTITY, y, chosen.algorithm());
      return y;
    }
    own.linear(rows, linear, x, Activation.IDENTITY, to, to, chosen.own());
    return null;
  }

  /**
   * Queries, keys and values into q and the cache. qkv is where the library's product goes.
   *
   * @param append the append of what is in qkv, enqueued
   */
  void linearAppendKv(
      KvAppendTable appends,
      int rows,
      int heads,
      int headSize,
      int layer,
      Tensor x,
      CudaLinear linear,
      Tensor bias,
      Table counts,
      Tensor qkv,
      Tensor q,
      Runnable append) {
    if (own == null || !TensorMatmul.takesHeads(headSize)) {
      linear(x, rows, linear, Activation.IDENTITY, qkv);
      append.run();
      return;
    }
    run(
        Kind.APPEND_KV,
        rows,
        linear,
        Activation.IDENTITY,
        qkv,
        choice -> {
          if (choice.own() != null) {
            own.linearAppendKv(
                appends, rows, heads, headSize, layer, x, linear, bias, counts, q, choice.own());
          } else {
            library.linear(rows, linear, x, Activation.IDENTITY, qkv, choice.algorithm());
            append.run();
          }
        });
  }

  private void run(
      Kind kind,
      int rows,
      CudaLinear linear,
      Activation activation,
      Tensor y,
      Consumer<MatmulChoice> product) {
    product.accept(choice(kind, rows, linear, activation, y, product));
  }

  /**
   * What computes that shape's products; the first time it is chosen, by trials where that is the
   * policy.
   */
  private MatmulChoice choice(
      Kind kind,
      int rows,
      CudaLinear linear,
      Activation activation,
      Tensor y,
      Consumer<MatmulChoice> trial) {
    Shape shape =
        new Shape(
            kind,
            CudaBackend.roundedRows(rows),
            linear.out(),
            linear.in(),
            linear.weights().type(),
            y.type(),
            activation);
    MatmulChoice choice = choices.get(shape);
    if (choice == null) {
      choice = choose(shape, linear, y, trial);
      choices.put(shape, choice);
    }
    return choice;
  }

  private MatmulChoice choose(
      Shape shape, CudaLinear linear, Tensor y, Consumer<MatmulChoice> trial) {
    boolean taken = own != null && own.takes(shape.rows(), linear);
    boolean byOwn =
        switch (policy) {
          case OWN -> true;
          case MIXED -> (shape.rows() / 16 + shape.out() / 4 + shape.kind().ordinal()) % 2 == 0;
          default -> false;
        };
    if (policy != Policy.TIMED) {
      return taken && byOwn
          ? MatmulChoice.own(own.divisions(shape.rows(), linear).get(0))
          : MatmulChoice.library(0);
    }
    // A file may hold what was written by hand, or for another version of our kernel.
    Predicate<MatmulChoice> usable =
        choice ->
            choice.own() == null
                || taken && own.divisions(shape.rows(), linear).contains(choice.own());
    MatmulChoice known = shared.get(shape.text(), usable);
    return known != null
        ? known
        : shared.keep(shape.text(), fastest(candidates(shape, linear, y, taken), trial), usable);
  }

  private List<MatmulChoice> candidates(Shape shape, CudaLinear linear, Tensor y, boolean taken) {
    List<MatmulChoice> candidates = new ArrayList<>();
    if (taken) {
      own.divisions(shape.rows(), linear).forEach(d -> candidates.add(MatmulChoice.own(d)));
    }
    int algorithms = library.algorithms(shape.rows(), linear, shape.then(), y);
    for (int i = 0; i < algorithms; i++) {
      candidates.add(MatmulChoice.library(i));
    }
    return candidates;
  }

  private MatmulChoice fastest(List<MatmulChoice> candidates, Consumer<MatmulChoice> trial) {
    MatmulChoice fastest = candidates.get(0);
    double least = Double.POSITIVE_INFINITY;
    for (MatmulChoice candidate : candidates) {
      double time = timer.applyAsDouble(() -> trial.accept(candidate));
      if (time < least) {
        least = time;
        fastest = candidate;
      }
    }
    return fastest;
  }

  @Override
  public void close() {
    library.close();
  }
}
