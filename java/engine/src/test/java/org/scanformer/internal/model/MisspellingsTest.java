package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.scanformer.UnknownWord;

/** Suggestions from a vocabulary that holds typing errors as words of their own. */
class MisspellingsTest {
  private static final Set<String> CORRECT =
      new TreeSet<>(
          List.of(
              ("the a of on left right above below under here where in item object figure circle"
                      + " disc disk square box triangle star cross ring thing donut doughnut diamond"
                      + " red green blue yellow orange purple violet white black small little"
                      + " littlest smallest tiny large largest big lower lowest look hoop mini dot"
                      + " dog cat car tree house heart arrow pink brown leftmost rightmost topmost")
                  .split(" ")));

  private static Set<String> withErrors() {
    Set<String> all = new TreeSet<>(CORRECT);
    for (String word : CORRECT) {
      for (int i = 1; i < word.length() && word.length() >= 4; i++) {
        if (i + 1 < word.length()) {
          all.add(
              word.substring(0, i) + word.charAt(i + 1) + word.charAt(i) + word.substring(i + 2));
        }
        if (word.length() > 4) {
          all.add(word.substring(0, i) + word.substring(i + 1));
        }
      }
    }
    return all;
  }

  private static List<String> suggestions(Set<String> vocabulary, String word) {
    List<UnknownWord> described =
        new Spelling(UnaryOperator.identity(), vocabulary, "##").describe(word, List.of(word));
    return described.get(0).suggestions();
  }

  @Test
  void theErrorsAreFoundAndNoOthers() {
    Set<String> errors = withErrors();
    errors.removeAll(CORRECT);
    assertTrue(errors.size() > 300, errors.size() + " errors");
    assertEquals(errors, new TreeSet<>(Misspellings.in(withErrors())));
  }

  @Test
  void withoutErrorsEachWordIsCorrect() {
    assertEquals(Set.of(), Misspellings.in(CORRECT));
    assertEquals(Set.of(), Misspellings.in(Set.of("form", "from", "trail", "trial", "for", "fro")));
  }

  @Test
  void correctWordsAreSuggested() {
    Set<String> vocabulary = withErrors();
    assertEquals(List.of("triangle"), suggestions(vocabulary, "trainagle"));
    assertEquals(List.of("circle"), suggestions(vocabulary, "cirlcle"));
    List<String> words = CORRECT.stream().filter(word -> word.length() > 2).toList();
    Spelling spelling = new Spelling(UnaryOperator.identity(), vocabulary, "##");
    Random random = new Random(22);
    int suggested = 0;
    for (int i = 0; i < 300; i++) {
      String word = mistyped(words.get(random.nextInt(words.size())), random);
      word = random.nextBoolean() ? mistyped(word, random) : word;
      if (!vocabulary.contains(word)) {
        List<String> found = spelling.describe(word, List.of(word)).get(0).suggestions();
        assertTrue(CORRECT.containsAll(found), word + ": " + found);
        suggested += found.isEmpty() ? 0 : 1;
      }
    }
    assertTrue(suggested > 100, suggested + " words with suggestions");
  }

  /** A file from anywhere may hold words so long that looking for errors in them never ends. */
  @Test
  void longWordsAreNotLookedAt() {
    Set<String> vocabulary = new TreeSet<>();
    for (int i = 0; i < 335; i++) {
      vocabulary.add(("" + (char) ('a' + i / 26) + (char) ('A' + i % 26)).repeat(25_000));
    }
    assertNothingSoon(vocabulary, "zzz");
  }

  /** The distance of two such words would take 400 MB. */
  @Test
  void longWordsAreComparedWithNone() {
    Set<String> vocabulary = new TreeSet<>();
    for (char letter = 'a'; letter <= 'z'; letter++) {
      vocabulary.add(("" + letter).repeat(10_000));
    }
    assertNothingSoon(vocabulary, "Z".repeat(9_999));
  }

  private static void assertNothingSoon(Set<String> vocabulary, String word) {
    List<String> found =
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> suggestions(vocabulary, word));
    assertEquals(List.of(), found);
  }

  @Test
  void wordsOfUsualLengthAreSuggested() {
    String longest = "ab".repeat(32);
    assertEquals(List.of(longest), suggestions(Set.of(longest), longest.substring(1)));
    String longer = longest + "c";
    assertEquals(List.of(), suggestions(Set.of(longer), longer.substring(1)));
  }

  private static String mistyped(String word, Random random) {
    int at = random.nextInt(word.length());
    char letter = (char) ('a' + random.nextInt(26));
    return switch (random.nextInt(3)) {
      case 0 -> word.substring(0, at) + word.substring(at + 1);
      case 1 -> word.substring(0, at) + letter + word.substring(at);
      default -> word.substring(0, at) + letter + word.substring(at + 1);
    };
  }
}
