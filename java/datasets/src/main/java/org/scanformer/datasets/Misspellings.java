package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Typing errors in words: two neighbouring letters swapped, or a letter left out, in each case
 * after the first letter. Only words of at least four letters are misspelled, only those of at
 * least five lose a letter, and an error that makes another word, or the same as an error in
 * another word, is left out. So a model can know each error as a word of its own.
 */
final class Misspellings {
  private static final int LEAST_LETTERS = 4;

  private static final Map<String, List<String>> BY_WORD = byWord();

  private Misspellings() {}

  private static Map<String, List<String>> byWord() {
    Set<String> words = new TreeSet<>(SceneWords.VARIED.correctlySpelled());
    Set<String> taken = new HashSet<>(words);
    taken.addAll(List.of(SceneWords.NEVER_DRAWN_NOUNS));
    taken.addAll(List.of(SceneWords.NEVER_DRAWN_ADJECTIVES));
    Map<String, Integer> uses = new TreeMap<>();
    for (String word : words) {
      errors(word).forEach(error -> uses.merge(error, 1, Integer::sum));
    }
    Map<String, List<String>> byWord = new TreeMap<>();
    for (String word : words) {
      List<String> own = new ArrayList<>();
      for (String error : errors(word)) {
        if (uses.get(error) == 1 && !taken.contains(error)) {
          own.add(error);
        }
      }
      if (!own.isEmpty()) {
        byWord.put(word, List.copyOf(own));
      }
    }
    return byWord;
  }

  private static Set<String> errors(String word) {
    Set<String> errors = new TreeSet<>();
    if (word.length() < LEAST_LETTERS) {
      return errors;
    }
    for (int i = 1; i < word.length(); i++) {
      if (i + 1 < word.length()) {
        errors.add(
            word.substring(0, i) + word.charAt(i + 1) + word.charAt(i) + word.substring(i + 2));
      }
      if (word.length() > LEAST_LETTERS) {
        errors.add(word.substring(0, i) + word.substring(i + 1));
      }
    }
    errors.remove(word);
    return errors;
  }

  /** Every misspelled word, sorted. */
  static Set<String> all() {
    Set<String> all = new TreeSet<>();
    BY_WORD.values().forEach(all::addAll);
    return all;
  }

  /** The text with an error in one of its words; the text itself if none of them can have one. */
  static String misspelled(String text, SplittableRandom random) {
    String[] words = text.split(" ");
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < words.length; i++) {
      if (BY_WORD.containsKey(words[i])) {
        places.add(i);
      }
    }
    if (places.isEmpty()) {
      return text;
    }
    int place = places.get(random.nextInt(places.size()));
    List<String> errors = BY_WORD.get(words[place]);
    words[place] = errors.get(random.nextInt(errors.size()));
    return String.join(" ", words);
  }
}
