package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scanformer.datasets.ExpressionWords;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.Wording;

/**
 * The words that patches learn to name of the object that covers them: the frequent words of the
 * data's expressions that are true of an object whatever else is in the image, and that are one
 * token each. What an expression relates its object to is another one: its words do not count.
 * Immutable.
 */
final class ObjectWords {
  /** No words. */
  static final ObjectWords NONE = new ObjectWords(List.of(), List.of());

  /** A word of fewer objects is not learnt from them. */
  private static final int LEAST = 30;

  /** Words that say nothing of what an object looks like. */
  private static final Set<String> EMPTY =
      Set.of(
          "a",
          "an",
          "the",
          "of",
          "in",
          "on",
          "at",
          "to",
          "with",
          "and",
          "by",
          "for",
          "from",
          "is",
          "are",
          "that",
          "this",
          "his",
          "her",
          "its",
          "their",
          "it",
          "he",
          "she",
          "they",
          "him",
          "them",
          "who",
          "which",
          "as",
          "some",
          "something",
          "other",
          "others",
          "object",
          "s");

  private final Map<String, Integer> numbers = new HashMap<>();
  private final long[] tokens;

  private ObjectWords(List<String> words, List<Integer> tokens) {
    words.forEach(word -> numbers.put(word, numbers.size()));
    this.tokens = tokens.stream().mapToLong(Integer::longValue).toArray();
  }

  /**
   * The most frequent words of data.
   *
   * @param datasets whose objects have texts
   * @param vocabulary the tokenizer's tokens with their ids
   * @param most how many words at most; 0 for none
   */
  static ObjectWords of(
      List<ReferringDataset> datasets, Map<String, Integer> vocabulary, int most) {
    Map<String, Integer> counts = new HashMap<>();
    Set<String> images = new HashSet<>();
    for (ReferringDataset dataset : datasets) {
      for (int i = 0; most > 0 && i < dataset.size(); i++) {
        var image = dataset.pair(i).image();
        if (images.add(image.name())) {
          for (ImageObject object : image.objects()) {
            words(object.texts()).forEach(word -> counts.merge(word, 1, Integer::sum));
          }
        }
      }
    }
    List<String> frequent =
        counts.keySet().stream()
            .filter(word -> counts.get(word) >= LEAST && vocabulary.containsKey(word))
            .sorted(Comparator.comparing((String word) -> -counts.get(word)).thenComparing(w -> w))
            .limit(most)
            .toList();
    return new ObjectWords(frequent, frequent.stream().map(vocabulary::get).toList());
  }

  /** The different words of texts that speak of an object itself. */
  private static Set<String> words(List<String> texts) {
    Set<String> words = new HashSet<>();
    for (String text : texts) {
      words.addAll(Wording.ownWords(text));
    }
    words.removeIf(
        word -> word.isEmpty() || EMPTY.contains(word) || ExpressionWords.mayDependOnImage(word));
    return words;
  }

  /** How many there are. */
  int size() {
    return tokens.length;
  }

  /** They themselves, by their numbers. */
  List<String> names() {
    return numbers.keySet().stream().sorted(Comparator.comparing(numbers::get)).toList();
  }

  /** Their tokens. */
  long[] tokens() {
    return tokens.clone();
  }

  /** The numbers of the words that are said of an object; empty if none are. */
  int[] numbers(ImageObject object) {
    if (object.texts().isEmpty() || numbers.isEmpty()) {
      return new int[0];
    }
    List<Integer> found = new ArrayList<>();
    for (String word : words(object.texts())) {
      Integer number = numbers.get(word);
      if (number != null) {
        found.add(number);
      }
    }
    return found.stream().mapToInt(Integer::intValue).sorted().toArray();
  }
}
