package org.scanformer.trainer;

import java.util.List;
import java.util.function.UnaryOperator;
import org.scanformer.datasets.AnnotatedImage;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * A dataset whose pairs have other sources of their images. Thread-safe if both parts are.
 *
 * @param images gives what takes an image's place
 */
record DatasetWithImages(ReferringDataset dataset, UnaryOperator<ImageSource> images)
    implements ReferringDataset {
  @Override
  public String name() {
    return dataset.name();
  }

  @Override
  public int size() {
    return dataset.size();
  }

  @Override
  public ReferringPair pair(int index) {
    ReferringPair pair = dataset.pair(index);
    return pair.withImage(images.apply(pair.image()));
  }

  @Override
  public List<BadRecord> badRecords() {
    return dataset.badRecords();
  }

  @Override
  public List<AnnotatedImage> annotatedImages() {
    return dataset.annotatedImages().stream()
        .map(
            each ->
                new AnnotatedImage(
                    each.id(), images.apply(each.image()), each.uncounted(), each.nameless()))
        .toList();
  }
}
