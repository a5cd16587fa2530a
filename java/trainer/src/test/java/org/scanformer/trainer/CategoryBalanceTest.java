package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;

class CategoryBalanceTest {
  @TempDir private Path directory;

  private static final Box BOX = new Box(1, 1, 5, 5);

  /** 90 people, 10 dogs, 10 cats and 5 of an unknown category, in this order. */
  private static final ReferringDataset DATA =
      new Pairs(
          IntStream.range(0, 115)
              .mapToObj(
                  index -> {
                    String category =
                        index < 90 ? "person" : index < 100 ? "dog" : index < 110 ? "cat" : null;
                    Objects image =
                        new Objects(10, 10, List.of(new ImageObject(BOX, category, null)));
                    return new ReferringPair("pair " + index, image, "it", BOX, null, List.of());
                  })
              .toList());

  private record Pairs(List<ReferringPair> pairs) implements ReferringDataset {
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
  }

  private record Objects(int width, int height, List<ImageObject> objects) implements ImageSource {
    @Override
    public String name() {
      return "image";
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

  private static CategoryBalance balance(double strength) {
    return CategoryBalance.of(DATA, List.of(ALL), strength).get(0);
  }

  @Test
  void thinsFrequentCategoriesOut() {
    SplittableRandom random = new SplittableRandom(7);
    CategoryBalance even = balance(1);
    int[] first = even.epoch(random);
    assertEquals(Map.of("person", 10, "animal", 20, "unknown", 5), counts(first));
    assertEquals(35, even.size());
    int[] second = even.epoch(random);
    Arrays.sort(first);
    Arrays.sort(second);
    assertFalse(Arrays.equals(first, second));
    // 90 / 9^0.5
    assertEquals(
        Map.of("person", 30, "animal", 20, "unknown", 5), counts(balance(0.5).epoch(random)));
  }

  /** A hundred people on upright images, and ten dogs in two spellings on wide ones. */
  private static ReferringDataset byGrid() {
    List<ReferringPair> pairs = new ArrayList<>();
    for (int i = 0; i < 110; i++) {
      boolean dog = i >= 100;
      ImageObject object =
          new ImageObject(BOX, dog ? List.of("dog", "Dogs").get(i % 2) : "person", null);
      Objects image = new Objects(dog ? 640 : 320, dog ? 320 : 640, List.of(object));
      pairs.add(
          new ReferringPair((dog ? "dog " : "person ") + i, image, "it", BOX, null, List.of()));
    }
    return new Pairs(pairs);
  }

  private static Map<String, Integer> epoch(EpochTrainingData data) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int step = 0; step < data.epochs().get(0).batches(); step++) {
      for (ReferringPair pair : data.batch(step, 0)) {
        counts.merge(pair.id().replaceAll(" .*", ""), 1, Integer::sum);
      }
    }
    return counts;
  }

  /** Although each coarse grid has a category of its own. */
  @Test
  void categoriesAreFrequentInTheWholeDataset() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    EpochTrainingData even =
        new EpochTrainingData(byGrid(), config, 5, 1, 0, 1, new Augmentation(config, true, true));
    assertEquals(Map.of("person", 10, "dog", 10), epoch(even));
    assertEquals(List.of(10, 10), even.epochs().get(0).pairs().values().stream().toList());
    assertEquals(
        Map.of("person", 100, "dog", 10),
        epoch(
            new EpochTrainingData(
                byGrid(), config, 5, 1, 0, 0, new Augmentation(config, true, true))));
    String refused =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new EpochTrainingData(
                        byGrid(), config, 20, 1, 0, 1, new Augmentation(config, true, true)))
            .getMessage();
    assertTrue(refused.contains("110 usable pairs") && refused.contains("takes 20,"), refused);
  }

  @Test
  void withoutStrengthAnEpochHasAllPairs() {
    int[] epoch = balance(0).epoch(new SplittableRandom(7));
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
