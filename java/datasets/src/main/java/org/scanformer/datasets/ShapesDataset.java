package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.scanformer.datasets.SceneLanguage.Utterance;

/**
 * Drawn scenes of two to six coloured forms, each with an expression that describes exactly one of
 * them by attributes, relations or superlatives. The same split, seed and index give the same pair
 * and, on one Java version, the same pixels. Nothing is stored: pairs are made on demand.
 *
 * <p>{@link #varied()} draws up to eight forms and uses more words; {@link #withAbsent} mixes in
 * expressions that are not true of their scene.
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
  private final boolean varied;
  private final double absentShare;
  private final int relationWeight;

  private ShapesDataset(
      Split split,
      long seed,
      int size,
      int maxLongSide,
      boolean simple,
      boolean varied,
      double absentShare,
      int relationWeight) {
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
    this.varied = varied;
    this.absentShare = absentShare;
    this.relationWeight = relationWeight;
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
    return new ShapesDataset(split, seed, size, maxLongSide, false, false, 0, 1);
  }

  /** As {@link #of}, with only two or three objects and only attributes: what to learn first. */
  public static ShapesDataset simple(Split split, long seed, int size, int maxLongSide) {
    return new ShapesDataset(split, seed, size, maxLongSide, true, false, 0, 1);
  }

  /**
   * The same with two to eight forms, more synonyms and phrases, words around the expression,
   * typing errors, and twice as many expressions with "smallest" as with each other superlative.
   */
  public ShapesDataset varied() {
    return new ShapesDataset(
        split, seed, size, maxLongSide, simple, true, absentShare, relationWeight);
  }

  /**
   * The same with a share of expressions that are not true of any object of their scene. Such a
   * pair has no target, and its kind says why: "other picture", "form absent", "not together",
   * "attribute swapped", "landmark absent", "wrong side" or "unknown word", each as often as the
   * others. The pairs that have a target are those of this dataset at the same indices.
   *
   * @param share of the pairs, 0 to 1
   * @throws IllegalStateException when this is a simple dataset, whose expressions are all true
   */
  public ShapesDataset withAbsent(double share) {
    return withAbsent(share, 1);
  }

  /**
   * The same, with "landmark absent" and "wrong side" so many times as often as each other kind:
   * they are the hardest to tell from expressions that are true.
   *
   * @param weight of relations, 1 to 100
   */
  public ShapesDataset withAbsent(double share, int weight) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("expected a share from 0 to 1, found " + share);
    }
    if (weight < 1 || weight > 100) {
      throw new IllegalArgumentException(
          "expected a weight of relations from 1 to 100, found " + weight);
    }
    if (simple) {
      throw new IllegalStateException("the expressions of simple scenes are all true");
    }
    return new ShapesDataset(split, seed, size, maxLongSide, false, varied, share, weight);
  }

  /** Every word that an expression can have, unless the dataset is {@link #varied}, sorted. */
  public static List<String> vocabulary() {
    return SceneWords.BASIC.vocabulary();
  }

  /**
   * Every word of {@link #varied} datasets that a model should know, typing errors among them,
   * sorted. Expressions that are not true may have others.
   */
  public static List<String> variedVocabulary() {
    return SceneWords.VARIED.vocabulary();
  }

  @Override
  public String name() {
    return "shapes "
        + split.name().toLowerCase(java.util.Locale.ROOT)
        + " seed "
        + seed
        + (varied ? " varied" : "")
        + (absentShare > 0 ? " absent " + absentShare : "")
        + (relationWeight > 1 ? " relations " + relationWeight : "");
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public ReferringPair pair(int index) {
    java.util.Objects.checkIndex(index, size);
    SplittableRandom random = new SplittableRandom(SceneSeeds.of(split, seed, index));
    AbsentKind absent = absentKind(index, 0);
    ExpressionKind kind = simple ? ExpressionKind.ATTRIBUTE : randomKind(random);
    for (int i = 0; i < MAX_SCENES; i++) {
      ReferringPair pair = pair(id(index), absent, kind, scene(random), random);
      if (pair != null) {
        return pair;
      }
    }
    throw new IllegalStateException("no scene found for " + name() + " pair " + index);
  }

  /**
   * {@link #pair(int)} and further pairs about its scene, with other expressions: of the same kinds
   * and with the same share of untrue ones, as far as the scene allows them. All have the same
   * {@link ReferringPair#image()} object.
   *
   * @param most the number of pairs, at least 1; there are fewer where no more were found
   */
  public List<ReferringPair> pairs(int index, int most) {
    ReferringPair first = pair(index);
    List<ReferringPair> pairs = new ArrayList<>(List.of(first));
    Set<String> said = new HashSet<>(Set.of(first.expression()));
    for (int number = 1; number < most; number++) {
      SplittableRandom random = stream(index, 2 * number);
      ExpressionKind kind = simple ? ExpressionKind.ATTRIBUTE : randomKind(random);
      String id = id(index) + " expression " + (number + 1);
      ReferringPair pair = pair(id, absentKind(index, number), kind, (Scene) first.image(), random);
      if (pair != null && said.add(pair.expression())) {
        pairs.add(pair);
      }
    }
    return pairs;
  }

  /** A pair about a scene; null if none of some attempts found an expression of the kind. */
  private ReferringPair pair(
      String id, AbsentKind absent, ExpressionKind kind, Scene scene, SplittableRandom random) {
    SceneWords words = varied ? SceneWords.VARIED : SceneWords.BASIC;
    ReferringPair pair = null;
    for (int i = 0; i < TRIES && pair == null; i++) {
      pair =
          absent == null
              ? truePair(id, kind, scene, words, random)
              : absentPair(id, absent, kind, scene, words, random);
    }
    return pair;
  }

  private Scene scene(SplittableRandom random) {
    int most = varied ? Scene.MANY_OBJECTS : Scene.MAX_OBJECTS;
    return Scene.generate(
        SceneSeeds.of(split, seed, random.nextLong()),
        maxLongSide,
        simple ? Scene.FEW_OBJECTS : most);
  }

  /** A stream of random numbers for a pair's scene, beside the pair's own. */
  private SplittableRandom stream(int index, int number) {
    return new SplittableRandom(SceneSeeds.mix(SceneSeeds.of(split, seed, index) + number));
  }

  /**
   * Why an expression is not true; null if it is. Takes nothing from the pair's stream.
   *
   * @param number of the expression about the scene
   */
  private AbsentKind absentKind(int index, int number) {
    if (absentShare == 0) {
      return null;
    }
    SplittableRandom random = stream(index, 2 * number + 1);
    if (random.nextDouble() >= absentShare) {
      return null;
    }
    AbsentKind[] kinds = AbsentKind.values();
    int drawn = random.nextInt(kinds.length + 2 * (relationWeight - 1));
    if (drawn < kinds.length) {
      return kinds[drawn];
    }
    return drawn % 2 == 0 ? AbsentKind.LANDMARK_ABSENT : AbsentKind.WRONG_SIDE;
  }

  private ReferringPair truePair(
      String id, ExpressionKind kind, Scene scene, SceneWords words, SplittableRandom random) {
    Utterance utterance = SceneLanguage.say(kind, scene, words, random);
    return utterance == null
        ? null
        : new ReferringPair(
            id,
            scene,
            utterance.text(),
            List.of(utterance.target().box()),
            kind.label,
            SceneLanguage.landmarks(utterance),
            utterance.claim().mentions(scene));
  }

  private ReferringPair absentPair(
      String id,
      AbsentKind absent,
      ExpressionKind kind,
      Scene scene,
      SceneWords words,
      SplittableRandom random) {
    Utterance utterance =
        AbsentLanguage.say(absent, kind, scene, () -> scene(random), words, random);
    return utterance == null
        ? null
        : new ReferringPair(
            id,
            scene,
            utterance.text(),
            List.of(),
            absent.label,
            List.of(),
            utterance.claim().mentions(scene));
  }

  private String id(int index) {
    return name() + " pair " + index;
  }

  /** Attributes, relations and superlatives as 3 : 4 : 3. */
  private ExpressionKind randomKind(SplittableRandom random) {
    int number = random.nextInt(10);
    if (number < 3) {
      return ExpressionKind.ATTRIBUTE;
    }
    ExpressionKind[] kinds = ExpressionKind.values();
    if (number < 7) {
      return kinds[ExpressionKind.LEFT.ordinal() + random.nextInt(4)];
    }
    // The smallest object is the hardest to find: varied scenes ask for it twice as often.
    int superlative = random.nextInt(varied ? 7 : 6);
    return kinds[ExpressionKind.LEFTMOST.ordinal() + Math.min(5, superlative)];
  }

  @Override
  public List<BadRecord> badRecords() {
    return List.of();
  }
}
