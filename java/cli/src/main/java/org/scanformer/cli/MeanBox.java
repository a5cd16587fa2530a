package org.scanformer.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.scanformer.NormalizedBox;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * The mean of true boxes in shares of the image's sides: what a model answers that has learnt
 * nothing else. Immutable.
 *
 * @param box the mean
 * @param source what it is the mean of
 */
record MeanBox(NormalizedBox box, String source) {
  /** The mean of the only targets of datasets; null if there are none. */
  static MeanBox of(List<ReferringDataset> datasets) {
    List<NormalizedBox> boxes = new ArrayList<>();
    for (ReferringDataset dataset : datasets) {
      for (int i = 0; i < dataset.size(); i++) {
        ReferringPair pair = dataset.pair(i);
        if (pair.hasOneTarget()) {
          boxes.add(NormalizedBox.of(pair.box(), pair.image().width(), pair.image().height()));
        }
      }
    }
    String names = datasets.stream().map(ReferringDataset::name).collect(Collectors.joining(" + "));
    return boxes.isEmpty() ? null : of(boxes, names);
  }

  /** The mean of boxes, at least one. */
  static MeanBox of(List<NormalizedBox> boxes, String source) {
    double[] sums = new double[4];
    for (NormalizedBox box : boxes) {
      List<Float> values = box.toList();
      for (int i = 0; i < sums.length; i++) {
        sums[i] += values.get(i);
      }
    }
    List<Double> mean = new ArrayList<>();
    for (double sum : sums) {
      mean.add(sum / boxes.size());
    }
    return new MeanBox(NormalizedBox.fromList(mean), source);
  }
}
