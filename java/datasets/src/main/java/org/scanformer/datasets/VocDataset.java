package org.scanformer.datasets;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;
import org.w3c.dom.Element;

/**
 * A directory in the form of PASCAL VOC, as many tools for annotation write it: an XML file for
 * each image in "Annotations" or in the directory itself, images in "JPEGImages" or beside the XML
 * files, and lists of the names of a split's files in "ImageSets/Main" or in the directory itself.
 *
 * <p>A category is the expression of its only object in an image.
 */
final class VocDataset {
  private VocDataset() {}

  /** The directory with the XML files. */
  static Path annotations(Path root) {
    Path below = root.resolve("Annotations");
    return Files.isDirectory(below) ? below : root;
  }

  /**
   * Reads a split.
   *
   * @param split null for every XML file
   */
  static ReferringDataset open(Path root, Path images, String split) {
    Path annotations = annotations(root);
    ImageChoice choice = ImageChoice.ofSplit(split);
    PairCollector collector =
        new PairCollector(
            root.toString(),
            images != null
                ? new ImageFolders(choice, images)
                : new ImageFolders(choice, root, annotations));
    for (String name : SplitLists.names(root, annotations, ".xml", split)) {
      String id = name + ".xml";
      try {
        read(id, SplitLists.file(annotations, name, ".xml"), collector, name);
      } catch (ScanFormerException e) {
        collector.bad(id, e);
      }
    }
    return collector.dataset("voc " + SplitLists.describe(root, split));
  }

  private static void read(String id, Path file, PairCollector collector, String name) {
    VocAnnotation annotation = VocAnnotation.read(file);
    List<Element> objects = annotation.objects();
    if (objects.isEmpty()) {
      return;
    }
    Picture picture =
        collector.picture(
            id,
            annotation.size(),
            annotation.fileName(),
            name + ".jpg",
            name + ".jpeg",
            name + ".JPG",
            name + ".png");
    if (picture == null) {
      return;
    }
    CategoryNames names = new CategoryNames(id, picture);
    int number = 0;
    for (Element object : objects) {
      String objectId = id + " object " + number++;
      String category = XmlFile.text(object, "name");
      try {
        Box box = VocAnnotation.box(object, picture);
        names.add(objectId, category, box, true);
      } catch (ScanFormerException e) {
        collector.bad(objectId, e);
        names.addWithoutBox(objectId, category);
      }
    }
    names.finish(collector);
  }
}
