package org.scanformer.bench.peers;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * What outlives the scope that it is made in, until it is closed. Not safe for use by several
 * threads.
 */
final class PyTorchKept implements AutoCloseable {
  private final List<Pointer> pointers = new ArrayList<>();
  private final List<PyTorchLinear> linears = new ArrayList<>();

  /** Keeps a pointer. */
  <P extends Pointer> P keep(P pointer) {
    pointer.retainReference();
    pointers.add(pointer);
    return pointer;
  }

  /** Keeps a linear layer. */
  PyTorchLinear keep(PyTorchLinear linear) {
    linears.add(linear);
    return linear;
  }

  @Override
  public void close() {
    linears.forEach(PyTorchLinear::close);
    pointers.forEach(Pointer::releaseReference);
  }
}
