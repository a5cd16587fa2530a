package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

class CategoryBalanceTest {
  private static final Box BOX = new Box(1, 1, 5, 5);

  /** 90 people, 10 dogs, 10 cats and 5 of an unknown category, in this order. */
  private static final ReferringDataset DATA =
      new ReferringDataset() {
        @Override
        public String name() {
          return "test";
        }

        @Override
        public int size() {
          return 115;
        }

        @Override
        public ReferringPair pair(int index) {
          String category =
              index < 90 ? "person" : index < 100 ? "dog" : index < 110 ? "cat" : null;
          List<ImageObject> objects = List.of(new ImageObject(BOX, category, null));
          return new ReferringPair(
              "pair " + index, new Objects(objects), "it", BOX, null, List.of());
        }

        @Override
        public List<BadRecord> badRecords() {
          return List.of();
        }
      };

  private record Objects(List<ImageObject> objects) implements ImageSource {
    @Override
    public String name() {
      return "image";
    }

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

  private static final int[] ALL = IntStream.range(0, 115).toArray();

  private static Map<String, Integer> counts(int[] epoch) {
    assertEquals(epoch.length, Arrays.stream(epoch).distinct().count());
    Map<String, Integer> counts = new TreeMap<>();
    for (int index : epoch) {
      counts.merge(index < 90 ? "person" : index < 110 ? "animal" : "unknown", 1, Integer::sum);
    }
    return counts;
  }

  @Test
  void thinsFrequentCategoriesOut() {
    SplittableRandom random = new SplittableRandom(7);
    CategoryBalance even = new CategoryBalance(DATA, ALL, 1);
    int[] first = even.epoch(random);
    assertEquals(Map.of("person", 10, "animal", 20, "unknown", 5), counts(first));
    assertEquals(35, even.size());
    int[] second = even.epoch(random);
    Arrays.sort(first);
    Arrays.sort(second);
    assertFalse(Arrays.equals(first, second));
    // 90 / 9^0.5
    assertEquals(
        Map.of("person", 30, "animal", 20, "unknown", 5),
        counts(new CategoryBalance(DATA, ALL, 0.5).epoch(random)));
  }

  @Test
  void withoutStrengthAnEpochHasAllPairs() {
    int[] epoch = new CategoryBalance(DATA, ALL, 0).epoch(new SplittableRandom(7));
    assertFalse(Arrays.equals(ALL, epoch));
    Arrays.sort(epoch);
    assertArrayEquals(ALL, epoch);
  }

  @Test
  void theLargestLossesAreLeftOut() {
    float[] losses = {0.5f, 3, 0, 2, 1};
    assertArrayEquals(new float[] {1, 0, 1, 0, 1}, Losses.least(losses, 2));
    assertArrayEquals(new float[] {1, 1, 1, 1, 1}, Losses.least(losses, 0));
  }
}
