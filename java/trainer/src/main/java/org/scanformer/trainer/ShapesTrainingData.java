package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;

/** An endless stream of drawn scenes, simple ones first. Thread-safe. */
final class ShapesTrainingData implements TrainingData {
  /** The share of the run in which simple scenes fade out. */
  private static final double SIMPLE_UNTIL = 0.08;

  /** A size that is quick to draw; the finest canvas is still smaller. */
  static final int MAX_LONG_SIDE = 320;

  private final ModelConfig config;
  private final int batchSize;
  private final long seed;
  private final ShapesDataset scenes;
  private final ShapesDataset simple;
  private final int perScene;
  private final boolean curriculum;

  /**
   * A stream.
   *
   * @param varied whether the scenes are {@linkplain ShapesDataset#varied varied}
   * @param absentShare of expressions that are not true, once simple scenes have faded out
   * @param absentRelations how often they are relations, see {@link
   *     ShapesDataset#withAbsent(double, int)}
   * @param perScene expressions of each scene, at most
   * @param curriculum whether there are simple scenes at first
   */
  ShapesTrainingData(
      ModelConfig config,
      int batchSize,
      long seed,
      boolean varied,
      double absentShare,
      int absentRelations,
      int perScene,
      boolean curriculum) {
    this.perScene = perScene;
    this.curriculum = curriculum;
    this.config = config;
    this.batchSize = batchSize;
    this.seed = seed;
    ShapesDataset all = ShapesDataset.of(Split.TRAIN, seed, Integer.MAX_VALUE, MAX_LONG_SIDE);
    ShapesDataset few = ShapesDataset.simple(Split.TRAIN, seed, Integer.MAX_VALUE, MAX_LONG_SIDE);
    scenes = (varied ? all.varied() : all).withAbsent(absentShare, absentRelations);
    simple = varied ? few.varied() : few;
  }

  @Override
  public String name() {
    return scenes.name() + (perScene > 1 ? ", " + perScene + " per scene" : "");
  }

  @Override
  public List<ReferringPair> batch(long step, double progress) {
    SplittableRandom random = new SplittableRandom(seed * 0x9e3779b97f4a7c15L + step);
    double simpleShare = curriculum ? Math.max(0, 1 - progress / SIMPLE_UNTIL) : 0;
    List<ReferringPair> batch = new ArrayList<>(batchSize);
    ModelConfig.Grid grid = null;
    while (batch.size() < batchSize) {
      ShapesDataset source = random.nextDouble() < simpleShare ? simple : scenes;
      int most = Math.min(perScene, batchSize - batch.size());
      List<ReferringPair> pairs = source.pairs(random.nextInt(Integer.MAX_VALUE), most);
      ImageSource image = pairs.get(0).image();
      ModelConfig.Grid own = config.coarseGrid(image.width(), image.height());
      if (grid == null || grid.equals(own)) {
        grid = own;
        batch.addAll(pairs);
      }
    }
    return batch;
  }
}
