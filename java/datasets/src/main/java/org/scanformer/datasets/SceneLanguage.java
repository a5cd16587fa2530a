package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.scanformer.Box;
import org.scanformer.datasets.SceneObject.Extent;
import org.scanformer.datasets.SceneObject.Form;
import org.scanformer.datasets.SceneObject.Hue;

/**
 * Expressions that describe exactly one object of a scene.
 *
 * <p>A description names any of size, colour and form. A relation holds when the centres are at
 * least 6 % of the image's long side apart along its axis, and fails when they are not apart at all
 * or apart the other way; if an object is in between, the relation is not used. A superlative's
 * object leads the next one by 5 % of the long side, or is 1.2 times as large or as small.
 */
final class SceneLanguage {
  private static final double CLEARLY_APART = 0.06;
  private static final double LEAD = 0.05;
  private static final double SIZE_LEAD = 1.2;
  private static final String[] NO_WORDS = {};
  private static final String[] ANY_FORM = {"object", "thing", "shape", "one"};

  private SceneLanguage() {}

  /** The kinds of expressions, by the names that pairs carry. */
  enum Kind {
    ATTRIBUTE("attribute", NO_WORDS),
    LEFT("left", "left of", "to the left of", "on the left of"),
    RIGHT("right", "right of", "to the right of", "on the right of"),
    ABOVE("above", "above", "over"),
    BELOW("below", "below", "under", "beneath"),
    LEFTMOST("leftmost", "leftmost"),
    RIGHTMOST("rightmost", "rightmost"),
    TOPMOST("topmost", "topmost", "highest"),
    BOTTOMMOST("bottommost", "bottommost", "lowest"),
    LARGEST("largest", "largest", "biggest"),
    SMALLEST("smallest", "smallest", "littlest");

    final String label;
    final String[] phrases;

    Kind(String label, String... phrases) {
      this.label = label;
      this.phrases = phrases;
    }

    boolean isRelation() {
      return ordinal() >= LEFT.ordinal() && ordinal() <= BELOW.ordinal();
    }

    /**
     * How far an object is to the side of this kind, in pixels from the image's corner, or its size
     * where the kind is about size; more is further.
     */
    double measure(SceneObject object) {
      return switch (this) {
        case LEFT, LEFTMOST -> -object.centerX();
        case RIGHT, RIGHTMOST -> object.centerX();
        case ABOVE, TOPMOST -> -object.centerY();
        case BELOW, BOTTOMMOST -> object.centerY();
        case LARGEST -> object.side();
        case SMALLEST -> 1 / object.side();
        case ATTRIBUTE -> 0;
      };
    }
  }

  /**
   * An expression.
   *
   * @param kind its kind
   * @param text its words
   * @param target the object it describes
   * @param landmark the other object that it names, or null
   */
  record Utterance(Kind kind, String text, SceneObject target, SceneObject landmark) {}

  /** Size, colour and form, each null if not mentioned. */
  private record Description(Extent extent, Hue hue, Form form) {
    boolean fits(SceneObject object) {
      return (extent == null || object.extent() == extent)
          && (hue == null || object.hue() == hue)
          && (form == null || object.form() == form);
    }

    List<SceneObject> matches(List<SceneObject> objects) {
      return objects.stream().filter(this::fits).toList();
    }

    /** The words without an article. */
    String words(SplittableRandom random) {
      StringBuilder words = new StringBuilder();
      if (extent != null) {
        words.append(any(extent.words, random)).append(' ');
      }
      if (hue != null) {
        words.append(any(hue.words, random)).append(' ');
      }
      return words.append(any(form != null ? form.nouns : ANY_FORM, random)).toString();
    }

    static Description random(SceneObject object, SplittableRandom random) {
      int said = random.nextInt(8);
      // Forms are mentioned more often than not.
      boolean form = random.nextInt(4) != 0;
      return new Description(
          (said & 1) != 0 && (said & 4) != 0 ? object.extent() : null,
          (said & 2) != 0 ? object.hue() : null,
          form ? object.form() : null);
    }
  }

