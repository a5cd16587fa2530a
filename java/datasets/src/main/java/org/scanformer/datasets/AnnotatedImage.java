package org.scanformer.datasets;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * An image whose objects are known: those of its source, and perhaps more of some categories.
 * Immutable.
 *
 * @param id names it within its data
 * @param image its {@link ImageSource#objects()} have categories
 * @param uncounted categories of which the image may have more objects than are listed, as where a
 *     box covers a crowd, or could not be used
 * @param nameless whether the image has further objects that may be of any category, as the data
 *     does not name theirs
 */
public record AnnotatedImage(
    String id, ImageSource image, Set<String> uncounted, boolean nameless) {
  /** Checks for nulls and copies the categories. */
  public AnnotatedImage {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(image, "image");
    uncounted = Set.copyOf(uncounted);
  }

  /** An image whose objects all have names. */
  public AnnotatedImage(String id, ImageSource image, Set<String> uncounted) {
    this(id, image, uncounted, false);
  }

  /** The image with what another record of it says too. */
  AnnotatedImage and(AnnotatedImage other) {
    Set<ImageObject> objects = new LinkedHashSet<>(image.objects());
    objects.addAll(other.image.objects());
    Set<String> all = new HashSet<>(uncounted);
    all.addAll(other.uncounted);
    return new AnnotatedImage(
        id, new ImageWithObjects(image, List.copyOf(objects)), all, nameless || other.nameless);
  }
}
