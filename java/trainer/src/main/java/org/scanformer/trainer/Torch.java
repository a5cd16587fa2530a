package org.scanformer.trainer;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.NativeLibraries;

/** PyTorch's start, and short forms of calls to its bindings. */
final class Torch {
  /** Elements that are copied at once: until they are, no garbage can be collected. */
  private static final int PIECE = 1 << 16;

  private Torch() {}

  /**
   * Loads PyTorch's libraries, from a directory that nobody else can write to. Called before
   * anything else of PyTorch.
   *
   * @param libtorch a directory with libraries to use in place of those of the class path, such as
   *     {@code torch/lib} of a Python package, or null. Their version may be a near one: the
   *     bindings are bound to it function by function
   * @param cuda whether the part for CUDA is needed
   * @throws ScanFormerException UNSUPPORTED when there is no such directory, the libraries do not
   *     load, or CUDA is needed and there is no device
   */
  static void start(Path libtorch, boolean cuda) {
    if (libtorch != null) {
      requireFile(libtorch, "libtorch_cpu.so");
      // JavaCPP reads these when it starts. Only its own part still comes from the class path.
      System.setProperty(
          "java.library.path",
          libtorch.toAbsolutePath()
              + File.pathSeparator
              + System.getProperty("java.library.path", ""));
      System.setProperty("org.bytedeco.javacpp.pathsFirst", "true");
    }
    try {
      NativeLibraries.load(
          () -> {
            if (libtorch == null) {
              // PyTorch's OpenMP threads do the work; OpenBLAS's own would only compete with them.
              openblas_nolapack.blas_set_num_threads(1);
            }
            if (libtorch != null && cuda) {
              // First, as PyTorch looks for its part for CUDA once.
              System.load(requireFile(libtorch, "libtorch_cuda.so").toAbsolutePath().toString());
            }
            Loader.load(torch.class);
            return null;
          });
    } catch (LinkageError e) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED, "PyTorch does not start: " + e.getMessage(), e);
    }
    if (cuda) {
      // Its attention prepares each shape that is new to it, and batches have ever new ones.
      torch.globalContext().setSDPUseCuDNN(false);
    }
    if (cuda && !torch.hasCUDA()) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "--device: PyTorch finds no CUDA device; expected one, and PyTorch's build for CUDA"
              + " (-Dpytorch.platform=linux-x86_64-gpu, or --libtorch)");
    }
  }

  private static Path requireFile(Path directory, String name) {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "--libtorch: found no " + name + " in " + directory + ", expected PyTorch's libraries");
    }
    return file;
  }

  static Scalar scalar(double value) {
    return new Scalar(value);
  }

  static Tensor zeros(Device device, ScalarType type, long... shape) {
    TensorOptions options =
        new TensorOptions().dtype(new ScalarTypeOptional(type)).device(new DeviceOptional(device));
    return torch.zeros(shape, options);
  }

  /** A tensor of these values, copied. */
  static Tensor of(Device device, float[] data, long... shape) {
    Tensor host = host(device, ScalarType.Float, data.length, shape);
    if (data.length > 0) {
      // An empty tensor has no address.
      FloatPointer to = host.data_ptr_float();
      for (int i = 0; i < data.length; i += PIECE) {
        to.position(i).put(data, i, Math.min(PIECE, data.length - i));
      }
    }
    return moved(host, device);
  }

  /** A tensor of these values, copied. */
  static Tensor of(Device device, long[] data, long... shape) {
    Tensor host = host(device, ScalarType.Long, data.length, shape);
    if (data.length > 0) {
      LongPointer to = host.data_ptr_long();
      for (int i = 0; i < data.length; i += PIECE) {
        to.position(i).put(data, i, Math.min(PIECE, data.length - i));
      }
    }
    return moved(host, device);
  }

  /** Memory of the host to fill, from which a GPU copies without anybody's waiting for that. */
  private static Tensor host(Device device, ScalarType type, long length, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    if (elements != length) {
      throw new IllegalArgumentException(
          "found " + length + " values for the shape " + Arrays.toString(shape));
    }
    TensorOptions options = new TensorOptions().dtype(new ScalarTypeOptional(type));
    if (device.is_cuda()) {
      options = options.pinned_memory(new BoolOptional(true));
    }
    return torch.empty(shape, options, new MemoryFormatOptional());
  }

  private static Tensor moved(Tensor host, Device device) {
    if (!device.is_cuda()) {
      return host;
    }
    try (host) {
      return host.to(device, host.scalar_type(), true, false, new MemoryFormatOptional());
    }
  }

  /** 1 − x. */
  static Tensor oneMinus(Tensor x) {
    return x.neg().add_(scalar(1));
  }

  static Tensor cat(long dimension, Tensor... parts) {
    return torch.cat(new TensorVector(parts), dimension);
  }

  static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
    long[] shape = {x.size(-1)};
    return torch.layer_norm(
        x, shape, new TensorOptional(weight), new TensorOptional(bias), epsilon, true);
  }

  static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
    return torch.linear(x, weight, new TensorOptional(bias));
  }

  /** Copies row-major values into a tensor with as many elements. */
  static void set(Tensor to, float[] data) {
    try (Tensor source = of(new Device("cpu"), data, to.numel())) {
      to.copy_(source.reshape_as(to));
    }
  }

  /** A tensor's values, row-major. */
  static float[] floats(Tensor tensor) {
    try (Tensor flat = tensor.detach().to(ScalarType.Float).cpu().contiguous()) {
      float[] data = new float[Math.toIntExact(flat.numel())];
      if (data.length > 0) {
        // An empty tensor has no address.
        flat.data_ptr_float().get(data);
      }
      return data;
    }
  }
}
