package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A dataset that is in memory as a whole, except for its images.
 *
 * @param name for reports
 * @param pairs the usable records; ids that repeat get a number
 * @param badRecords the others
 * @param annotatedImages those whose objects are known
 */
record ListedDataset(
    String name,
    List<ReferringPair> pairs,
    List<BadRecord> badRecords,
    List<AnnotatedImage> annotatedImages)
    implements ReferringDataset {
  /** Copies the lists, and makes the pairs' ids differ. */
  ListedDataset {
    pairs = List.copyOf(PairIds.distinct(pairs));
    badRecords = List.copyOf(badRecords);
    annotatedImages = List.copyOf(annotatedImages);
  }

  /**
   * A dataset of records, of which several may be of one image: it has the objects that any of them
   * lists.
   */
  static ListedDataset ofRecords(
      String name,
      List<ReferringPair> pairs,
      List<BadRecord> badRecords,
      List<AnnotatedImage> annotatedImages) {
    Map<String, AnnotatedImage> annotated = new LinkedHashMap<>();
    for (AnnotatedImage each : annotatedImages) {
      annotated.merge(each.image().name(), each, AnnotatedImage::and);
    }
    Map<String, Set<ImageObject>> objects = new HashMap<>();
    annotated.forEach(
        (image, each) -> objects.put(image, new LinkedHashSet<>(each.image().objects())));
    // The pairs of a record share a list.
    Set<List<ImageObject>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (ReferringPair pair : pairs) {
      Set<ImageObject> all =
          objects.computeIfAbsent(pair.image().name(), key -> new LinkedHashSet<>());
      if (seen.add(pair.image().objects())) {
        all.addAll(pair.image().objects());
      }
    }
    Map<String, ImageSource> images = new HashMap<>();
    List<ReferringPair> united = new ArrayList<>();
    for (ReferringPair pair : pairs) {
      united.add(
          pair.withImage(
              images.computeIfAbsent(
                  pair.image().name(),
                  image -> new ImageWithObjects(pair.image(), List.copyOf(objects.get(image))))));
    }
    return new ListedDataset(name, united, badRecords, List.copyOf(annotated.values()));
  }

  @Override
  public int size() {
    return pairs.size();
  }

  @Override
  public ReferringPair pair(int index) {
    return pairs.get(index);
  }
}
