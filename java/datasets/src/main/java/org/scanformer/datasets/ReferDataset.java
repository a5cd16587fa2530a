package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/**
 * A directory in the form of the REFER toolkit: {@code refs(WHO).p}, a pickled list of referred
 * objects with their sentences, and {@code instances.json} in COCO's form. RefCOCO, RefCOCO+,
 * RefCOCOg and RefCLEF (ReferItGame) have it; so has gRefCOCO, whose {@code grefs(WHO).json} holds
 * lists of objects, which may be empty. A pair for each sentence. Files may be compressed by gzip.
 *
 * <p>Where an image file has another size of the same aspect ratio, boxes are scaled to it; where
 * boxes are relative to the pixels as stored and an EXIF orientation turns these, so are the boxes.
 */
public final class ReferDataset {
  /** What gRefCOCO gives, alone or in a list, where nothing is referred to. */
  private static final String NO_ANNOTATION = "-1";

  /** The files of referred objects that a split's author has. */
  private static final List<String> FORMS =
      List.of("refs(%s).p", "refs(%s).p.gz", "grefs(%s).json", "grefs(%s).json.gz");

  /** The names of the files of referred objects. */
  static final String REFS = "refs\\(.*\\)\\.p(\\.gz)?|grefs\\(.*\\)\\.json(\\.gz)?";

  private final CocoFile instances;
  private final ImageFolders folders;
  private final List<ReferringPair> pairs = new ArrayList<>();
  private final List<BadRecord> badRecords = new ArrayList<>();
  private final Map<String, AnnotatedImage> annotated = new LinkedHashMap<>();

  private ReferDataset(CocoFile instances, ImageFolders folders) {
    this.instances = instances;
    this.folders = folders;
  }

  /**
   * Reads a split, and the header of each of its images. Records that are not usable become bad
   * records; those whose image file is missing become a single one, the last.
   *
   * @param root the directory with the two files
   * @param splitBy who made the split: unc, google, umd or berkeley; null if there is only one
   * @param split "train", "val", "test", "testA", "testB", or RefCLEF's "testAB", "testBC", …
   * @param images the directory of the images, or the parent of their directories; null for root,
   *     its "images", and the toolkit's places: "images" beside root, and there
   *     "mscoco/images/train2014" and "saiapr_tc-12"
   * @throws ScanFormerException BAD_INPUT when a file is missing, broken or hostile, or when no
   *     object is in the split; OUT_OF_MEMORY when the heap is too small for the files
   */
  public static ReferringDataset open(Path root, String splitBy, String split, Path images) {
    return DataFile.withinMemory(root, () -> read(root, splitBy, split, images));
  }

