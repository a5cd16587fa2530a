package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ImageWithObjects;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

class ObjectWordsTest {
  private static final Box DOG = new Box(1, 1, 5, 5);
  private static final Box MAN = new Box(8, 1, 5, 9);
  private static final Box HAT = new Box(8, 1, 5, 2);

  /** An image whose data lists the dog and the man, but not the hat. */
  private record Numbered(String name) implements ImageSource {
    @Override
    public int width() {
      return 20;
    }

    @Override
    public int height() {
      return 10;
    }

    @Override
    public Image read() {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<ImageObject> objects() {
      return List.of(new ImageObject(DOG, "dog", null), new ImageObject(MAN, "man", null));
    }
  }

  /** Thirty images of five pairs each. */
  private static ReferringDataset data() {
    List<ReferringPair> pairs = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Numbered image = new Numbered("image " + i);
      String id = "pair " + i + " ";
      pairs.add(new ReferringPair(id + 0, image, "The wet dog", DOG, null, List.of()));
      pairs.add(new ReferringPair(id + 1, image, "dog on the left", DOG, null, List.of()));
      pairs.add(new ReferringPair(id + 2, image, "his red hat", HAT, null, List.of()));
      pairs.add(
          new ReferringPair(id + 4, image, "a wet dog next to the red hat", DOG, null, List.of()));
      pairs.add(new ReferringPair(id + 3, image, "an elephant", List.of(), null, List.of()));
    }
    return dataset(pairs);
  }

  /** A dataset of some pairs. */
  static ReferringDataset dataset(List<ReferringPair> pairs) {
    return new ReferringDataset() {
      @Override
      public String name() {
        return "test";
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
    };
  }

  @Test
  void eachPairKnowsWhatTheOthersSayOfItsImage() {
    ReferringDataset described = DescribedObjects.of(data());
    assertEquals(150, described.size());
    for (int i = 0; i < described.size(); i++) {
      assertEquals(data().pair(i).expression(), described.pair(i).expression());
      assertEquals(data().pair(i).targets(), described.pair(i).targets());
      assertEquals(
          List.of(
              new ImageObject(
                  DOG,
                  "dog",
                  null,
                  List.of("The wet dog", "dog on the left", "a wet dog next to the red hat")),
              new ImageObject(MAN, "man", null, List.of()),
              new ImageObject(HAT, null, null, List.of("his red hat"))),
          described.pair(i).image().objects());
    }
  }

  /** As where one record has phrases and another one boxes with categories. */
  @Test
  void eachPairKnowsTheObjectsOfAllRecordsOfItsImage() {
    Numbered whole = new Numbered("image");
    ReferringPair bare =
        new ReferringPair(
            "bare", new ImageWithObjects(whole, List.of()), "a hat", HAT, null, List.of());
    ReferringPair known = new ReferringPair("known", whole, "dog", DOG, null, List.of());
    List<ImageObject> objects =
        List.of(
            new ImageObject(DOG, "dog", null, List.of("dog")),
            new ImageObject(MAN, "man", null, List.of()),
            new ImageObject(HAT, null, null, List.of("a hat")));
    ReferringDataset described = DescribedObjects.of(dataset(List.of(bare, known)));
    assertEquals(objects, described.pair(0).image().objects());
    assertEquals(objects, described.pair(1).image().objects());
  }

  @Test
  void wordsAreThoseThatAreTrueOfAnObjectByItself() {
    Map<String, Integer> vocabulary =
        Map.of("dog", 7, "red", 5, "hat", 9, "the", 1, "left", 2, "elephant", 3);
    ReferringDataset described = DescribedObjects.of(data());
    ObjectWords words = ObjectWords.of(List.of(described), vocabulary, 10);
    // The hat is another object than the dog; "wet" is no token, "the" says nothing, "left" depends
    // on the image, no elephant is there.
    assertArrayEquals(new long[] {7, 9, 5}, words.tokens());
    List<ImageObject> objects = described.pair(0).image().objects();
    assertArrayEquals(new int[] {0}, words.numbers(objects.get(0)));
    assertArrayEquals(new int[0], words.numbers(objects.get(1)));
    assertArrayEquals(new int[] {1, 2}, words.numbers(objects.get(2)));
    assertArrayEquals(new long[] {7}, ObjectWords.of(List.of(described), vocabulary, 1).tokens());
    assertEquals(0, ObjectWords.of(List.of(described), vocabulary, 0).size());
  }
}
