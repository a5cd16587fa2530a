package org.scanformer.bench.peers;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.ListType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OptionalType;
import org.bytedeco.pytorch.Tensor;

/**
 * A linear layer through oneDNN, its weight in oneDNN's own layout: the operators that {@code
 * torch.compile} puts in the place of frozen linear layers, followed by a fused activation or sum.
 */
final class PyTorchPackedLinear implements PyTorchLinear {
  private static final OperatorHandle POINTWISE = operator("_linear_pointwise", "");
  private static final OperatorHandle BINARY = operator("_linear_pointwise", "binary");
  private static final OperatorHandle REORDER = operator("_reorder_linear_weight", "");
  private static final IValue NONE = keep(new IValue("none"));
  private static final IValue GELU = keep(new IValue("gelu"));
  private static final IValue RELU = keep(new IValue("relu"));
  private static final IValue SIGMOID = keep(new IValue("sigmoid"));
  private static final IValue ADD = keep(new IValue("add"));

  /** No arguments of the activation; "none" as its algorithm is the exact GELU. */
  private static final IValue NO_SCALARS =
      keep(new IValue(new GenericList(OptionalType.get(ListType.ofNumbers().containedType(0)))));

  private final IValue weight;
  private final IValue bias;

  /**
   * Lays a layer out.
   *
   * @param weight [out, in]
   * @param bias [out]
   */
  PyTorchPackedLinear(Tensor weight, Tensor bias) {
    try (IValue plain = new IValue(weight);
        IValue anyNumberOfRows = new IValue();
        Tensor packed = call(REORDER, plain, anyNumberOfRows)) {
      this.weight = keep(new IValue(packed));
    }
    this.bias = keep(new IValue(bias));
  }

  private static OperatorHandle operator(String name, String overload) {
    return keep(Dispatcher.singleton().findSchemaOrThrow("mkldnn::" + name, overload));
  }

  /** Lets a pointer outlive the scope that it is made in. */
  private static <P extends Pointer> P keep(P pointer) {
    pointer.retainReference();
    return pointer;
  }

  private static Tensor call(OperatorHandle operator, IValue... arguments) {
    try (IValueVector stack = new IValueVector(arguments)) {
      operator.callBoxed(stack);
      // The result lies in the stack; this is a reference of its own to the same values.
      return new Tensor(stack.get(0).toTensor());
    }
  }

  private Tensor call(Tensor x, IValue activation) {
    try (IValue input = new IValue(x)) {
      return call(POINTWISE, input, weight, bias, activation, NO_SCALARS, NONE);
    }
  }

  @Override
  public Tensor apply(Tensor x) {
    return call(x, NONE);
  }

  @Override
  public Tensor gelu(Tensor x) {
    return call(x, GELU);
  }

  @Override
  public Tensor relu(Tensor x) {
    return call(x, RELU);
  }

  @Override
  public Tensor sigmoid(Tensor x) {
    return call(x, SIGMOID);
  }

  @Override
  public Tensor add(Tensor x, Tensor other) {
    try (IValue input = new IValue(x);
        IValue summand = new IValue(other)) {
      return call(BINARY, input, summand, weight, bias, ADD);
    }
  }

  @Override
  public void close() {
    weight.releaseReference();
    bias.releaseReference();
  }
}
