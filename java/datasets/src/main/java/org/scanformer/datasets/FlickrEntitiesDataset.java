package org.scanformer.datasets;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;
import org.w3c.dom.Element;

/**
 * A directory in the form of Flickr30k Entities: for each image the XML file of its boxes in
 * "Annotations" and the text file of its captions in "Sentences", and lists of the images' names in
 * train.txt, val.txt and test.txt. In a caption, {@code [/EN#12/people a man]} is a phrase of the
 * entity 12, whose boxes are its targets.
 *
 * <p>A pair for each phrase of each caption, as the data's own evaluation counts them; its kind is
 * the entity's type, such as "people". Phrases of entities without boxes are told as bad records.
 * The objects of an image are its boxes, without categories: a type says little, and a caption does
 * not mention all that is in the image.
 */
final class FlickrEntitiesDataset {
  private static final String MARK = "[/EN#";

  private final Path root;
  private final PairCollector collector;

  private FlickrEntitiesDataset(Path root, PairCollector collector) {
    this.root = root;
    this.collector = collector;
  }

  /**
   * Reads a split.
   *
   * @param split null for all captions
   */
  static ReferringDataset open(Path root, Path images, String split) {
    PairCollector collector =
        new PairCollector(
            root.toString(),
            new ImageFolders(ImageChoice.ofSplit(split), images != null ? images : root));
    FlickrEntitiesDataset dataset = new FlickrEntitiesDataset(root, collector);
    for (String name : SplitLists.names(root, root.resolve("Sentences"), ".txt", split)) {
      try {
        dataset.read(name);
      } catch (ScanFormerException e) {
        collector.bad(name, e);
      }
    }
    return collector.dataset("flickr30k " + SplitLists.describe(root, split));
  }

  private void read(String name) {
    Path sentences = SplitLists.file(root.resolve("Sentences"), name, ".txt");
    VocAnnotation annotation =
        VocAnnotation.read(SplitLists.file(root.resolve("Annotations"), name, ".xml"));
    String captions = captions(sentences);
    Picture picture =
        collector.picture(name, annotation.size(), annotation.fileName(), name + ".jpg");
    if (picture == null) {
      return;
    }
    Map<String, Set<Box>> boxes = boxes(name, annotation, picture);
    List<ImageObject> objects = new ArrayList<>();
    boxes.values().stream()
        .flatMap(Set::stream)
        .distinct()
        .forEach(box -> objects.add(new ImageObject(box, null, null)));
    ImageFile image = picture.image(List.copyOf(objects));
    String[] lines = captions.split("\n");
    for (int i = 0; i < lines.length; i++) {
      readCaption(name + ".txt line " + (i + 1), lines[i], image, boxes);
    }
  }

  private static String captions(Path file) {
    try {
      byte[] bytes = DataFile.readText(file);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw CocoFile.problem("expected captions in UTF-8, found other bytes in " + file);
    }
  }

  /** The boxes of each entity; an object may be of several entities. */
  private Map<String, Set<Box>> boxes(String name, VocAnnotation annotation, Picture picture) {
    Map<String, Set<Box>> boxes = new HashMap<>();
    int number = 0;
    for (Element object : annotation.objects()) {
      String id = name + ".xml object " + number++;
      if (XmlFile.child(object, "bndbox") == null
          && (isSet(object, "scene") || isSet(object, "nobndbox"))) {
        continue;
      }
      try {
        Box box = VocAnnotation.box(object, picture);
        for (Element entity : XmlFile.children(object, "name")) {
          String key = entity.getTextContent().strip();
          if (!boxes.computeIfAbsent(key, none -> new LinkedHashSet<>()).add(box)) {
            throw new RecordFault(
                BadRecord.Kind.REPEATED,
                "expected another box of entity " + key + ", found the same again");
          }
        }
      } catch (ScanFormerException e) {
        collector.bad(id, e);
      }
    }
    return boxes;
  }

  private static boolean isSet(Element object, String flag) {
    return XmlFile.text(object, flag).equals("1");
  }

  private void readCaption(String id, String line, ImageFile image, Map<String, Set<Box>> boxes) {
    int number = 0;
    int end;
    for (int at = line.indexOf(MARK); at >= 0; at = end < 0 ? end : line.indexOf(MARK, end)) {
      String phraseId = id + " phrase " + number++;
      end = line.indexOf(']', at);
      // Looked at alone: what follows in a long line would be searched again for each phrase.
      String marked = line.substring(at, end < 0 ? line.length() : end);
      try {
        int space = marked.indexOf(' ');
        String[] tags =
            end < 0 || space < 0
                ? new String[0]
                : marked.substring(MARK.length(), space).split("/");
        if (tags.length < 2) {
          throw CocoFile.problem(
              "expected [/EN#number/type words], found " + CsvFile.brief(marked));
        }
        String phrase = marked.substring(space).strip();
        Set<Box> targets = boxes.getOrDefault(tags[0], Set.of());
        if (targets.isEmpty()) {
          throw new RecordFault(
              BadRecord.Kind.NO_BOX,
              "expected a box of entity " + tags[0] + ", \"" + phrase + "\", found none");
        }
        for (Box box : targets) {
          collector.add(phraseId, phraseId, image, phrase, tags[1], box);
        }
      } catch (ScanFormerException e) {
        collector.bad(phraseId, e);
      }
    }
  }
}
