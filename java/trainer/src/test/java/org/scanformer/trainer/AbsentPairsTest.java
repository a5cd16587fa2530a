package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

class AbsentPairsTest {
  private static final Box BOX = new Box(1, 1, 5, 5);

  private record Picture(String name, List<ImageObject> objects) implements ImageSource {
    @Override
    public int width() {
      return 10;
    }

    @Override
    public int height() {
      return 10;
    }

    @Override
    public Image read() {
      throw new UnsupportedOperationException();
    }
  }

  private record Pairs(List<ReferringPair> pairs) implements ReferringDataset {
    @Override
    public String name() {
      return "pairs";
    }

    @Override
    public int size() {
      return pairs.size();
    }

    @Override
    public ReferringPair pair(int index) {
      return pairs.get(index);
    }

    @Override
    public List<BadRecord> badRecords() {
      return List.of();
    }
  }

  /** A pair whose target is of a category, in a picture with objects of others too. */
  private static ReferringPair pair(String category, String... others) {
    List<ImageObject> objects = new ArrayList<>(List.of(new ImageObject(BOX, category, null)));
    for (String other : others) {
      objects.add(new ImageObject(new Box(0, 0, 3, 3), other, null));
    }
    return new ReferringPair(
        category + objects.size(),
        new Picture("p", objects),
        "the " + category,
        BOX,
        null,
        List.of());
  }

  private static List<String> expressions(AbsentPairs pairs, int index) {
    List<String> expressions = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 60; i++) {
      ReferringPair pair = pairs.pair(index, random);
      expressions.add((pair.targets().isEmpty() ? "no " : "") + pair.expression());
    }
    return expressions.stream().distinct().sorted().toList();
  }

  @Test
  void takesExpressionsOfCategoriesThatTheImageDoesNotHave() {
    Pairs all = new Pairs(List.of(pair("dog", "cat"), pair("cat"), pair("cow"), pair(null)));
    AbsentPairs half = new AbsentPairs(all, 0.5);
    assertEquals(List.of("no the cow", "the dog"), expressions(half, 0));
    assertEquals(List.of("no the cow", "no the dog", "the cat"), expressions(half, 1));
    // Nothing is known of what the last picture shows.
    assertEquals(List.of("the null"), expressions(half, 3));
    assertEquals(List.of("the dog"), expressions(new AbsentPairs(all, 0), 0));
  }

  private static ReferringPair saying(String expression, String category) {
    ReferringPair pair = pair(category);
    return new ReferringPair(pair.id(), pair.image(), expression, pair.targets(), null, List.of());
  }

  /** Of a picture of a man, who wears something and stands somewhere. */
  @Test
  void takesNothingThatMayBeTrueAllTheSame() {
    Pairs all =
        new Pairs(
            List.of(
                pair("man", "other"),
                saying("the one on the left", "dog"),
                saying("the brown one", "dog"),
                saying("a blue shirt", "shirt"),
                saying("the grass", "grass"),
                saying("someone", "someone"),
                saying("a ball", "ball"),
                saying("a man in black", "black"),
                saying("Puppies", "dog")));
    assertEquals(List.of("no Puppies", "the man"), expressions(new AbsentPairs(all, 0.5), 0));
  }

  @Test
  void keepsPairsThatHaveNoTarget() {
    ReferringPair none =
        new ReferringPair("n", pair("dog").image(), "the tree", List.of(), "own", List.of());
    ReferringPair two =
        new ReferringPair("t", pair("dog").image(), "dogs", List.of(BOX, BOX), null, List.of());
    Pairs all = new Pairs(List.of(none, two, pair("cow")));
    AbsentPairs mixture = new AbsentPairs(all, 0.9);
    assertTrue(mixture.usable(none));
    assertFalse(mixture.usable(two));
    assertFalse(new AbsentPairs(all, 0).usable(none));
    assertEquals(List.of("no the tree"), expressions(mixture, 0));
  }
}
