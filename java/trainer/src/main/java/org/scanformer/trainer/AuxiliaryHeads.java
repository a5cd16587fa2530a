package org.scanformer.trainer;

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.scanformer.datasets.CategoryKin;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;

/**
 * The heads that only training has: where the target is, what covers a patch, which words are said
 * of it, and which parts of the expression fit it. Immutable.
 *
 * @param categories the names of the objects' categories, each in one spelling; no head if there
 *     are none
 * @param colors the names of the objects' colours; no head if there are none
 * @param words that are said of objects; no head if there are none
 * @param mentions whether it is known what an expression's parts fit; no head otherwise
 */
record AuxiliaryHeads(
    List<String> categories, List<String> colors, ObjectWords words, boolean mentions) {
  /** The name of the head of words. */
  static final String WORDS = "words";

  static final String CATEGORY = "category";
  static final String COLOR = "color";

  /** The name of the head of what the expression's subject and its landmark fit. */
  static final String MENTIONS = "mentions";

  /** The name of the head of whether the image has such. */
  static final String ALL_MENTIONS = "all_mentions";

  /** The only head of data of which nothing but boxes is known. */
  static final AuxiliaryHeads TARGET_ALONE =
      new AuxiliaryHeads(List.of(), List.of(), ObjectWords.NONE, false);

  /**
   * The heads for all that datasets know of their objects and expressions.
   *
   * @param words that are said of objects
   */
  static AuxiliaryHeads of(List<ReferringDataset> datasets, ObjectWords words) {
    TreeSet<String> categories = new TreeSet<>();
    TreeSet<String> colors = new TreeSet<>();
    boolean mentions = false;
    for (ReferringDataset dataset : datasets) {
      for (int i = 0; i < dataset.size(); i++) {
        ReferringPair pair = dataset.pair(i);
        mentions |= pair.mentions() != null;
        for (ImageObject object : pair.image().objects()) {
          if (object.category() != null) {
            categories.add(object.category());
          }
          if (object.color() != null) {
            colors.add(object.color());
          }
        }
      }
    }
    return new AuxiliaryHeads(oneSpelling(categories), List.copyOf(colors), words, mentions);
  }

  /** Of several spellings of a name, the first alone. */
  private static List<String> oneSpelling(Collection<String> categories) {
    Set<String> seen = new HashSet<>();
    return categories.stream().filter(name -> seen.add(CategoryKin.folded(name))).toList();
  }

  /** The shapes of their parameters by name. */
  Map<String, long[]> shapes(ModelConfig config) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    put(shapes, Parameters.TARGET_MAP, 1, config);
    put(shapes, CATEGORY, categories.size(), config);
    put(shapes, COLOR, colors.size(), config);
    if (words.size() > 0) {
      // To be compared with the words' embeddings.
      long width = config.hiddenSize();
      shapes.put(WORDS + ".weight", new long[] {width, width});
      shapes.put(WORDS + ".bias", new long[] {words.size()});
    }
    put(shapes, MENTIONS, mentions ? 2 : 0, config);
    put(shapes, ALL_MENTIONS, mentions ? 2 : 0, config);
    return shapes;
  }

  /** The names of the heads that there are. */
  Set<String> names(ModelConfig config) {
    return shapes(config).keySet().stream()
        .map(AuxiliaryHeads::headOf)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The head that a parameter belongs to. */
  static String headOf(String parameter) {
    return parameter.substring(0, parameter.lastIndexOf('.'));
  }

  /** What the outputs of heads stand for, by the heads' names. */
  Map<String, List<String>> classes() {
    return Map.of(CATEGORY, categories, COLOR, colors, WORDS, words.names());
  }

  private static void put(
      Map<String, long[]> shapes, String name, int classes, ModelConfig config) {
    if (classes > 0) {
      shapes.put(name + ".weight", new long[] {classes, config.hiddenSize()});
      shapes.put(name + ".bias", new long[] {classes});
    }
  }
}
