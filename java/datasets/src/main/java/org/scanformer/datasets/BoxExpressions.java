package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Expressions that are made from the boxes of data: see {@link BoxPhrases}. Nothing is said of a
 * category of which an image may have more objects than the data lists, that objects of another
 * category may share ("person", "man"), or of which two boxes may be of one object. No state.
 */
final class BoxExpressions {
  /** Flickr30k Entities' types that name nothing, in one spelling. */
  private static final Set<String> NO_NAMES =
      Stream.of("other", "scene", "clothing", "bodyparts", "body parts")
          .map(CategoryKin::folded)
          .collect(Collectors.toSet());

  /** Boxes of one category with this IoU may be of one object. */
  private static final double SAME_OBJECT = 0.7;

  private BoxExpressions() {}

  /**
   * Adds what its boxes tell to data, or puts it in its place. Reads each image, as colours need
   * pixels; of one that cannot be read, no colours are named.
   *
   * @param source {@link ExpressionSource#BOXES} or {@link ExpressionSource#BOTH}
   * @throws ScanFormerException BAD_INPUT when the data has no objects with categories
   */
  static ReferringDataset of(ReferringDataset data, ExpressionSource source) {
    List<AnnotatedImage> images = data.annotatedImages();
    if (images.stream().noneMatch(BoxExpressions::hasNames)) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          data.name()
              + ": expected boxes with categories for --expressions "
              + source
              + ", found none");
    }
    List<ReferringPair> pairs = new ArrayList<>();
    if (source == ExpressionSource.BOTH) {
      IntStream.range(0, data.size()).mapToObj(data::pair).forEach(pairs::add);
    }
    IntStream.range(0, images.size())
        .parallel()
        .mapToObj(i -> pairs(images.get(i), new SplittableRandom(i)))
        .toList()
        .forEach(pairs::addAll);
    // A category that several objects share is no fault here.
    List<BadRecord> bad =
        data.badRecords().stream()
            .filter(record -> record.kind() != BadRecord.Kind.AMBIGUOUS)
            .toList();
    return new ListedDataset(data.name() + ", expressions " + source, pairs, bad, images);
  }

  private static boolean hasNames(AnnotatedImage annotated) {
    return annotated.image().objects().stream().anyMatch(object -> object.category() != null);
  }

  private static List<ReferringPair> pairs(AnnotatedImage annotated, SplittableRandom random) {
    List<ObjectGroup> groups = groups(annotated);
    List<ReferringPair> pairs = new ArrayList<>();
    for (BoxPhrases.Phrase phrase : BoxPhrases.of(groups, random)) {
      List<Box> landmarks = phrase.landmark() == null ? List.of() : List.of(phrase.landmark());
      pairs.add(
          new ReferringPair(
              annotated.id() + " expression " + pairs.size() + " of boxes",
              annotated.image(),
              phrase.text(),
              phrase.target(),
              phrase.kind(),
              landmarks));
    }
    return pairs;
  }

  /** The groups of which something can be said. */
  private static List<ObjectGroup> groups(AnnotatedImage annotated) {
    if (annotated.nameless()) {
      return List.of();
    }
    ImageSource image = annotated.image();
    Map<String, List<Box>> boxes = new LinkedHashMap<>();
    for (ImageObject object : image.objects()) {
      if (object.category() == null) {
        // It may be of any category.
        return List.of();
      }
      boxes.computeIfAbsent(object.category(), key -> new ArrayList<>()).add(object.box());
    }
    Map<String, List<Box>> clear = new LinkedHashMap<>(boxes);
    clear.keySet().removeIf(name -> !isClear(name, boxes, annotated.uncounted()));
    if (clear.isEmpty()) {
      return List.of();
    }
    RgbPixels pixels = pixels(image);
    List<ObjectGroup> groups = new ArrayList<>();
    clear.forEach(
        (name, own) ->
            groups.add(
                new ObjectGroup(
                    name,
                    own.stream().map(box -> member(box, pixels)).toList(),
                    image.width(),
                    image.height())));
    return groups;
  }

  private static ObjectGroup.Member member(Box box, RgbPixels pixels) {
    return new ObjectGroup.Member(
        box, pixels == null ? ColorShares.UNKNOWN : ColorShares.of(pixels, box));
  }

  private static boolean isClear(String name, Map<String, List<Box>> boxes, Set<String> uncounted) {
    if (NO_NAMES.contains(CategoryKin.folded(name))
        || name.chars().noneMatch(Character::isLetter)) {
      return false;
    }
    Set<String> others = new HashSet<>(boxes.keySet());
    others.remove(name);
    others.addAll(uncounted);
    if (others.stream().anyMatch(other -> CategoryKin.mayShare(name, other))) {
      return false;
    }
    List<Box> own = boxes.get(name);
    for (int i = 0; i < own.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (own.get(i).intersectionOverUnion(own.get(j)) >= SAME_OBJECT) {
          return false;
        }
      }
    }
    return true;
  }

  /** The pixels of an image; null if it cannot be read. */
  private static RgbPixels pixels(ImageSource image) {
    try {
      return new RgbPixels(image.read());
    } catch (ScanFormerException e) {
      if (e.code() != ErrorCode.BAD_INPUT) {
        throw e;
      }
      return null;
    }
  }
}
