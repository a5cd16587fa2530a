package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * Mixes expressions that are not true of their image into a dataset of files: those of other images
 * that speak of a category of which the image has no object, where no other name of its objects may
 * mean the same ("man", "person"). Where the categories of an image's objects, or of an
 * expression's target, are not known, nothing is mixed in. Pairs of the dataset that have no target
 * are kept as they are. Thread-safe.
 */
final class AbsentPairs {
  /** The kind of pair that this makes. */
  static final String KIND = "other picture";

  private static final int TRIES = 20;

  /** Names that fit one another's objects. */
  private static final Set<String> PEOPLE =
      Set.of(
          "person",
          "people",
          "man",
          "men",
          "woman",
          "women",
          "boy",
          "boys",
          "girl",
          "girls",
          "child",
          "children",
          "kid",
          "kids",
          "baby",
          "toddler",
          "guy",
          "guys",
          "lady",
          "ladies",
          "player",
          "players",
          "crowd",
          "group",
          "couple",
          "worker",
          "rider",
          "skateboarder",
          "snowboarder",
          "skier",
          "biker",
          "bicyclist",
          "cyclist",
          "climber",
          "surfer",
          "runner",
          "athlete");

  /** Flickr30k Entities' types that say nothing of what may be there besides. */
  private static final Set<String> VAGUE = Set.of("other", "scene", "clothing", "bodyparts");

  private final ReferringDataset dataset;
  private final double share;

  /**
   * A mixture.
   *
   * @param share of the pairs with a target whose expression is replaced, 0 to 1
   */
  AbsentPairs(ReferringDataset dataset, double share) {
    this.dataset = dataset;
    this.share = share;
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
    List<String> here = new ArrayList<>();
    for (ImageObject object : pair.image().objects()) {
      here.add(object.category());
    }
    if (here.isEmpty() || here.contains(null)) {
      return pair;
    }
    for (int i = 0; i < TRIES; i++) {
      ReferringPair other = dataset.pair(choice.nextInt(dataset.size()));
      String category = category(other);
      if (category != null && here.stream().noneMatch(own -> mayFit(category, own))) {
        return new ReferringPair(
            pair.id(), pair.image(), other.expression(), List.of(), KIND, List.of());
      }
    }
    return pair;
  }

  /** Whether an object of one category may be of the other too. */
  private static boolean mayFit(String category, String own) {
    return VAGUE.contains(category)
        || category.equals(own)
        || PEOPLE.contains(category) && PEOPLE.contains(own);
  }

  /** The category of a pair's only target; null if it is not known. */
  private static String category(ReferringPair pair) {
    if (pair.hasOneTarget()) {
      for (ImageObject object : pair.image().objects()) {
        if (object.box().equals(pair.box())) {
          return object.category();
        }
      }
    }
    return null;
  }
}
