package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/**
 * A file in the ODVG format of Open-GroundingDINO and MMDetection: on each line an object with
 * "filename", "width" and "height", and with "grounding" or "detection" or both. The first has
 * "regions", each with a "phrase" and a "bbox" [x1, y1, x2, y2] in pixels, or a list of such. The
 * second has "instances", each with a "bbox" and a "category".
 *
 * <p>Regions with the same phrase are the targets of one pair. A category is the expression of its
 * only instance in an image.
 */
final class OdvgDataset {
  private final PairCollector collector;

  private OdvgDataset(PairCollector collector) {
    this.collector = collector;
  }

  /** Reads a file. */
  static ReferringDataset open(Path file, Path images) {
    PairCollector collector =
        new PairCollector(file.getFileName().toString(), ImageFolders.of(file, images));
    JsonRecords.read(file, collector, new OdvgDataset(collector)::read);
    return collector.dataset("odvg " + file.getFileName());
  }

  private void read(String id, JsonNode record) {
    JsonNode regions = record.at("/grounding/regions");
    JsonNode instances = record.at("/detection/instances");
    if (!regions.isArray() && !instances.isArray()) {
      throw CocoFile.problem(
          "expected \"grounding\" with \"regions\" or \"detection\" with \"instances\", found "
              + CocoFile.brief(record));
    }
    String name = record.path("filename").asText("");
    if (name.isEmpty()) {
      throw CocoFile.problem("expected the name of an image file as \"filename\", found none");
    }
    Picture picture = collector.picture(id, record, name);
    if (picture != null) {
      readRegions(id, regions, picture);
      if (!instances.isEmpty()) {
        readInstances(id, instances, picture);
      }
    }
  }

  private void readRegions(String id, JsonNode regions, Picture picture) {
    ImageFile image = picture.image(List.of());
    int number = 0;
    for (JsonNode region : regions) {
      String regionId = id + " region " + number++;
      JsonNode bbox = region.path("bbox");
      boolean several = bbox.isArray() && bbox.path(0).isArray();
      for (JsonNode each : several ? bbox : List.of(bbox)) {
        try {
          Box box = box(each, picture);
          collector.add(id, regionId, image, region.path("phrase").asText(""), null, box);
        } catch (ScanFormerException e) {
          collector.bad(regionId, e);
        }
      }
    }
  }

  private void readInstances(String id, JsonNode instances, Picture picture) {
    CategoryNames names = new CategoryNames(id, picture);
    int number = 0;
    for (JsonNode instance : instances) {
      String instanceId = id + " instance " + number++;
      String category = instance.path("category").asText("");
      try {
        names.add(instanceId, category, box(instance.path("bbox"), picture), true);
      } catch (ScanFormerException e) {
        collector.bad(instanceId, e);
        names.addWithoutBox(instanceId, category);
      }
    }
    names.finish(collector);
  }

  /** A box of its corners x1, y1, x2 and y2. */
  private static Box box(JsonNode bbox, Picture picture) {
    String found = CocoFile.brief(bbox);
    if (!bbox.isArray() || bbox.size() != 4) {
      throw new RecordFault(
          BadRecord.Kind.BOX, "expected a \"bbox\" [x1, y1, x2, y2], found " + found);
    }
    double[] edges = new double[4];
    for (int i = 0; i < 4; i++) {
      edges[i] = bbox.get(i).isNumber() ? bbox.get(i).asDouble() : Double.NaN;
    }
    return picture.corners(edges[0], edges[1], edges[2], edges[3], "[x1, y1, x2, y2] " + found);
  }
}
