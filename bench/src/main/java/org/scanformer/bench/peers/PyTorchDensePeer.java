package org.scanformer.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.scanformer.PatchMask;
import org.scanformer.Schedule;
import org.scanformer.bench.Workload;

/**
 * The dense model in PyTorch: all patches of all scales in one pass, each scale seeing itself and
 * what comes before it. Not safe for use by several threads.
 */
@SuppressWarnings("try") // scopes work by being open
public final class PyTorchDensePeer implements Peer {
  private final int threads;
  private final int blasThreads;
  private final PyTorchModel model;
  private final PyTorchEncoder.Pass pass;
  private final List<PyTorchModel.Patches> patches = new ArrayList<>();

  /**
   * Prepares a workload.
   *
   * @param packed whether linear layers are laid out for oneDNN, as {@code torch.compile} does it
   *     for frozen ones; otherwise they are those of a model as it is written
   * @throws IllegalArgumentException when it does not select all patches, or asks for a precision
   *     other than fp32 and bf16
   */
  public PyTorchDensePeer(Workload workload, boolean packed) {
    for (List<PatchMask> masks : workload.masks()) {
      for (int s = 0; s < masks.size(); s++) {
        PatchMask mask = masks.get(s);
        if (mask.count() < mask.total()) {
          throw new IllegalArgumentException(
              "The dense model selects all patches, found a mask of scale "
                  + s
                  + " with "
                  + mask.count()
                  + " of "
                  + mask.total());
        }
      }
    }
    threads = workload.threads();
    blasThreads = packed ? 1 : threads;
    try (PyTorchScope scope = new PyTorchScope(threads, blasThreads)) {
      model = new PyTorchModel(workload, packed);
      int first = model.firstSegment();
      int scales = model.scales();
      for (int s = 0; s < scales; s++) {
        patches.add(model.patches(workload, s));
      }
      int firstBox = workload.schedule() == Schedule.PER_SCALE ? 0 : scales - 1;
      pass =
          model
              .encoder()
              .pass(
                  first,
                  scales + 1,
                  IntStream.range(firstBox, scales)
                      .mapToLong(s -> model.tokens(first, s + 1))
                      .toArray());
    }
  }

  @Override
  public float[] locate() {
    try (PyTorchScope scope = new PyTorchScope(threads, blasThreads)) {
      List<Tensor> segments = new ArrayList<>();
      if (model.firstSegment() == 0) {
        segments.add(model.embedText());
      }
      for (int s = 0; s < model.scales(); s++) {
        segments.add(model.embedScale(s, patches.get(s)));
      }
      Tensor tokens = PyTorchModel.cat(1, segments.toArray(Tensor[]::new));
      return model.lastBoxes(model.encoder().encode(pass, tokens, 0, model.encoder().layers()));
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
