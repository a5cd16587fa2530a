package org.scanformer.bench.peers;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.scanformer.Schedule;
import org.scanformer.bench.Workload;

/**
 * Patch selection in PyTorch: the selected patches are gathered, one token stands for all others
 * with the logarithm of their number added to its attention logits, and keys and values are kept
 * from scale to scale. Not safe for use by several threads.
 */
@SuppressWarnings("try") // scopes work by being open
public final class PyTorchSelectedPeer implements Peer {
  private final int threads;
  private final Schedule schedule;
  private final PyTorchModel model;
  private final List<PyTorchModel.Patches> patches = new ArrayList<>();

  /** The passes of one scale each; a text that is not cached goes with scale 0. */
  private final List<PyTorchEncoder.Pass> passes = new ArrayList<>();

  /** All scales, for the final-only schedule. */
  private final PyTorchEncoder.Pass finalPass;

  /**
   * Prepares a workload.
   *
   * @throws IllegalArgumentException when it asks for a precision other than fp32 and bf16
   */
  public PyTorchSelectedPeer(Workload workload) {
    threads = workload.threads();
    schedule = workload.schedule();
    try (PyTorchScope scope = new PyTorchScope(threads, 1)) {
      model = new PyTorchModel(workload, true);
      int first = model.firstSegment();
      int scales = model.scales();
      for (int s = 0; s < scales; s++) {
        patches.add(model.patches(workload, s));
        int from = s == 0 ? first : s + 1;
        passes.add(model.encoder().pass(from, s + 2, model.tokens(from, s + 1)));
      }
      finalPass = model.encoder().pass(first, scales + 1, model.tokens(first, scales));
    }
  }

  @Override
  public float[] locate() {
    try (PyTorchScope scope = new PyTorchScope(threads, 1)) {
      return schedule == Schedule.PER_SCALE ? perScale() : finalOnly();
    }
  }

  private float[] perScale() {
    float[] boxes = null;
    for (int s = 0; s < model.scales(); s++) {
      Tensor middle = encoder1(s);
      boxes =
          model.lastBoxes(
              model
                  .encoder()
                  .encode(passes.get(s), middle, model.encoder1Layers(), model.encoder().layers()));
    }
    return boxes;
  }

  private float[] finalOnly() {
    Tensor[] middles = new Tensor[model.scales()];
    for (int s = 0; s < middles.length; s++) {
      middles[s] = encoder1(s);
    }
    Tensor all = PyTorchModel.cat(1, middles);
    return model.lastBoxes(
        model.encoder().encode(finalPass, all, model.encoder1Layers(), model.encoder().layers()));
  }

  /** A scale's tokens after Encoder1, preceded by the text's where both go together. */
  private Tensor encoder1(int s) {
    Tensor tokens = model.embedScale(s, patches.get(s));
    if (s == 0 && model.firstSegment() == 0) {
      tokens = PyTorchModel.cat(1, model.embedText(), tokens);
    }
    Tensor middle = model.encoder().encode(passes.get(s), tokens, 0, model.encoder1Layers());
    if (s < model.scales() - 1) {
      model.childLogits(s, middle);
    }
    return middle;
  }

  @Override
  public void close() {
    model.close();
  }
}
