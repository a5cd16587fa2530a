package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * A dataset whose images know what all of its pairs say of their objects, so that each pair teaches
 * the whole image. Boxes of pairs that are not among an image's objects become objects. No state.
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
    Map<String, List<ImageObject>> objects = new LinkedHashMap<>();
    for (int i = 0; i < dataset.size(); i++) {
      ImageSource image = dataset.pair(i).image();
      objects.computeIfAbsent(image.name(), name -> described(image, texts.get(name)));
    }
    return new DatasetWithImages(
        dataset,
        image ->
            new Described(image, objects.getOrDefault(image.name(), List.copyOf(image.objects()))));
  }

  private static List<ImageObject> described(ImageSource image, Map<Box, List<String>> texts) {
    Map<Box, List<String>> left = new LinkedHashMap<>(texts);
    List<ImageObject> described = new ArrayList<>();
    for (ImageObject object : image.objects()) {
      List<String> own = texts.getOrDefault(object.box(), List.of());
      described.add(new ImageObject(object.box(), object.category(), object.color(), own));
      left.remove(object.box());
    }
    left.forEach((box, own) -> described.add(new ImageObject(box, null, null, own)));
    return List.copyOf(described);
  }

  private record Described(ImageSource source, List<ImageObject> objects) implements ImageSource {
    @Override
    public String name() {
      return source.name();
    }

    @Override
    public int width() {
      return source.width();
    }

    @Override
    public int height() {
      return source.height();
    }

    @Override
    public Image read() {
      return source.read();
    }
  }
}
