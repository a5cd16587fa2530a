package org.scanformer.internal.model;

import java.util.List;
import java.util.stream.Collectors;
import org.scanformer.UnknownWord;

/** Unknown words in messages. */
public final class UnknownWordList {
  private static final int WORDS_IN_MESSAGE = 8;

  private UnknownWordList() {}

  /** The words with their suggestions; of many or very long ones only the beginning. */
  public static String text(List<UnknownWord> words) {
    String shown =
        words.stream()
            .limit(WORDS_IN_MESSAGE)
            .map(word -> new UnknownWord(JsonFields.shortened(word.word()), word.suggestions()))
            .map(UnknownWord::toString)
            .collect(Collectors.joining(", "));
    int others = words.size() - WORDS_IN_MESSAGE;
    return others > 0 ? shown + " and " + others + " more" : shown;
  }
}
