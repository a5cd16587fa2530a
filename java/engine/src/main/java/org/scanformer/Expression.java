package org.scanformer;

import java.util.List;

/**
 * An expression that a model has encoded, by {@link ScanFormer#encode}: its keys and values stay on
 * the device and are reused over images, so that a stream of frames with one expression runs the
 * text once. It belongs to the model that encoded it, and holds device memory until it or that
 * model is closed.
 *
 * <p>An application may implement this interface to stand in for expressions in its own tests; a
 * model refuses such an implementation with BAD_INPUT.
 *
 * <p>The expressions that models return are thread-safe.
 */
public interface Expression extends AutoCloseable {
  /** The expression as it was given. */
  String text();

  /** The number of its token ids, [CLS] and [SEP] included. */
  int tokens();

  /**
   * The words that the model does not know, each once, in their order; without those that were cut
   * off. An answer to an expression with unknown words is an answer to the other words, or that
   * nothing is found, if the model was trained to take them for what is not there. By default none.
   */
  default List<UnknownWord> unknownWords() {
    return List.of();
  }

  /**
   * Whether the expression has more tokens than the model's {@code max_text_length}, and the model
   * reads only the first of them. By default false.
   */
  default boolean truncated() {
    return false;
  }

  /**
   * Releases the device memory, after the calls that are using it; also where a listener or metrics
   * close it within such a call. Later calls with this expression are {@link
   * IllegalStateException}s. Idempotent.
   */
  @Override
  void close();
}
