package org.scanformer;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A word of an expression that is not in a model's vocabulary. The model reads its unknown token in
 * place of it, so it does not know which word was meant. Immutable, so it is thread-safe.
 *
 * @param word as it was written, where that can be told, otherwise in lower case and without
 *     accents as the model reads it. A special token that was written, such as {@code [MASK]}, is
 *     one too. Punctuation marks are not, unless the expression has nothing else
 * @param suggestions words of the vocabulary whose spelling is closest, at most 3 and best first:
 *     at most one edit away for words of 3 to 5 letters and two for longer ones. Typing errors that
 *     the model was trained to read are left out. Empty where there are none, and for vocabularies
 *     of more than 5,000 entries
 */
public record UnknownWord(String word, List<String> suggestions) {
  /** Copies the list. */
  public UnknownWord {
    suggestions = List.copyOf(suggestions);
  }

  /** For messages: {@code "cirlce" (did you mean "circle"?)}. */
  @Override
  public String toString() {
    String quoted = '"' + word + '"';
    return suggestions.isEmpty()
        ? quoted
        : quoted
            + suggestions.stream()
                .collect(Collectors.joining("\" or \"", " (did you mean \"", "\"?)"));
  }
}