  private static ReferringDataset read(Path root, String splitBy, String split, Path images) {
    Path refs = refsFile(root, splitBy);
    CocoFile instances = CocoFile.read(root.resolve("instances.json"));
    List<?> list = records(refs);
    Path folder = root.toAbsolutePath().normalize();
    ImageChoice choice = ImageChoice.ofSplit(split);
    ReferDataset dataset =
        new ReferDataset(
            instances,
            images != null
                ? new ImageFolders(choice, images)
                : new ImageFolders(choice, root, folder.resolveSibling("images")));
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
        try {
          dataset.addRef(id, ref);
        } catch (ScanFormerException e) {
          dataset.badRecords.add(BadRecord.of(id, e));
        }
      }
    }
    if (!any) {
      throw error(refs, "found no split \"" + split + "\", only " + splits);
    }
    BadRecord missing = dataset.folders.missing(refs.getFileName().toString());
    if (missing != null) {
      dataset.badRecords.add(missing);
    }
    return ListedDataset.ofRecords(
        "refer " + folder.getFileName() + " " + refs.getFileName() + " " + split,
        dataset.pairs,
        dataset.badRecords,
        List.copyOf(dataset.annotated.values()));
  }

  private static List<?> records(Path refs) {
    Object stored = refs.getFileName().toString().contains(".json") ? json(refs) : pickle(refs);
    List<?> list = list(stored);
    if (list == null) {
      throw error(refs, "expected a list, found " + describe(stored));
    }
    return list;
  }

  /** The splits that records of a directory are in, sorted. */
  static List<String> splits(Path root, String splitBy) {
    TreeSet<String> splits = new TreeSet<>();
    for (Object record : records(refsFile(root, splitBy))) {
      if (record instanceof Map<?, ?> ref && ref.get("split") instanceof String split) {
        splits.add(split);
      }
    }
    return List.copyOf(splits);
  }

  private static Object pickle(Path refs) {
    return RestrictedPickle.read(refs);
  }

  /** JSON as the plain values that a pickle gives. */
  private static Object json(Path refs) {
    return new ObjectMapper().convertValue(CocoFile.json(refs), Object.class);
  }

  private static Path refsFile(Path root, String splitBy) {
    if (splitBy != null) {
      for (String form : FORMS) {
        Path file = root.resolve(String.format(form, splitBy));
        if (Files.isRegularFile(file)) {
          return file;
        }
      }
      throw error(
          root.resolve("refs(" + splitBy + ").p"), "no such file; found " + refsFiles(root));
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
      return files.filter(file -> file.getFileName().toString().matches(REFS)).sorted().toList();
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          root + ": not a directory that can be read: " + SystemMessages.reason(e),
          e);
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

  private void addRef(String id, Map<?, ?> ref) {
    String imageId = requiredId(ref, "image_id");
    JsonNode image = instances.image(imageId);
    List<JsonNode> annotations = annotations(ref, imageId);
    String own = ref.get("file_name") instanceof String text ? text : null;
    Path file = folders.find(id, image.path("file_name").asText(null), withoutAnnotation(own), own);
    if (file == null) {
      return;
    }
    ImageHeader header = folders.header(file);
    BoxTransform transform = CocoFile.transform(image, header, file);
    List<Box> targets = new ArrayList<>();
    for (JsonNode annotation : annotations) {
      targets.add(CocoFile.box(annotation, transform));
    }
    List<?> sentences = list(ref.get("sentences"));
    if (sentences == null || sentences.isEmpty()) {
      throw CocoFile.problem(
          "expected a list of sentences, found " + describe(ref.get("sentences")));
    }
    ImageFile source =
        new ImageFile(
            file,
            header.uprightWidth(),
            header.uprightHeight(),
            instances.objects(imageId, transform));
    annotated.computeIfAbsent(
        imageId,
        key ->
            new AnnotatedImage(
                "image " + key,
                source,
                instances.uncounted(key, transform),
                instances.hasNameless(key, transform)));
    for (int i = 0; i < sentences.size(); i++) {
      String text = sentence(sentences.get(i));
      if (text == null) {
        bad(id + " sentence " + i, "expected a \"sent\" with words, found none");
      } else {
        String pairId = "ref " + RecordId.of(ref.get("ref_id")) + " sentence " + i + " of record ";
        pairs.add(new ReferringPair(pairId + id, source, text, targets, null, List.of()));
      }
    }
  }

  /**
   * The referred objects: one, or with gRefCOCO's lists any number.
   *
   * @throws RecordFault when "ann_id" and "no_target" say different things
   */
  private List<JsonNode> annotations(Map<?, ?> ref, String imageId) {
    List<JsonNode> annotations = new ArrayList<>();
    List<?> listed = list(ref.get("ann_id"));
    Object noTarget = ref.get("no_target");
    if (Boolean.TRUE.equals(noTarget) && ref.get("ann_id") == null) {
      return annotations;
    }
    if (listed != null && listed.isEmpty() && !(noTarget instanceof Boolean)) {
      throw CocoFile.problem(
          "expected ids of annotations as \"ann_id\", or \"no_target\", found an empty list");
    }
    for (Object annotationId : listed != null ? listed : List.of("only")) {
      String id = listed != null ? RecordId.of(annotationId) : requiredId(ref, "ann_id");
      if (NO_ANNOTATION.equals(id)) {
        continue;
      }
      JsonNode annotation = instances.annotation(id);
      String owner = RecordId.of(annotation.get("image_id"));
      if (!imageId.equals(owner)) {
        throw CocoFile.problem(
            "ann_id " + id + " is of the image " + owner + ", expected image_id " + imageId);
      }
      annotations.add(annotation);
    }
    if (noTarget instanceof Boolean none && none != annotations.isEmpty()) {
      throw CocoFile.problem(
          "found no_target "
              + none
              + ", expected "
              + annotations.isEmpty()
              + ", as \"ann_id\" has "
              + annotations.size()
              + " annotations");
    }
    return annotations;
  }

  private static String requiredId(Map<?, ?> ref, String name) {
    String id = RecordId.of(ref.get(name));
    if (id == null) {
      throw CocoFile.problem(
          "expected an id as \"" + name + "\", found " + describe(ref.get(name)));
    }
    return id;
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

  /** A list or tuple as a list; null for anything else. */
  private static List<?> list(Object value) {
    return value instanceof Object[] tuple
        ? Arrays.asList(tuple)
        : value instanceof List<?> list ? list : null;
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
