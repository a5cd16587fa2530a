package org.scanformer.bench.peers;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.global.torch;

/**
 * While it is open, the thread's tensors are made in inference mode and with the given numbers of
 * threads; closing it frees those that are not kept. Opened and closed by one thread.
 */
final class PyTorchScope implements AutoCloseable {
  private final PointerScope pointers = new PointerScope();
  private final InferenceMode mode = new InferenceMode(true);

  /**
   * Opens it.
   *
   * @param blasThreads OpenBLAS's own threads. PyTorch's threads each call it for a head of the
   *     attention, where more than one of its own only wait for each other; linear layers that go
   *     through it need them.
   */
  PyTorchScope(int threads, int blasThreads) {
    torch.set_num_threads(threads);
    openblas_nolapack.blas_set_num_threads(blasThreads);
  }

  @Override
  public void close() {
    mode.close();
    pointers.close();
  }
}
