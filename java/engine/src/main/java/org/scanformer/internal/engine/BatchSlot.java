package org.scanformer.internal.engine;

import org.scanformer.Image;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TokenizedText;

/**
 * One request of a batch, ready to run. Reused from call to call, so that a stream of frames
 * through a few buffers in turn makes no garbage. Not safe for use by several threads.
 */
final class BatchSlot {
  private final Recent<Image, Frame> frames;
  private final Recent<SelectionPolicy, SelectionRule> rules;
  private Image image;
  private Frame frame;
  private int[] ids;
  private TextKv text;
  private SelectionRule rule;
  private TokenizedText words;
  private float foundBound;
  private int candidates;

  /** What is made of an image. */
  private record Frame(PixelSource pixels, ModelConfig.Grid coarseGrid) {}

  BatchSlot(ModelConfig config) {
    frames =
        new Recent<>(
            used ->
                new Frame(new PixelSource(used), config.coarseGrid(used.width(), used.height())));
    rules = new Recent<>(policy -> SelectionRule.of(policy, config));
  }

  /**
   * Sets the whole request.
   *
   * @param tokenIds the text's token ids, or null when it is encoded already
   * @param encoded the encoded text, or null
   * @throws IllegalStateException when the image's memory is freed
   */
  BatchSlot set(Image used, int[] tokenIds, TextKv encoded, SelectionPolicy policy) {
    frame = frames.get(used);
    image = used;
    frame.pixels().requireMemory();
    ids = tokenIds;
    text = encoded;
    rule = rules.get(policy);
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

  Image image() {
    return image;
  }

  PixelSource pixels() {
    return frame.pixels();
  }

  ModelConfig.Grid coarseGrid() {
    return frame.coarseGrid();
  }

  /** Releases what it was set to, and what it remembers of earlier ones. */
  void clear() {
    frames.clear();
    rules.clear();
    image = null;
    frame = null;
    rule = null;
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
