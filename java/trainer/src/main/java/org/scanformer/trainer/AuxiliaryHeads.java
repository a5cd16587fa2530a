package org.scanformer.trainer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.scanformer.internal.model.ModelConfig;

/**
 * The heads that only training has: where the target is, what covers a patch, which words are said
 * of it, and which parts of the expression fit it.
 */
final class AuxiliaryHeads {
  /** The name of the head of words. */
  static final String WORDS = "words";

  static final String CATEGORY = "category";
  static final String COLOR = "color";

  /** The name of the head of what the expression's subject and its landmark fit. */
  static final String MENTIONS = "mentions";

  private AuxiliaryHeads() {}

  /**
   * The shapes of their parameters by name.
   *
   * @param categories the names of the objects' categories; no head if there are none
   * @param colors the names of the objects' colours; no head if there are none
   * @param words how many are said of objects; no head if there are none
   * @param mentions whether it is known what an expression's parts fit; no head otherwise
   */
  static Map<String, long[]> shapes(
      ModelConfig config,
      List<String> categories,
      List<String> colors,
      int words,
      boolean mentions) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    put(shapes, Parameters.TARGET_MAP, 1, config);
    put(shapes, CATEGORY, categories.size(), config);
    put(shapes, COLOR, colors.size(), config);
    if (words > 0) {
      // To be compared with the words' embeddings.
      long width = config.hiddenSize();
      shapes.put(WORDS + ".weight", new long[] {width, width});
      shapes.put(WORDS + ".bias", new long[] {words});
    }
    put(shapes, MENTIONS, mentions ? 2 : 0, config);
    return shapes;
  }

  /** The names of the heads that parameters belong to. */
  static Set<String> names(Map<String, long[]> shapes) {
    return shapes.keySet().stream()
        .map(parameter -> parameter.substring(0, parameter.lastIndexOf('.')))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static void put(
      Map<String, long[]> shapes, String name, int classes, ModelConfig config) {
    if (classes > 0) {
      shapes.put(name + ".weight", new long[] {classes, config.hiddenSize()});
      shapes.put(name + ".bias", new long[] {classes});
    }
  }
}
