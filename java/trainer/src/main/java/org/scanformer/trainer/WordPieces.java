package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.scanformer.internal.model.BertWords;

/**
 * Builds a WordPiece vocabulary from texts: starting with single characters, the most frequent pair
 * of neighbouring pieces becomes a piece, again and again. Frequent words become pieces as a whole,
 * rare ones are made of several.
 */
final class WordPieces {
  private static final String INSIDE = "##";

  private record Pair(String left, String right) {
    String merged() {
      return left + right.substring(INSIDE.length());
    }
  }

  /** A pair and its number when it was queued, which may have changed since. */
  private record Candidate(long count, Pair pair) implements Comparable<Candidate> {
    /** The most frequent first; then by name, so that the result is always the same. */
    @Override
    public int compareTo(Candidate other) {
      int order = Long.compare(other.count, count);
      order = order != 0 ? order : pair.left.compareTo(other.pair.left);
      return order != 0 ? order : pair.right.compareTo(other.pair.right);
    }
  }

  private final List<String[]> words = new ArrayList<>();
  private final List<Long> counts = new ArrayList<>();
  private final Map<Pair, Long> pairs = new HashMap<>();
  private final Map<Pair, Set<Integer>> holders = new HashMap<>();
  private final PriorityQueue<Candidate> queue = new PriorityQueue<>();

  private WordPieces() {}

  /**
   * The pieces of a vocabulary, characters first, then by frequency.
   *
   * @param size the most pieces; fewer where the texts have no more pairs that occur twice
   */
  static List<String> build(Collection<String> texts, int size) {
    WordPieces builder = new WordPieces();
    TreeSet<String> characters = new TreeSet<>();
    count(texts)
        .forEach(
            (word, count) -> {
              String[] pieces = characters(word);
              characters.addAll(List.of(pieces));
              builder.words.add(pieces);
              builder.counts.add(count);
            });
    List<String> vocabulary = new ArrayList<>(characters);
    if (vocabulary.size() > size) {
      throw new IllegalArgumentException(
          "the texts have "
              + vocabulary.size()
              + " different characters, expected at most the "
              + size
              + " pieces of the vocabulary");
    }
    for (int i = 0; i < builder.words.size(); i++) {
      builder.count(i, 1);
    }
    builder.pairs.forEach((pair, count) -> builder.queue.add(new Candidate(count, pair)));
    Set<String> known = new HashSet<>(vocabulary);
    while (vocabulary.size() < size) {
      Pair best = builder.mostFrequent();
      if (best == null) {
        break;
      }
      // Two pairs may make the same piece.
      if (known.add(best.merged())) {
        vocabulary.add(best.merged());
      }
      builder.merge(best);
    }
    return vocabulary;
  }

  /** How often each word that the tokenizer will look up occurs, sorted. */
  static Map<String, Long> count(Collection<String> texts) {
    Map<String, Long> counts = new TreeMap<>();
    for (String text : texts) {
      BertWords.forEach(text, word -> counts.merge(word, 1L, Long::sum));
    }
    return counts;
  }

  private static String[] characters(String word) {
    String[] pieces = word.codePoints().mapToObj(Character::toString).toArray(String[]::new);
    for (int i = 1; i < pieces.length; i++) {
      pieces[i] = INSIDE + pieces[i];
    }
    return pieces;
  }

  /** Adds a word's pairs to the numbers, or takes them away. */
  private void count(int word, int sign) {
    String[] pieces = words.get(word);
    for (int i = 0; i + 1 < pieces.length; i++) {
      Pair pair = new Pair(pieces[i], pieces[i + 1]);
      pairs.merge(pair, sign * counts.get(word), Long::sum);
      holders.computeIfAbsent(pair, key -> new HashSet<>()).add(word);
    }
  }

  private Pair mostFrequent() {
    while (!queue.isEmpty()) {
      Candidate candidate = queue.poll();
      long now = pairs.getOrDefault(candidate.pair, 0L);
      if (now == candidate.count && now > 1) {
        return candidate.pair;
      }
    }
    return null;
  }

  private void merge(Pair pair) {
    Set<Pair> changed = new HashSet<>();
    for (int word : Set.copyOf(holders.get(pair))) {
      changed.addAll(pairsOf(word));
      count(word, -1);
      words.set(word, merged(words.get(word), pair));
      count(word, 1);
      changed.addAll(pairsOf(word));
    }
    for (Pair other : changed) {
      queue.add(new Candidate(pairs.getOrDefault(other, 0L), other));
    }
  }

  private List<Pair> pairsOf(int word) {
    String[] pieces = words.get(word);
    List<Pair> found = new ArrayList<>();
    for (int i = 0; i + 1 < pieces.length; i++) {
      found.add(new Pair(pieces[i], pieces[i + 1]));
    }
    return found;
  }

  private static String[] merged(String[] pieces, Pair pair) {
    List<String> merged = new ArrayList<>();
    for (int i = 0; i < pieces.length; i++) {
      boolean here =
          i + 1 < pieces.length && pieces[i].equals(pair.left) && pieces[i + 1].equals(pair.right);
      merged.add(here ? pair.merged() : pieces[i]);
      i += here ? 1 : 0;
    }
    return merged.toArray(String[]::new);
  }
}
