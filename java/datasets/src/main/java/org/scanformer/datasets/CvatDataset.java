package org.scanformer.datasets;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/**
 * The XML file of CVAT's export "CVAT for images 1.1": an element "image" for each image, and in it
 * an element "box" for each object, with a label and attributes.
 *
 * <p>The expression of a box is its attribute "expression", "caption", "text" or "description", the
 * first of them that has words. For a box without, the label is the expression of its only object
 * in an image. Of a box that is turned, the upright box around it counts. Other shapes are objects
 * of the image, but not used. A tag names what may be in the image, without its place.
 */
final class CvatDataset {
  private static final List<String> TEXTS = List.of("expression", "caption", "text", "description");

  private final Path file;
  private final PairCollector collector;
  private int number;

  private CvatDataset(Path file, PairCollector collector) {
    this.file = file;
    this.collector = collector;
  }

  /** Reads a file. */
  static ReferringDataset open(Path file, Path images) {
    PairCollector collector =
        new PairCollector(file.getFileName().toString(), ImageFolders.of(file, images));
    CvatDataset dataset = new CvatDataset(file, collector);
    XmlFile.stream(file, new CvatElements(file, dataset::read));
    return collector.dataset("cvat " + file.getFileName());
  }

  private void read(CvatElements.AnnotatedImage image) {
    String id = file.getFileName() + " image " + number++;
    if (image.shapes().isEmpty()) {
      return;
    }
    try {
      String name = image.attribute("name");
      if (name.isBlank()) {
        throw CocoFile.problem("expected the name of an image file as \"name\", found none");
      }
      Picture picture = collector.picture(id, size(image), name);
      if (picture != null) {
        readShapes(id, image.shapes(), picture);
      }
    } catch (ScanFormerException e) {
      collector.bad(id, e);
    }
  }

  private static ObjectNode size(CvatElements.AnnotatedImage image) {
    ObjectNode size = JsonNodeFactory.instance.objectNode();
    for (String side : List.of("width", "height")) {
      if (!image.attribute(side).isEmpty()) {
        size.put(side, image.attribute(side));
      }
    }
    return size;
  }

  private void readShapes(String id, List<CvatElements.Shape> shapes, Picture picture) {
    CategoryNames names = new CategoryNames(id, picture);
    int place = 0;
    for (CvatElements.Shape shape : shapes) {
      String shapeId = id + " shape " + place++;
      String label = shape.attribute("label");
      try {
        if (shape.element().equals("tag")) {
          throw new RecordFault(
              BadRecord.Kind.NO_BOX, "expected a <box>, found a <tag> of the whole image");
        }
        Box box = box(shape, picture);
        List<String> text =
            TEXTS.stream()
                .map(shape::text)
                .flatMap(each -> each.isBlank() ? Stream.of() : Stream.of(each.strip()))
                .limit(1)
                .toList();
        if (text.isEmpty()) {
          names.add(shapeId, label, box, true);
        } else {
          names.addDescribed(shapeId, List.of(label), box, text);
        }
      } catch (ScanFormerException e) {
        collector.bad(shapeId, e);
        if (shape.element().equals("tag")) {
          names.addOfImage(label);
        } else {
          names.addWithoutBox(shapeId, label);
        }
      }
    }
    names.finish(collector);
  }

  /** The box of a shape, which a rotation turns about its centre. */
  private static Box box(CvatElements.Shape shape, Picture picture) {
    if (!shape.element().equals("box")) {
      throw new RecordFault(
          BadRecord.Kind.BOX,
          "expected a <box>, found a <" + CsvFile.brief(shape.element()) + ">, which is not used");
    }
    String[] names = {"xtl", "ytl", "xbr", "ybr"};
    double[] edges = new double[names.length];
    StringBuilder found = new StringBuilder();
    for (int i = 0; i < names.length; i++) {
      String text = shape.attribute(names[i]);
      edges[i] = BoxList.number(text);
      found.append(i == 0 ? "" : ", ").append(names[i]).append(' ').append(CsvFile.brief(text));
    }
    String rotation = shape.attribute("rotation");
    double degrees = rotation.isEmpty() ? 0 : BoxList.number(rotation);
    if (degrees != 0) {
      found.append(", rotation ").append(CsvFile.brief(rotation));
    }
    return picture.turned(
        edges[0],
        edges[1],
        edges[2] - edges[0],
        edges[3] - edges[1],
        degrees,
        (edges[0] + edges[2]) / 2,
        (edges[1] + edges[3]) / 2,
        found.toString());
  }
}
