package org.scanformer.trainer;

import java.io.PrintWriter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.scanformer.datasets.AnnotatedImage;
import org.scanformer.datasets.CategoryKin;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * Mixes expressions that are not true of their image into a dataset of files: those of other images
 * that name a category of which the image has no object, with or without a usable box, where no
 * other name of its objects may mean the same ("man", "person"; {@link CategoryKin}). "The one on
 * the left" names none, and is never mixed in, nor is what data seldom lists in full, such as
 * clothing. Where the categories of an image's objects, or of an expression's target, are not all
 * known, nothing is mixed in. Pairs of the dataset that have no target are kept as they are.
 * Thread-safe.
 */
final class AbsentPairs {
  /** The kind of pair that this makes. */
  static final String KIND = "other picture";

  private static final int TRIES = 20;

  private final ReferringDataset dataset;
  private final double share;

  /** What the data says of images beside their objects, by the images' names. */
  private final Map<String, Besides> besides = new HashMap<>();

  /**
   * What an image has.
   *
   * @param categories of objects, some of which may have no usable box; null for one of an object
   *     that has none
   * @param nameless whether it has objects of unknown categories too
   */
  private record Besides(Set<String> categories, boolean nameless) {
    static final Besides NOTHING = new Besides(Set.of(), false);

    static Besides of(AnnotatedImage image) {
      Set<String> categories = new HashSet<>(image.uncounted());
      for (ImageObject object : image.image().objects()) {
        categories.add(object.category());
      }
      return new Besides(categories, image.nameless());
    }

    Besides and(Besides other) {
      Set<String> all = new HashSet<>(categories);
      all.addAll(other.categories);
      return new Besides(all, nameless || other.nameless);
    }
  }

  /**
   * A mixture.
   *
   * @param share of the pairs with a target whose expression is replaced, 0 to 1
   */
  AbsentPairs(ReferringDataset dataset, double share) {
    this.dataset = dataset;
    this.share = share;
    if (share > 0) {
      for (AnnotatedImage image : dataset.annotatedImages()) {
        besides.merge(image.image().name(), Besides.of(image), Besides::and);
      }
    }
  }

  /** Whether a pair is of use: one with a target, or, where untrue expressions are, without. */
  boolean usable(ReferringPair pair) {
    return pair.hasOneTarget() || share > 0 && pair.targets().isEmpty();
  }

  /** The pair at an index, or its image with an expression that is not true of it. */
  ReferringPair pair(int index, SplittableRandom random) {
    ReferringPair pair = dataset.pair(index);
    // The same number of draws whatever the pair, so that one pair does not change the next.
    boolean replace = random.nextDouble() < share;
    SplittableRandom choice = random.split();
    if (!replace || !pair.hasOneTarget()) {
      return pair;
    }
    Set<String> here = categories(pair.image());
    if (here.isEmpty()) {
      return pair;
    }
    for (int i = 0; i < TRIES; i++) {
      ReferringPair other = dataset.pair(choice.nextInt(dataset.size()));
      if (isAbsent(said(other), here)) {
        return new ReferringPair(
            pair.id(), pair.image(), other.expression(), List.of(), KIND, List.of());
      }
    }
    return pair;
  }

  /** Pairs with a target of whose image an expression of the dataset is known not to be true. */
  int replaceable() {
    Set<Set<String>> spokenOf =
        IntStream.range(0, dataset.size())
            .mapToObj(i -> said(dataset.pair(i)))
            .collect(Collectors.toSet());
    Map<String, Boolean> byImage = new HashMap<>();
    int count = 0;
    for (int i = 0; i < dataset.size(); i++) {
      ReferringPair pair = dataset.pair(i);
      if (pair.hasOneTarget()
          && byImage.computeIfAbsent(
              pair.image().name(),
              name -> {
                Set<String> here = categories(pair.image());
                return !here.isEmpty()
                    && spokenOf.stream().anyMatch(target -> isAbsent(target, here));
              })) {
        count++;
      }
    }
    return count;
  }

  /** Says how many pairs untrue expressions can be mixed into. */
  void tell(PrintWriter err) {
    int pairs = replaceable();
    err.println(
        dataset.name()
            + ": --absent can give "
            + pairs
            + " of "
            + dataset.size()
            + " pairs an expression that is not true of their image");
    if (pairs == 0) {
      err.println(
          "  Warning: the data does not tell of any image what it lacks, so only its own expressions"
              + " without a target are not true");
    }
  }

  /** The categories of all objects of an image; empty if they are not all known. */
  private Set<String> categories(ImageSource image) {
    Besides known = besides.getOrDefault(image.name(), Besides.NOTHING);
    Set<String> here = new HashSet<>(known.categories);
    for (ImageObject object : image.objects()) {
      here.add(object.category());
    }
    return known.nameless || here.contains(null) ? Set.of() : here;
  }

  /** Whether an image with objects of some categories has none of those that are said. */
  private static boolean isAbsent(Set<String> said, Set<String> here) {
    return !said.isEmpty()
        && said.stream()
            .noneMatch(name -> here.stream().anyMatch(own -> CategoryKin.mayFit(name, own)));
  }

  /**
   * The categories of a pair's target that its expression says; empty if it says none, or one that
   * may be in an image without being listed.
   */
  private static Set<String> said(ReferringPair pair) {
    Set<String> said = CategoryKin.said(pair.expression(), categories(pair));
    return said.stream().allMatch(CategoryKin::isListedInFull) ? said : Set.of();
  }

  /** The first category of a pair's only target; null if it is not known. */
  static String category(ReferringPair pair) {
    if (pair.hasOneTarget()) {
      for (ImageObject object : pair.image().objects()) {
        if (object.box().equals(pair.box())) {
          return object.category();
        }
      }
    }
    return null;
  }

  /**
   * All categories of a pair's only target, as a box may be listed under several; empty if one of
   * them is not known.
   */
  private static Set<String> categories(ReferringPair pair) {
    Set<String> categories = new HashSet<>();
    if (pair.hasOneTarget()) {
      for (ImageObject object : pair.image().objects()) {
        if (object.box().equals(pair.box())) {
          categories.add(object.category());
        }
      }
    }
    return categories.contains(null) ? Set.of() : categories;
  }
}
