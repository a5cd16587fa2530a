package org.scanformer.internal.engine;

import org.scanformer.Image;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TokenizedText;

/**
 * One request of a batch, ready to run. Reused from call to call, so that a stream of frames
 * through one buffer makes no garbage. Not safe for use by several threads.
 */
final class BatchSlot {
  private final ModelConfig config;
  private Image image;
  private PixelSource pixels;
  private ModelConfig.Grid coarseGrid;
  private int[] ids;
  private TextKv text;
  private SelectionPolicy selection;
  private SelectionRule rule;
  private TokenizedText words;
  private float foundBound;
  private int candidates;

  BatchSlot(ModelConfig config) {
    this.config = config;
  }

  /**
   * Sets the whole request.
   *
   * @param tokenIds the text's token ids, or null when it is encoded already
   * @param encoded the encoded text, or null
   * @throws IllegalStateException when the image's memory is freed
   */
  BatchSlot set(Image frame, int[] tokenIds, TextKv encoded, SelectionPolicy policy) {
    if (frame != image) {
      pixels = new PixelSource(frame);
      coarseGrid = config.coarseGrid(frame.width(), frame.height());
      image = frame;
    }
    pixels.requireMemory();
    ids = tokenIds;
    text = encoded;
    ruleOf(policy);
    return this;
  }

  /**
   * Sets what the answer says beside its box.
   *
   * @param read what the model reads of the expression
   * @param bound the least score of an object that is there; NaN for any
   * @param most the most candidates
   */
  void describe(TokenizedText read, float bound, int most) {
    words = read;
    foundBound = bound;
    candidates = most;
  }

  /** The most candidates of the answer. */
  int candidates() {
    return candidates;
  }

  /** Sets the selection policy, and gives its rule: the same as long as the policy is. */
  SelectionRule ruleOf(SelectionPolicy policy) {
    if (policy != selection) {
      rule = SelectionRule.of(policy, config);
      selection = policy;
    }
    return rule;
  }

  Image image() {
    return image;
  }

  PixelSource pixels() {
    return pixels;
  }

  ModelConfig.Grid coarseGrid() {
    return coarseGrid;
  }

  /** Releases the image. */
  void clear() {
    image = null;
    pixels = null;
    ids = null;
    text = null;
    words = null;
  }

  TokenizedText words() {
    return words;
  }

  /** Whether a box of that score is of an object that is there. */
  boolean isFound(float score) {
    return !(score < foundBound);
  }

  int[] ids() {
    return ids;
  }

  TextKv text() {
    return text;
  }

  SelectionRule rule() {
    return rule;
  }
}
