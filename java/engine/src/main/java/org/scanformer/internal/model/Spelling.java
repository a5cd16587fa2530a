package org.scanformer.internal.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.scanformer.UnknownWord;

/**
 * Says which words of an expression a vocabulary does not hold, as the user wrote them, and which
 * of its words may have been meant. Thread-safe.
 */
final class Spelling {
  /** Beyond this a vocabulary has a neighbour for anything, and comparing takes too long. */
  private static final int LARGEST_VOCABULARY = 5_000;

  /**
   * Of UTF-16 units. Looking for errors in a word takes the square of its length, and a file from
   * anywhere may hold words of any. A longer word that is asked for has none that are close.
   */
  private static final int LONGEST_WORD = 64;

  private static final int MAX_SUGGESTIONS = 3;

  private final UnaryOperator<String> normalizer;
  private final Set<String> words;

  /** The words without misspelled ones, sorted; null until the first unknown word. */
  private volatile List<String> suggestible;

  /**
   * Takes the words that may be suggested.
   *
   * @param normalizer brings what a user writes to the form of the vocabulary
   * @param vocabulary all tokens
   * @param prefix what tokens that continue a word begin with
   */
  Spelling(UnaryOperator<String> normalizer, Collection<String> vocabulary, String prefix) {
    this.normalizer = normalizer;
    this.words =
        vocabulary.size() > LARGEST_VOCABULARY
            ? Set.of()
            : vocabulary.stream()
                .filter(token -> token.length() <= LONGEST_WORD)
                .filter(token -> prefix.isEmpty() || !token.startsWith(prefix))
                .filter(token -> token.codePoints().allMatch(Character::isLetter))
                .collect(Collectors.toUnmodifiableSet());
  }

  /** Describes unknown words, in the form of the vocabulary, of an expression; each once. */
  List<UnknownWord> describe(String expression, List<String> unknown) {
    if (unknown.isEmpty()) {
      return List.of();
    }
    Map<String, String> written = new HashMap<>();
    BertPreTokenizer.split(
        expression,
        0,
        expression.length(),
        (text, from, to) -> {
          String word = text.substring(from, to);
          written.putIfAbsent(normalizer.apply(word), word);
        });
    return new LinkedHashSet<>(unknown)
        .stream()
            .map(word -> new UnknownWord(written.getOrDefault(word, word), suggestions(word)))
            .toList();
  }

  /**
   * The closest correct words that are close enough: those with the same first letter, which is
   * rarely mistyped, before others, and each in alphabetical order.
   */
  private List<String> suggestions(String word) {
    List<String> closest = new ArrayList<>();
    int best = allowedEdits(word.length());
    for (String candidate : suggestible()) {
      if (best == 0 || Math.abs(candidate.length() - word.length()) > best) {
        continue;
      }
      int edits = EditDistance.between(word, candidate);
      if (edits < best) {
        closest.clear();
        best = edits;
      }
      if (edits == best) {
        closest.add(candidate);
      }
    }
    closest.sort(Comparator.comparing(candidate -> candidate.charAt(0) != word.charAt(0)));
    return closest.subList(0, Math.min(MAX_SUGGESTIONS, closest.size()));
  }

  /** Computed when it is needed, as most programs never meet an unknown word. */
  private List<String> suggestible() {
    List<String> result = suggestible;
    if (result == null) {
      Set<String> misspelled = Misspellings.in(words);
      result = words.stream().filter(word -> !misspelled.contains(word)).sorted().toList();
      suggestible = result;
    }
    return result;
  }

  /** More edits would make of a word that is spelled right another one. */
  private static int allowedEdits(int length) {
    return length < 3 ? 0 : length < 6 ? 1 : 2;
  }
}
