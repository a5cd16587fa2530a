package org.scanformer.cli;

import java.util.Set;
import org.scanformer.Box;
import org.scanformer.NormalizedBox;
import org.scanformer.datasets.CategoryGroups;
import org.scanformer.datasets.CategoryKin;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.Wording;

/**
 * What the data says of a pair with one target, for figures by category and wording and for
 * baselines. Immutable.
 *
 * @param category the group of the target's category, or the category, in one spelling, where it is
 *     in none; null if it is not known
 * @param wordings by what the expression tells the target from others
 * @param target its true box
 * @param largest the largest of the data's boxes of the same category in the image; null if the
 *     target's category is not among those of the image's objects
 */
record PairFacts(
    String category, Set<Wording> wordings, NormalizedBox target, NormalizedBox largest) {
  static PairFacts of(ReferringPair pair) {
    String category = null;
    for (ImageObject object : pair.image().objects()) {
      if (object.box().equals(pair.box()) && object.category() != null) {
        category = object.category();
      }
    }
    NormalizedBox largest = null;
    String spelling = category == null ? null : CategoryKin.folded(category);
    if (category != null) {
      Box box = pair.box();
      for (ImageObject object : pair.image().objects()) {
        if (object.category() != null
            && spelling.equals(CategoryKin.folded(object.category()))
            && object.box().area() > box.area()) {
          box = object.box();
        }
      }
      largest = normalized(pair, box);
    }
    String group = CategoryGroups.of(category != null ? category : pair.kind());
    return new PairFacts(
        group != null ? group : spelling, Wording.of(pair), normalized(pair, pair.box()), largest);
  }

  private static NormalizedBox normalized(ReferringPair pair, Box box) {
    return NormalizedBox.of(box, pair.image().width(), pair.image().height());
  }
}
