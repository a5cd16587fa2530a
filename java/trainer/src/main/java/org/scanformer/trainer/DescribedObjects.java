package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scanformer.Box;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ImageWithObjects;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * A dataset whose images know what all of its pairs say of their objects, so that each pair teaches
 * the whole image. Pairs of one image know the objects of each other's; boxes of pairs that are not
 * among them become objects. No state.
 */
final class DescribedObjects {
  private DescribedObjects() {}

  /** Reads all pairs, but no image. */
  static ReferringDataset of(ReferringDataset dataset) {
    Map<String, Map<Box, List<String>>> texts = new LinkedHashMap<>();
    for (int i = 0; i < dataset.size(); i++) {
      ReferringPair pair = dataset.pair(i);
      Map<Box, List<String>> own =
          texts.computeIfAbsent(pair.image().name(), name -> new LinkedHashMap<>());
      if (pair.hasOneTarget()) {
        own.computeIfAbsent(pair.box(), box -> new ArrayList<>()).add(pair.expression());
      }
    }
    Map<String, Set<ImageObject>> listed = new LinkedHashMap<>();
    for (int i = 0; i < dataset.size(); i++) {
      ImageSource image = dataset.pair(i).image();
      listed.computeIfAbsent(image.name(), name -> new LinkedHashSet<>()).addAll(image.objects());
    }
    Map<String, List<ImageObject>> objects = new HashMap<>();
    listed.forEach((name, own) -> objects.put(name, described(own, texts.get(name))));
    return new DatasetWithImages(
        dataset,
        image -> new ImageWithObjects(image, objects.getOrDefault(image.name(), image.objects())));
  }

  private static List<ImageObject> described(
      Collection<ImageObject> objects, Map<Box, List<String>> texts) {
    Map<Box, List<String>> left = new LinkedHashMap<>(texts);
    List<ImageObject> described = new ArrayList<>();
    for (ImageObject object : objects) {
      List<String> own = texts.getOrDefault(object.box(), List.of());
      described.add(new ImageObject(object.box(), object.category(), object.color(), own));
      left.remove(object.box());
    }
    left.forEach((box, own) -> described.add(new ImageObject(box, null, null, own)));
    return List.copyOf(described);
  }
}
