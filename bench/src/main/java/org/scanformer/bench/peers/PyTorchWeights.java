package org.scanformer.bench.peers;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.ModelDirectory;
import org.scanformer.internal.model.TensorNames;

/** Reads the weights of a model's directory, which stays open meanwhile, as tensors of PyTorch. */
final class PyTorchWeights {
  private final ModelDirectory directory;
  private final Map<String, long[]> shapes;
  private final ScalarType type;
  private final boolean packed;
  private final PyTorchKept kept;

  /**
   * A reader.
   *
   * @param type of the tensors, if not said otherwise
   * @param packed whether linear layers are laid out for oneDNN
   * @param kept keeps layers and norms
   */
  PyTorchWeights(
      ModelConfig config,
      ModelDirectory directory,
      ScalarType type,
      boolean packed,
      PyTorchKept kept) {
    this.directory = directory;
    this.shapes = TensorNames.shapes(config);
    this.type = type;
    this.packed = packed;
    this.kept = kept;
  }

  /** A tensor in fp32. */
  Tensor fp32(String name) {
    long[] shape = shapes.get(name);
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    float[] data = new float[Math.toIntExact(elements)];
    directory.read(name, 0, FloatBuffer.wrap(data));
    return Tensor.create(data, shape);
  }

  /** A tensor in the model's type. */
  Tensor tensor(String name) {
    return fp32(name).to(type);
  }

  /** A layer norm, kept. */
  PyTorchNorm norm(String name, double epsilon) {
    return new PyTorchNorm(
        kept.keep(new TensorOptional(tensor(name + ".weight"))),
        kept.keep(new TensorOptional(tensor(name + ".bias"))),
        epsilon);
  }

  /** One linear layer, or several on the same input as one; kept. */
  PyTorchLinear linear(String... names) {
    Tensor[] weights = new Tensor[names.length];
    Tensor[] biases = new Tensor[names.length];
    for (int i = 0; i < names.length; i++) {
      weights[i] = tensor(names[i] + ".weight").flatten(1, -1);
      biases[i] = tensor(names[i] + ".bias");
    }
    return pack(PyTorchModel.cat(0, weights), PyTorchModel.cat(0, biases));
  }

  /** A linear layer of a head on [REG], in fp32; kept. */
  PyTorchLinear head(String name) {
    return pack(fp32(name + ".weight"), fp32(name + ".bias"));
  }

  private PyTorchLinear pack(Tensor weight, Tensor bias) {
    PyTorchLinear linear =
        packed ? new PyTorchPackedLinear(weight, bias) : new PyTorchPlainLinear(weight, bias);
    return kept.keep(linear);
  }
}
