package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.List;
import org.scanformer.datasets.ReferringPair;

/**
 * Several sources, each with its share of the batches. Within {@link #PERIOD} steps the order is
 * fixed, so that a step's batch depends on its number only. Thread-safe if the sources are.
 */
final class MixedTrainingData implements TrainingData {
  private static final int PERIOD = 100;

  private final List<TrainingData> sources;
  private final int[] source = new int[PERIOD];
  private final int[] before = new int[PERIOD];
  private final int[] perPeriod;

  /**
   * A mixture.
   *
   * @param weights of the sources, greater than 0
   */
  MixedTrainingData(List<TrainingData> sources, double[] weights) {
    this.sources = List.copyOf(sources);
    this.perPeriod = new int[weights.length];
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    for (int step = 0; step < PERIOD; step++) {
      int next = 0;
      double most = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < weights.length; i++) {
        double due = weights[i] / sum * (step + 1) - perPeriod[i];
        if (due > most) {
          most = due;
          next = i;
        }
      }
      source[step] = next;
      before[step] = perPeriod[next]++;
    }
    for (int i = 0; i < weights.length; i++) {
      if (perPeriod[i] == 0) {
        throw new IllegalArgumentException(
            "a weight of " + weights[i] + " of " + sum + " is less than one batch in " + PERIOD);
      }
    }
  }

  @Override
  public List<Epoch> epochs() {
    List<Epoch> all = new ArrayList<>();
    for (int i = 0; i < perPeriod.length; i++) {
      for (Epoch own : sources.get(i).epochs()) {
        double share = own.share() * perPeriod[i] / PERIOD;
        all.add(new Epoch(own.name(), own.pairs(), own.batches(), share));
      }
    }
    return all;
  }

  @Override
  public List<ReferringPair> batch(long step, double progress) {
    return sourceOf(step).batch(stepOf(step), progress);
  }

  @Override
  public ReferringPair replacement(long step, int place, int attempt) {
    return sourceOf(step).replacement(stepOf(step), place, attempt);
  }

  private TrainingData sourceOf(long step) {
    return sources.get(source[(int) (step % PERIOD)]);
  }

  /** The step's number among those of its source. */
  private long stepOf(long step) {
    int place = (int) (step % PERIOD);
    return step / PERIOD * perPeriod[source[place]] + before[place];
  }

  @Override
  public String name() {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < sources.size(); i++) {
      name.append(i == 0 ? "" : " + ").append(perPeriod[i]).append(" % ");
      name.append(sources.get(i).name());
    }
    return name.toString();
  }
}
