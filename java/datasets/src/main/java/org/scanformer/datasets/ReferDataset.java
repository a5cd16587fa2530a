package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * A directory in the form of the REFER toolkit: {@code refs(WHO).p}, a pickled list of referred
 * objects with their sentences, and {@code instances.json} in COCO's form. RefCOCO, RefCOCO+,
 * RefCOCOg and RefCLEF (ReferItGame) have it. A pair for each sentence.
 */
public final class ReferDataset {
  private final List<ReferringPair> pairs = new ArrayList<>();
  private final List<BadRecord> badRecords = new ArrayList<>();

  private ReferDataset() {}

  /**
   * Reads a split. Records that are not usable become bad records.
   *
   * @param root the directory with the two files
   * @param splitBy who made the split: unc, google, umd or berkeley; null if there is only one
   * @param split "train", "val", "test", "testA", "testB", or RefCLEF's "testAB", "testBC", …
   * @param images the directory of the images, or the parent of their directories; null for root,
   *     its "images", and "images" beside it
   * @throws ScanFormerException BAD_INPUT when a file is missing, broken or hostile, or when no
   *     object is in the split
   */
  public static ReferringDataset open(Path root, String splitBy, String split, Path images) {
    Path refs = refsFile(root, splitBy);
    CocoFile instances = CocoFile.read(root.resolve("instances.json"));
    Object read = RestrictedPickle.read(refs);
    if (!(read instanceof List<?> list)) {
      throw error(refs, "expected a list, found " + describe(read));
    }
    Path folder = root.toAbsolutePath().normalize();
    List<Path> directories =
        images != null
            ? ImageFile.withSubdirectories(images)
            : ImageFile.withSubdirectories(
                folder.resolve("images"), folder, folder.resolveSibling("images"));
    ReferDataset dataset = new ReferDataset();
    TreeSet<String> splits = new TreeSet<>();
    boolean any = false;
    for (int i = 0; i < list.size(); i++) {
      String id = refs.getFileName() + " record " + i;
      if (!(list.get(i) instanceof Map<?, ?> ref)) {
        dataset.bad(id, "expected a dict, found " + describe(list.get(i)));
        continue;
      }
      if (!(ref.get("split") instanceof String own)) {
        dataset.bad(id, "expected a string as \"split\", found " + describe(ref.get("split")));
        continue;
      }
      splits.add(own);
      if (isIn(own, split)) {
        any = true;
        dataset.addRef(id, ref, instances, directories);
      }
    }
    if (!any) {
      throw error(refs, "found no split \"" + split + "\", only " + splits);
    }
    return new ListedDataset(
        "refer " + folder.getFileName() + " " + refs.getFileName() + " " + split,
        dataset.pairs,
        dataset.badRecords);
  }

  private static Path refsFile(Path root, String splitBy) {
    if (splitBy != null) {
      Path file = root.resolve("refs(" + splitBy + ").p");
      if (!Files.isRegularFile(file)) {
        throw error(file, "no such file; found " + refsFiles(root));
      }
      return file;
    }
    List<Path> files = refsFiles(root);
    if (files.size() != 1) {
      throw error(
          root, "expected a single refs(…).p unless the split's author is given; found " + files);
    }
    return files.get(0);
  }

  private static List<Path> refsFiles(Path root) {
    try (Stream<Path> files = Files.list(root)) {
      return files
          .filter(file -> file.getFileName().toString().matches("refs\\(.*\\)\\.p"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, root + ": not a directory that can be read: " + e, e);
    }
  }

  /** The REFER toolkit's rule: RefCLEF's test objects are in several parts. */
  private static boolean isIn(String own, String wanted) {
    return switch (wanted) {
      case "testA", "testB", "testC" ->
          own.startsWith("test") && own.indexOf(wanted.charAt(4), 4) >= 0;
      case "test" -> own.contains("test");
      default -> own.equals(wanted);
    };
  }

  private void addRef(String id, Map<?, ?> ref, CocoFile instances, List<Path> directories) {
    Long annotationId = integer(ref.get("ann_id"));
    Long imageId = integer(ref.get("image_id"));
    JsonNode annotation = annotationId == null ? null : instances.annotation(annotationId);
    JsonNode image = imageId == null ? null : instances.image(imageId);
    if (annotation == null || image == null) {
      bad(
          id,
          "ann_id "
              + ref.get("ann_id")
              + " and image_id "
              + ref.get("image_id")
              + " are not both in instances.json");
      return;
    }
    Box box = CocoFile.box(annotation, image);
    if (box == null) {
      bad(id, "expected a \"bbox\" within the image, found " + annotation.path("bbox"));
      return;
    }
    String own = ref.get("file_name") instanceof String text ? text : null;
    Path file =
        ImageFile.find(
            directories, image.path("file_name").asText(null), withoutAnnotation(own), own);
    if (file == null) {
      bad(id, "the image file " + image.path("file_name") + " was not found");
      return;
    }
    if (!(ref.get("sentences") instanceof List<?> sentences) || sentences.isEmpty()) {
      bad(id, "expected a list of sentences, found " + describe(ref.get("sentences")));
      return;
    }
    ImageFile source =
        new ImageFile(
            file,
            image.path("width").intValue(),
            image.path("height").intValue(),
            instances.objects(image));
    for (int i = 0; i < sentences.size(); i++) {
      String text = sentence(sentences.get(i));
      if (text == null) {
        bad(id + " sentence " + i, "expected a \"sent\" with words, found none");
      } else {
        String pairId = "ref " + ref.get("ref_id") + " sentence " + i + " of record " + id;
        pairs.add(new ReferringPair(pairId, source, text, box, null, List.of()));
      }
    }
  }

  private static String sentence(Object sentence) {
    if (sentence instanceof Map<?, ?> map) {
      for (String key : new String[] {"sent", "raw"}) {
        if (map.get(key) instanceof String text && !text.isBlank()) {
          return text;
        }
      }
    }
    return null;
  }

  /** COCO_train2014_000000581857_16.jpg names annotation 16 of COCO_train2014_000000581857.jpg. */
  private static String withoutAnnotation(String name) {
    return name == null ? null : name.replaceFirst("_\\d+(\\.\\w+)$", "$1");
  }

  private static Long integer(Object value) {
    return value instanceof Integer || value instanceof Long ? ((Number) value).longValue() : null;
  }

  private static String describe(Object value) {
    if (value == null) {
      return "nothing";
    }
    return value instanceof List
        ? "a list"
        : value instanceof Map
            ? "a dict"
            : value instanceof Object[] ? "a tuple" : value.getClass().getSimpleName();
  }

  private void bad(String id, String problem) {
    badRecords.add(new BadRecord(id, problem));
  }

  private static ScanFormerException error(Path file, String message) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, file + ": " + message);
  }
}
