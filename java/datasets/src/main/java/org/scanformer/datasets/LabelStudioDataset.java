package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
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
 * in it, without its place.
 */
final class LabelStudioDataset {
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
    }
    if (chosen != null) {
      readRegions(id, task.get("data"), LabelStudioRegion.of(chosen));
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

  private void readRegions(String id, JsonNode data, Collection<LabelStudioRegion> regions) {
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
    categories.finish(collector);
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
