package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/**
 * Takes the names of categories as expressions, for data of detection, which has no others: a name
 * describes an object if no other object of the image has it, or another name that may mean the
 * same ({@link CategoryKin}). Not safe for use by several threads.
 */
final class CategoryNames {
  private final String imageId;
  private final Picture picture;
  private final Map<String, List<Item>> byName = new LinkedHashMap<>();
  private final List<ImageObject> objects = new ArrayList<>();
  private final List<Described> described = new ArrayList<>();
  private final Set<String> ofImage = new HashSet<>();
  private boolean nameless;

  /**
   * An object.
   *
   * @param box null if its name is not to describe it
   * @param listed whether it is one object of the image's
   */
  private record Item(String id, Box box, boolean listed) {}

  /** An object with an expression of its own. */
  private record Described(String id, String text, String name, Box box) {}

  /**
   * For an image.
   *
   * @param imageId names it
   */
  CategoryNames(String imageId, Picture picture) {
    this.imageId = imageId;
    this.picture = picture;
  }

  /**
   * Adds an object.
   *
   * @param category its name; underscores count as spaces
   * @param box in upright pixels of the file
   * @param single whether the box is that of a single object
   * @throws RecordFault when the name has no words
   */
  void add(String id, String category, Box box, boolean single) {
    String name = name(category);
    if (name.isEmpty()) {
      throw new RecordFault(
          BadRecord.Kind.EXPRESSION, "expected the name of a category, found none");
    }
    item(name, new Item(id, box, single));
    objects.add(new ImageObject(box, name, null));
  }

  /**
   * Adds an object whose box or name is not usable: it is in the image all the same. Without a
   * name, it may be one of any.
   */
  void addWithoutBox(String id, String category) {
    String name = name(category);
    if (name.isEmpty()) {
      nameless = true;
    } else {
      item(name, new Item(id, null, false));
    }
  }

  /** Adds a label of the whole image: something of that category may be in it. */
  void addOfImage(String category) {
    ofImage.add(name(category));
  }

  /** The objects with a box so far. */
  List<ImageObject> objects() {
    return List.copyOf(objects);
  }

  private void item(String name, Item item) {
    byName.computeIfAbsent(name, key -> new ArrayList<>()).add(item);
  }

  /**
   * Adds an object that has expressions of its own. Other objects share its name all the same.
   *
   * @param categories its names, the first of which is the kind of its expressions; may be empty
   * @param texts the expressions
   */
  void addDescribed(String id, List<String> categories, Box box, List<String> texts) {
    String first = categories.isEmpty() ? "" : name(categories.get(0));
    String kind = first.isEmpty() ? null : first;
    if (kind == null) {
      objects.add(new ImageObject(box, null, null));
    }
    for (int i = 0; i < categories.size(); i++) {
      String name = name(categories.get(i));
      if (!name.isEmpty()) {
        item(name, new Item(id, null, i == 0));
        objects.add(new ImageObject(box, name, null));
      }
    }
    for (int i = 0; i < texts.size(); i++) {
      String textId = i == 0 ? id : id + " text " + i;
      described.add(new Described(textId, texts.get(i), kind, box));
    }
  }

  private static String name(String category) {
    return category == null ? "" : category.replace('_', ' ').strip();
  }

  /**
   * Gives the image, a pair for each expression of an object and for each name that a single object
   * has, and a bad record for each other name.
   */
  void finish(PairCollector collector) {
    ImageFile image = picture.image(List.copyOf(objects));
    Set<String> uncounted = new HashSet<>(ofImage);
    uncounted.remove("");
    byName.forEach(
        (name, items) -> {
          if (!items.stream().allMatch(Item::listed)) {
            uncounted.add(name);
          }
        });
    collector.annotated(new AnnotatedImage(imageId, image, uncounted, nameless));
    for (Described each : described) {
      try {
        collector.add(picture.path(), each.id, image, each.text, each.name, each.box);
      } catch (ScanFormerException e) {
        collector.bad(each.id, e);
      }
    }
    byName.forEach(
        (name, items) -> {
          List<Item> usable = items.stream().filter(item -> item.box != null).toList();
          Item first = usable.isEmpty() ? null : usable.get(0);
          int others = first == null ? 0 : others(name, first.box);
          if (items.size() == 1 && others == 0 && first != null && first.listed) {
            try {
              collector.addCategory(first.id, image, name, first.box);
            } catch (ScanFormerException e) {
              collector.bad(first.id, e);
            }
          } else if (first != null) {
            collector.bad(ambiguous(first.id, name, items.size() + others, usable.size()));
          }
        });
  }

  /** How many other objects have another name that may be used of them as well. */
  private int others(String name, Box box) {
    int others = 0;
    for (Map.Entry<String, List<Item>> each : byName.entrySet()) {
      if (!each.getKey().equals(name) && CategoryKin.mayShare(name, each.getKey())) {
        others += (int) each.getValue().stream().filter(item -> !box.equals(item.box)).count();
      }
    }
    return others;
  }

  private static BadRecord ambiguous(String id, String name, int objects, int records) {
    String problem =
        "expected a single \""
            + name
            + "\" in the image, as its category is the expression, found "
            + (objects == 1 ? "a group" : Integer.toString(objects));
    return new BadRecord(id, BadRecord.Kind.AMBIGUOUS, problem, records);
  }
}
