package org.scanformer.bench.peers;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A linear layer as a model that is written in PyTorch and left as it is runs it: {@code
 * torch.linear}, which goes through OpenBLAS in fp32, and lays the weight out anew in every call in
 * bf16.
 */
final class PyTorchPlainLinear implements PyTorchLinear {
  private final Tensor weight;
  private final Tensor bias;

  /**
   * Keeps a layer.
   *
   * @param weight [out, in]
   * @param bias [out]
   */
  PyTorchPlainLinear(Tensor weight, Tensor bias) {
    this.weight = weight.contiguous();
    this.bias = bias;
    this.weight.retainReference();
    this.bias.retainReference();
  }

  @Override
  public Tensor apply(Tensor x) {
    return torch.linear(x, weight, bias);
  }

  @Override
  public Tensor gelu(Tensor x) {
    return torch.gelu(apply(x));
  }

  @Override
  public Tensor relu(Tensor x) {
    return torch.relu(apply(x));
  }

  @Override
  public Tensor sigmoid(Tensor x) {
    return torch.sigmoid(apply(x));
  }

  @Override
  public Tensor add(Tensor x, Tensor other) {
    return apply(x).add(other);
  }

  @Override
  public void close() {
    weight.releaseReference();
    bias.releaseReference();
  }
}
