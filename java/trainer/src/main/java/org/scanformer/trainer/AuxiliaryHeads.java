package org.scanformer.trainer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.internal.model.ModelConfig;

/**
 * The heads that only training has: where the target is, what covers a patch, and which words are
 * said of it.
 */
final class AuxiliaryHeads {
  /** The name of the head of words. */
  static final String WORDS = "words";

  private AuxiliaryHeads() {}

  /**
   * The shapes of their parameters by name.
   *
   * @param categories the names of the objects' categories; no head if there are none
   * @param colors the names of the objects' colours; no head if there are none
   * @param words how many are said of objects; no head if there are none
   */
  static Map<String, long[]> shapes(
      ModelConfig config, List<String> categories, List<String> colors, int words) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    put(shapes, Parameters.TARGET_MAP, 1, config);
    put(shapes, "category", categories.size(), config);
    put(shapes, "color", colors.size(), config);
    if (words > 0) {
      // To be compared with the words' embeddings.
      long width = config.hiddenSize();
      shapes.put(WORDS + ".weight", new long[] {width, width});
      shapes.put(WORDS + ".bias", new long[] {words});
    }
    return shapes;
  }

  private static void put(
      Map<String, long[]> shapes, String name, int classes, ModelConfig config) {
    if (classes > 0) {
      shapes.put(name + ".weight", new long[] {classes, config.hiddenSize()});
      shapes.put(name + ".bias", new long[] {classes});
    }
  }
}
