package org.scanformer.internal.engine;

import org.scanformer.internal.model.ModelConfig;

/**
 * Floating-point operations of the model, a multiply-add counted as two; norms, softmax and other
 * terms that are linear in the tokens are left out.
 */
public final class Flops {
  private final ModelConfig config;

  /** Of that model. */
  public Flops(ModelConfig config) {
    this.config = config;
  }

  /**
   * One segment through all layers, its last layer only for the [REG] token as the engine runs it,
   * with its patch projection, selection head and box head.
   *
   * @param patches selected patches of the segment
   * @param tokens tokens of the segment
   * @param keys tokens that its tokens attend to: those of earlier segments and its own
   * @param selects whether the selection head runs on it
   */
  public double scale(int patches, int tokens, int keys, boolean selects) {
    double hidden = config.hiddenSize();
    double patch = (double) config.numChannels() * config.patchSize() * config.patchSize();
    int layers = config.numHiddenLayers();
    double macs = patches * patch * hidden;
    macs += (layers - 1) * (tokens * qkvMacs() + tokens * queryMacs(keys));
    macs += tokens * qkvMacs() + queryMacs(keys);
    if (selects) {
      macs += patches * (hidden * hidden + 4 * hidden);
    }
    macs += 2 * hidden * hidden + 4 * hidden + (config.scoreHead() ? hidden : 0);
    return 2 * macs;
  }

  /** A text through all layers; of the last one only its keys and values are needed. */
  public double text(int tokens) {
    int layers = config.numHiddenLayers();
    return 2 * (layers * tokens * qkvMacs() + (layers - 1) * tokens * queryMacs(tokens));
  }

  private double qkvMacs() {
    return 3.0 * config.hiddenSize() * config.hiddenSize();
  }

  private double queryMacs(int keys) {
    double hidden = config.hiddenSize();
    return 2 * keys * hidden + hidden * hidden + 2 * hidden * config.intermediateSize();
  }
}
