package org.scanformer.datasets;

import java.util.List;
import java.util.SplittableRandom;
import org.scanformer.datasets.SceneLanguage.Kind;
import org.scanformer.datasets.SceneLanguage.Utterance;

/**
 * Drawn scenes of two to six coloured forms, each with an expression that describes exactly one of
 * them by attributes, relations or superlatives. The same split, seed and index give the same pair
 * and, on one Java version, the same pixels. Nothing is stored: pairs are made on demand.
 *
 * <p>Immutable and thread-safe.
 */
public final class ShapesDataset implements ReferringDataset {
  /** The default upper limit of the long side, in pixels: that of a photo. */
  public static final int PHOTO_SIDE = 1600;

  /** Attempts to find an expression of the wanted kind before the scene is replaced. */
  private static final int TRIES = 40;

  private static final int MAX_SCENES = 10_000;

  private final Split split;
  private final long seed;
  private final int size;
  private final int maxLongSide;
  private final boolean simple;

  private ShapesDataset(Split split, long seed, int size, int maxLongSide, boolean simple) {
    if (size < 0 || maxLongSide < Scene.MIN_LONG_SIDE) {
      throw new IllegalArgumentException(
          "expected a size of at least 0 and a long side of at least "
              + Scene.MIN_LONG_SIDE
              + ", found "
              + size
              + " and "
              + maxLongSide);
    }
    this.split = split;
    this.seed = seed;
    this.size = size;
    this.maxLongSide = maxLongSide;
    this.simple = simple;
  }

  /** {@link #of(Split, long, int, int)} with images of up to {@link #PHOTO_SIDE}. */
  public static ShapesDataset of(Split split, long seed, int size) {
    return of(split, seed, size, PHOTO_SIDE);
  }

  /**
   * A dataset.
   *
   * @param seed any number; splits are disjoint whatever the seeds
   * @param size number of pairs
   * @param maxLongSide the images' long sides are log-uniform from 160 to this many pixels, at
   *     least 160
   */
  public static ShapesDataset of(Split split, long seed, int size, int maxLongSide) {
    return new ShapesDataset(split, seed, size, maxLongSide, false);
  }

  /** As {@link #of}, with only two or three objects and only attributes: what to learn first. */
  public static ShapesDataset simple(Split split, long seed, int size, int maxLongSide) {
    return new ShapesDataset(split, seed, size, maxLongSide, true);
  }

  /** Every word that an expression can have, sorted. */
  public static List<String> vocabulary() {
    return SceneLanguage.vocabulary();
  }

  @Override
  public String name() {
    return "shapes " + split.name().toLowerCase(java.util.Locale.ROOT) + " seed " + seed;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public ReferringPair pair(int index) {
    java.util.Objects.checkIndex(index, size);
    SplittableRandom random = new SplittableRandom(SceneSeeds.of(split, seed, index));
    Kind kind = simple ? Kind.ATTRIBUTE : randomKind(random);
    for (int i = 0; i < MAX_SCENES; i++) {
      Scene scene =
          Scene.generate(
              SceneSeeds.of(split, seed, random.nextLong()),
              maxLongSide,
              simple ? Scene.FEW_OBJECTS : Scene.MAX_OBJECTS);
      for (int j = 0; j < TRIES; j++) {
        Utterance utterance = SceneLanguage.say(kind, scene, random);
        if (utterance != null) {
          return new ReferringPair(
              name() + " pair " + index,
              scene,
              utterance.text(),
              utterance.target().box(),
              kind.label,
              SceneLanguage.landmarks(utterance));
        }
      }
    }
    throw new IllegalStateException("no scene found for " + name() + " pair " + index);
  }

  /** Attributes, relations and superlatives as 3 : 4 : 3. */
  private static Kind randomKind(SplittableRandom random) {
    int number = random.nextInt(10);
    if (number < 3) {
      return Kind.ATTRIBUTE;
    }
    Kind[] kinds = Kind.values();
    return number < 7
        ? kinds[Kind.LEFT.ordinal() + random.nextInt(4)]
        : kinds[Kind.LEFTMOST.ordinal() + random.nextInt(6)];
  }

  @Override
  public List<BadRecord> badRecords() {
    return List.of();
  }
}