  /** Every word that an expression can have, sorted. */
  static List<String> vocabulary() {
    TreeSet<String> words = new TreeSet<>(List.of("the", "a", "an"));
    words.addAll(List.of(ANY_FORM));
    for (Form form : Form.values()) {
      words.addAll(List.of(form.nouns));
    }
    for (Hue hue : Hue.values()) {
      words.addAll(List.of(hue.words));
    }
    for (Extent extent : Extent.values()) {
      words.addAll(List.of(extent.words));
    }
    for (Kind kind : Kind.values()) {
      for (String phrase : kind.phrases) {
        words.addAll(List.of(phrase.split(" ")));
      }
    }
    return new ArrayList<>(words);
  }

  /**
   * An expression of a kind for a scene.
   *
   * @return null if this attempt found none; another one may
   */
  static Utterance say(Kind kind, Scene scene, SplittableRandom random) {
    List<SceneObject> objects = scene.sceneObjects();
    if (objects.isEmpty()) {
      return null;
    }
    SceneObject target = objects.get(random.nextInt(objects.size()));
    Description description = Description.random(target, random);
    if (kind == Kind.ATTRIBUTE) {
      return description.matches(objects).size() == 1
          ? new Utterance(kind, withArticle(description.words(random), random), target, null)
          : null;
    }
    return kind.isRelation()
        ? relation(kind, scene, target, description, random)
        : superlative(kind, scene, target, description, random);
  }

  private static Utterance relation(
      Kind kind,
      Scene scene,
      SceneObject target,
      Description description,
      SplittableRandom random) {
    List<SceneObject> objects = scene.sceneObjects();
    SceneObject landmark = objects.get(random.nextInt(objects.size()));
    Description named = Description.random(landmark, random);
    if (landmark == target || named.matches(objects).size() != 1) {
      return null;
    }
    double clear = CLEARLY_APART * Math.max(scene.width(), scene.height());
    for (SceneObject object : description.matches(objects)) {
      double apart = kind.measure(object) - kind.measure(landmark);
      boolean holds = object != landmark && apart >= clear;
      boolean fails = object == landmark || apart <= 0;
      if (object == target ? !holds : !fails) {
        return null;
      }
    }
    String text =
        withArticle(description.words(random), random)
            + ' '
            + any(kind.phrases, random)
            + ' '
            + withArticle(named.words(random), random);
    return new Utterance(kind, text, target, landmark);
  }

  private static Utterance superlative(
      Kind kind,
      Scene scene,
      SceneObject target,
      Description description,
      SplittableRandom random) {
    // "The largest small circle" is not idiomatic.
    Description plain = new Description(null, description.hue(), description.form());
    List<SceneObject> matches = plain.matches(scene.sceneObjects());
    if (matches.size() < 2) {
      return null;
    }
    double lead = LEAD * Math.max(scene.width(), scene.height());
    boolean size = kind == Kind.LARGEST || kind == Kind.SMALLEST;
    for (SceneObject object : matches) {
      double other = kind.measure(object);
      double own = kind.measure(target);
      if (object != target && (size ? own < SIZE_LEAD * other : own < other + lead)) {
        return null;
      }
    }
    String text = any(kind.phrases, random) + ' ' + plain.words(random);
    return new Utterance(kind, (random.nextInt(3) == 0 ? "" : "the ") + text, target, null);
  }

  private static String withArticle(String words, SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> words;
      case 1 -> ("aeio".indexOf(words.charAt(0)) >= 0 ? "an " : "a ") + words;
      default -> "the " + words;
    };
  }

  private static String any(String[] words, SplittableRandom random) {
    return words[random.nextInt(words.length)];
  }

  /** The landmark's box as a list. */
  static List<Box> landmarks(Utterance utterance) {
    return utterance.landmark() == null ? List.of() : List.of(utterance.landmark().box());
  }
}
