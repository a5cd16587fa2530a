package org.scanformer.datasets;

import java.util.List;
import java.util.SplittableRandom;
import org.scanformer.datasets.SceneObject.Extent;
import org.scanformer.datasets.SceneObject.Form;
import org.scanformer.datasets.SceneObject.Hue;

/**
 * What an expression says of an object; each part is null if it is not mentioned.
 *
 * @param extent its size
 * @param hue its colour
 * @param form its form
 * @param otherAdjective a property that nothing drawn has, such as "wooden"
 * @param otherNoun something that is never drawn, such as "elephant"
 */
record Description(Extent extent, Hue hue, Form form, String otherAdjective, String otherNoun) {
  /** A description of something that is drawn. */
  Description(Extent extent, Hue hue, Form form) {
    this(extent, hue, form, null, null);
  }

  boolean fits(SceneObject object) {
    return otherAdjective == null
        && otherNoun == null
        && (extent == null || object.extent() == extent)
        && (hue == null || object.hue() == hue)
        && (form == null || object.form() == form);
  }

  List<SceneObject> matches(List<SceneObject> objects) {
    return objects.stream().filter(this::fits).toList();
  }

  /** The same with other parts than those that are drawn left as they are. */
  Description with(Extent newExtent, Hue newHue, Form newForm) {
    return new Description(newExtent, newHue, newForm, otherAdjective, otherNoun);
  }

  /** The words without an article. */
  String text(SceneWords words, SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    if (extent != null) {
      text.append(SceneWords.any(words.of(extent), random)).append(' ');
    }
    if (otherAdjective != null) {
      text.append(otherAdjective).append(' ');
    }
    if (hue != null) {
      text.append(SceneWords.any(words.of(hue), random)).append(' ');
    }
    if (otherNoun != null) {
      return text.append(otherNoun).toString();
    }
    return text.append(SceneWords.any(form != null ? words.of(form) : words.anyForm(), random))
        .toString();
  }

  /** Any of an object's attributes; forms are mentioned more often than not. */
  static Description random(SceneObject object, SplittableRandom random) {
    int said = random.nextInt(8);
    boolean form = random.nextInt(4) != 0;
    return new Description(
        (said & 1) != 0 && (said & 4) != 0 ? object.extent() : null,
        (said & 2) != 0 ? object.hue() : null,
        form ? object.form() : null);
  }
}
