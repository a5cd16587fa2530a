package org.scanformer.datasets;

import java.util.List;
import org.scanformer.Box;

/**
 * An object in an image, whether or not an expression describes it. Immutable.
 *
 * @param box its place, in pixels
 * @param category what it is, such as "circle" or "dog"; null if not known
 * @param color its colour's name; null if not known
 * @param texts expressions that are true of it; empty if not known
 */
public record ImageObject(Box box, String category, String color, List<String> texts) {
  /** Copies the texts. */
  public ImageObject {
    texts = List.copyOf(texts);
  }

  /** An object without texts. */
  public ImageObject(Box box, String category, String color) {
    this(box, category, color, List.of());
  }
}
