package org.scanformer.datasets;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;
import org.w3c.dom.Element;

/**
 * An annotation in the XML of PASCAL VOC, which Flickr30k Entities has too: the image's name and
 * size, and objects with names and boxes, whose edges are the first and the last pixel within,
 * counted from 1.
 *
 * @param root the element "annotation"
 */
record VocAnnotation(Element root) {
  /**
   * Reads a file.
   *
   * @throws ScanFormerException BAD_INPUT when it is missing, hostile or another kind of file
   */
  static VocAnnotation read(Path file) {
    return new VocAnnotation(XmlFile.read(file, "annotation"));
  }

  /** The name of the image's file; null if there is none. */
  String fileName() {
    String name = XmlFile.text(root, "filename");
    return name.isEmpty() ? null : name;
  }

  /** The image's width and height, as far as they are told. */
  ObjectNode size() {
    ObjectNode size = JsonNodeFactory.instance.objectNode();
    Element element = XmlFile.child(root, "size");
    if (element != null) {
      size.put("width", XmlFile.text(element, "width"));
      size.put("height", XmlFile.text(element, "height"));
    }
    return size;
  }

  /** The objects, without their parts. */
  List<Element> objects() {
    return XmlFile.children(root, "object");
  }

  /**
   * The box of an object in upright pixels of the image's file.
   *
   * @throws RecordFault when there is none, or none within the image
   */
  static Box box(Element object, Picture picture) {
    Element bounds = XmlFile.child(object, "bndbox");
    if (bounds == null) {
      throw new RecordFault(BadRecord.Kind.BOX, "expected a <bndbox>, found none");
    }
    String[] names = {"xmin", "ymin", "xmax", "ymax"};
    double[] edges = new double[names.length];
    StringBuilder found = new StringBuilder();
    for (int i = 0; i < names.length; i++) {
      String text = XmlFile.text(bounds, names[i]);
      edges[i] = BoxList.number(text);
      found.append(i == 0 ? "" : ", ").append(names[i]).append(' ').append(CsvFile.brief(text));
    }
    if (edges[2] < edges[0] || edges[3] < edges[1]) {
      throw new RecordFault(
          BadRecord.Kind.BOX, "expected a minimum not above the maximum, found " + found);
    }
    return picture.corners(edges[0] - 1, edges[1] - 1, edges[2], edges[3], found.toString());
  }
}
