package org.scanformer.internal.model;

import java.util.HashSet;
import java.util.Set;

/**
 * Tells misspelled words of a vocabulary from correct ones, by the vocabulary alone. A model that
 * is trained to read typing errors has the errors of a word as further words: two neighbouring
 * letters swapped, or one left out. So most swaps of a correct word are known, and few of an error.
 */
final class Misspellings {
  private final Set<String> vocabulary;

  private Misspellings(Set<String> vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** The misspelled words of a vocabulary; none where it has no typing errors. */
  static Set<String> in(Set<String> vocabulary) {
    Misspellings misspellings = new Misspellings(vocabulary);
    Set<String> found = new HashSet<>();
    for (String word : vocabulary) {
      misspellings.addErrors(word, found);
    }
    return found;
  }

  /** Adds the errors of a word most of whose swaps are known. */
  private void addErrors(String word, Set<String> found) {
    int known = knownSwaps(word);
    if (known <= 0) {
      return;
    }
    for (int i = 1; i < word.length(); i++) {
      addError(word.substring(0, i) + word.substring(i + 1), known, found);
      if (i + 1 < word.length()) {
        addError(swapped(word, i), known, found);
      }
    }
  }

  private void addError(String error, int knownOfWord, Set<String> found) {
    if (vocabulary.contains(error) && knownSwaps(error) < knownOfWord) {
      found.add(error);
    }
  }

  /** The swaps of a word that are in the vocabulary, less those that are not. */
  private int knownSwaps(String word) {
    int known = 0;
    for (int i = 1; i + 1 < word.length(); i++) {
      if (word.charAt(i) != word.charAt(i + 1)) {
        known += vocabulary.contains(swapped(word, i)) ? 1 : -1;
      }
    }
    return known;
  }

  /** The first letter is never one of those that are swapped, as it is rarely mistyped. */
  private static String swapped(String word, int at) {
    return word.substring(0, at) + word.charAt(at + 1) + word.charAt(at) + word.substring(at + 2);
  }
}
