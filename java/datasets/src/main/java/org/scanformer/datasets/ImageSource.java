package org.scanformer.datasets;

import java.util.List;
import org.scanformer.Image;

/** An image that is read, or drawn, when it is asked for. Thread-safe. */
public interface ImageSource {
  /** Names the image in messages: a file, or a scene's seed. */
  String name();

  /** Pixels a row, after EXIF orientation; known without reading the pixels. */
  int width();

  /** Rows, after EXIF orientation; known without reading the pixels. */
  int height();

  /**
   * Reads the pixels, every time anew.
   *
   * @throws org.scanformer.ScanFormerException BAD_INPUT when the image cannot be read
   */
  Image read();

  /** The objects that are known to be in the image; empty where none are known. */
  default List<ImageObject> objects() {
    return List.of();
  }
}
