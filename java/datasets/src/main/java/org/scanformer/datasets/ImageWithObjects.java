package org.scanformer.datasets;

import java.util.List;
import org.scanformer.Image;

/**
 * An image of which other objects are known than its source knows. Thread-safe if the source is.
 *
 * @param source gives all but the objects
 * @param objects in upright pixels
 */
public record ImageWithObjects(ImageSource source, List<ImageObject> objects)
    implements ImageSource {
  /** Copies the objects. */
  public ImageWithObjects {
    objects = List.copyOf(objects);
  }

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
