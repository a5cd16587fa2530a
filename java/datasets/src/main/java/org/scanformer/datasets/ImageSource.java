package org.scanformer.datasets;

import java.util.List;
import org.scanformer.Image;

/** An image that is read or drawn on demand. Thread-safe. */
public interface ImageSource {
  /** The name of the image in messages: a file, or a scene's seed. */
  String name();

  /** Pixels per row, after EXIF orientation; known without reading the pixels. */
  int width();

  /** Rows, after EXIF orientation; known without reading the pixels. */
  int height();

  /**
   * Reads the pixels; every call reads them again.
   *
   * @throws org.scanformer.ScanFormerException BAD_INPUT when the image cannot be read
   */
  Image read();

  /** The known objects in the image; empty if none are known. */
  default List<ImageObject> objects() {
    return List.of();
  }
}
