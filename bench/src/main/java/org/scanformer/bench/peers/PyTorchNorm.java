package org.scanformer.bench.peers;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** A layer norm's scale and shift, [hidden] each. */
record PyTorchNorm(TensorOptional weight, TensorOptional bias, double epsilon) {
  Tensor apply(Tensor x) {
    return torch.layer_norm(x, new long[] {x.size(-1)}, weight, bias, epsilon, true);
  }
}
