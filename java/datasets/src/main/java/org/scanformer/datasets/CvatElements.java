package org.scanformer.datasets;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.xml.sax.Attributes;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Gathers the elements of CVAT's XML image by image, as the file is that of a whole data set. Not
 * safe for use by several threads.
 */
final class CvatElements extends DefaultHandler {
  /** What is read of an element's attributes: masks and polygons may have long ones. */
  private static final List<String> READ =
      List.of("name", "width", "height", "label", "xtl", "ytl", "xbr", "ybr", "rotation");

  /** An element "image" with its shapes, in the order of the file. */
  record AnnotatedImage(Map<String, String> attributes, List<Shape> shapes) {
    /** An attribute, or "" if it is missing. */
    String attribute(String name) {
      return attributes.getOrDefault(name, "");
    }
  }

  /**
   * An element in an image.
   *
   * @param element its name, such as "box" or "polygon"
   * @param attributes those of the element
   * @param texts the values of its elements "attribute", by their names in lower case
   */
  record Shape(String element, Map<String, String> attributes, Map<String, String> texts) {
    /** An attribute of the element, or "" if it is missing. */
    String attribute(String name) {
      return attributes.getOrDefault(name, "");
    }

    /** The value of the element "attribute" of a name, or "" if there is none. */
    String text(String name) {
      return texts.getOrDefault(name, "");
    }
  }

  private final Path file;
  private final Consumer<AnnotatedImage> images;
  private int depth;
  private AnnotatedImage image;
  private Shape shape;
  private String textName;
  private StringBuilder text;

  /**
   * A handler.
   *
   * @param file that is read, for messages
   * @param images is given each image once it is complete
   */
  CvatElements(Path file, Consumer<AnnotatedImage> images) {
    this.file = file;
    this.images = images;
  }

  @Override
  public void startElement(String uri, String localName, String name, Attributes attributes) {
    switch (++depth) {
      case 1 -> XmlFile.requireRoot(file, "annotations", name);
      case 2 -> {
        refuseTrack(name);
        image =
            name.equals("image") ? new AnnotatedImage(read(attributes), new ArrayList<>()) : null;
      }
      case 3 -> {
        if (image != null) {
          shape = new Shape(name, read(attributes), new HashMap<>());
          image.shapes.add(shape);
        }
      }
      case 4 -> {
        if (image != null && name.equals("attribute")) {
          String key = attributes.getValue("name");
          textName = key == null ? "" : key.strip().toLowerCase(Locale.ROOT);
          text = new StringBuilder();
        }
      }
      default -> {
        // Deeper elements, as those of skeletons, are parts of what contains them.
      }
    }
  }

  /** A track has boxes of frames, without images. */
  private void refuseTrack(String element) {
    if (element.equals("track")) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          file
              + ": expected an export as \"CVAT for images 1.1\", found a <track> of \"CVAT for video"
              + " 1.1\"; export the task as \"CVAT for images 1.1\", which gives the boxes of each"
              + " frame, with its images");
    }
  }

  private static Map<String, String> read(Attributes attributes) {
    Map<String, String> values = new HashMap<>();
    for (String name : READ) {
      String value = attributes.getValue(name);
      if (value != null) {
        values.put(name, value.strip());
      }
    }
    return values;
  }

  @Override
  public void characters(char[] characters, int start, int length) {
    if (text != null) {
      text.append(characters, start, length);
    }
  }

  @Override
  public void endElement(String uri, String localName, String name) {
    if (depth == 4 && text != null) {
      shape.texts.putIfAbsent(textName, text.toString());
      text = null;
    }
    if (depth == 2 && image != null) {
      images.accept(image);
      image = null;
    }
    depth--;
  }
}
