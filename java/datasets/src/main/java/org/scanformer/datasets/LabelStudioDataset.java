package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/**
 * The file of Label Studio's export as JSON: an array of tasks, each with the place of its image in
 * "data" and with "annotations", whose "result" has rectangles in percent of the image's sides. Of
 * a task, the first annotation counts that is marked as the ground truth and was not skipped, or
 * else the first that was not skipped.
 *
 * <p>The texts of a region are its expressions. For a region without, each label is the expression
 * of its only object in an image. Of a rectangle that is turned, the upright box around it counts.
 * Other shapes are objects of the image, but not used. Choices for a whole image name what may be
 * in it, without its place. So do the other annotations of a task, also those that were skipped or
 * not submitted: somebody saw what they name.
 */
final class LabelStudioDataset {
  /** Boxes of two annotations with this IoU and one name are of one object. */
  private static final double SAME_OBJECT = 0.5;

  private final PairCollector collector;

  private LabelStudioDataset(PairCollector collector) {
    this.collector = collector;
  }

  /** Reads a file. */
  static ReferringDataset open(Path file, Path images) {
    PairCollector collector =
        new PairCollector(file.getFileName().toString(), ImageFolders.of(file, images));
    JsonRecords.read(file, collector, new LabelStudioDataset(collector)::read);
    return collector.dataset("label-studio " + file.getFileName());
  }

  private void read(String id, JsonNode task) {
    // Before version 1.0, annotations were called completions.
    JsonNode annotations = task.path(task.has("annotations") ? "annotations" : "completions");
    if (!task.path("data").isObject()
        || !annotations.isArray() && !task.path("predictions").isArray()) {
      throw CocoFile.problem(
          "expected a task with \"data\" and \"annotations\", found "
              + (isMinimal(task)
                  ? "one of JSON-MIN, which does not tell the text of a box; export as JSON"
                  : CocoFile.brief(task)));
    }
    JsonNode chosen = chosen(annotations);
    List<JsonNode> others = new ArrayList<>();
    int number = 0;
    for (JsonNode annotation : annotations) {
      String annotationId = id + " annotation " + number++;
      if (isSkipped(annotation)) {
        notChosen(annotationId, annotation, "expected a submitted annotation, found a skipped one");
      } else if (annotation != chosen) {
        notChosen(
            annotationId,
            annotation,
            "expected one annotation of a task, found another that is used");
      }
      if (annotation != chosen) {
        others.add(annotation);
      }
    }
    if (chosen != null) {
      task.path("drafts").forEach(others::add);
      readRegions(id, task.get("data"), LabelStudioRegion.of(chosen), others);
      return;
    }
    for (String kind : List.of("predictions", "drafts")) {
      number = 0;
      for (JsonNode each : task.path(kind)) {
        notChosen(
            id + " " + kind + " " + number++,
            each,
            "expected a submitted annotation, found " + kind + " only");
      }
    }
  }

  /** Whether a record is one of the export as JSON-MIN. */
  private static boolean isMinimal(JsonNode record) {
    for (JsonNode value : record) {
      if (value.path(0).has("rectanglelabels")) {
        return true;
      }
    }
    return false;
  }

  private static boolean isSkipped(JsonNode annotation) {
    return annotation.path("was_cancelled").asBoolean(false);
  }

  private static JsonNode chosen(JsonNode annotations) {
    JsonNode first = null;
    for (JsonNode annotation : annotations) {
      if (annotation.isObject() && !isSkipped(annotation)) {
        if (annotation.path("ground_truth").asBoolean(false)) {
          return annotation;
        }
        first = first == null ? annotation : first;
      }
    }
    return first;
  }

  private void notChosen(String id, JsonNode annotation, String problem) {
    int regions = LabelStudioRegion.of(annotation).size();
    if (regions > 0) {
      collector.bad(new BadRecord(id, BadRecord.Kind.NOT_CHOSEN, problem, regions));
    }
  }

  private void readRegions(
      String id, JsonNode data, Collection<LabelStudioRegion> regions, List<JsonNode> others) {
    if (regions.isEmpty()) {
      return;
    }
    String[] names = ImageLocation.names(ImageLocation.of(data));
    Picture picture = collector.picture(id, size(regions), names);
    if (picture == null) {
      return;
    }
    CategoryNames categories = new CategoryNames(id, picture);
    for (LabelStudioRegion region : regions) {
      String regionId = id + " region " + CsvFile.brief(region.id());
      try {
        Box box = region.box(picture);
        if (region.texts().isEmpty()) {
          addLabels(regionId, region.labels(), box, categories);
        } else {
          categories.addDescribed(regionId, region.labels(), box, region.texts());
        }
      } catch (ScanFormerException e) {
        collector.bad(regionId, e);
        region.labels().forEach(label -> categories.addWithoutBox(regionId, label));
        if (region.labels().isEmpty() && region.isShape()) {
          categories.addWithoutBox(regionId, null);
        } else if (!region.isShape()) {
          region.choices().forEach(categories::addOfImage);
        }
      }
    }
    for (JsonNode other : others) {
      addOther(other, picture, categories);
    }
    categories.finish(collector);
  }

  /** Adds what an annotation that is not used names, but for objects of the one that is. */
  private static void addOther(JsonNode annotation, Picture picture, CategoryNames categories) {
    List<ImageObject> used = new ArrayList<>(categories.objects());
    for (LabelStudioRegion region : LabelStudioRegion.of(annotation)) {
      Box box = boxOrNull(region, picture);
      for (String label : region.labels()) {
        if (!remove(used, box, label)) {
          categories.addOfImage(label);
        }
      }
      if (!region.isShape()) {
        region.choices().forEach(categories::addOfImage);
      } else if (region.labels().isEmpty() && !remove(used, box, null)) {
        categories.addWithoutBox(region.id(), null);
      }
    }
  }

  private static Box boxOrNull(LabelStudioRegion region, Picture picture) {
    try {
      return region.box(picture);
    } catch (RecordFault e) {
      return null;
    }
  }

  /** Removes an object, if there is one of about this box and of this label; null for any label. */
  private static boolean remove(List<ImageObject> objects, Box box, String label) {
    for (ImageObject object : objects) {
      boolean named =
          label == null
              || object.category() != null
                  && CategoryKin.folded(object.category()).equals(CategoryKin.folded(label));
      if (box != null && named && object.box().intersectionOverUnion(box) >= SAME_OBJECT) {
        return objects.remove(object);
      }
    }
    return false;
  }

  /** Adds a box as an object of each of its labels. */
  private void addLabels(String id, List<String> labels, Box box, CategoryNames categories) {
    int number = 0;
    for (String label : labels.isEmpty() ? List.of("") : labels) {
      String labelId = number == 0 ? id : id + " label " + number;
      number++;
      try {
        categories.add(labelId, label, box, true);
      } catch (ScanFormerException e) {
        collector.bad(labelId, e);
        categories.addWithoutBox(labelId, label);
      }
    }
  }

  /** The size of the image, if its first rectangle tells it. */
  private static ObjectNode size(Collection<LabelStudioRegion> regions) {
    ObjectNode size = JsonNodeFactory.instance.objectNode();
    regions.stream()
        .map(LabelStudioRegion::rectangle)
        .filter(Objects::nonNull)
        .findFirst()
        .filter(first -> first.has("original_width") && first.has("original_height"))
        .ifPresent(
            first -> {
              size.set("width", first.get("original_width"));
              size.set("height", first.get("original_height"));
            });
    return size;
  }
}
