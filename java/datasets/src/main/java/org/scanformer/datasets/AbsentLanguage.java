package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.scanformer.datasets.SceneLanguage.Utterance;
import org.scanformer.datasets.SceneObject.Extent;
import org.scanformer.datasets.SceneObject.Form;
import org.scanformer.datasets.SceneObject.Hue;

/** Expressions that are true of no object of a scene, in any reading ({@link Claim#mayHold}). */
final class AbsentLanguage {
  /** Words that no vocabulary of scenes holds. */
  static final String[] UNKNOWN_NOUNS = {
    "elephant", "giraffe", "bicycle", "umbrella", "banana", "guitar", "teapot", "zebra", "airplane",
    "sofa", "bottle", "keyboard", "pizza", "ladder", "candle", "penguin", "suitcase", "octopus",
    "kettle", "violin", "cylinder", "cube", "spiral", "trapezoid"
  };

  static final String[] UNKNOWN_ADJECTIVES = {
    "wooden",
    "furry",
    "shiny",
    "broken",
    "sleeping",
    "spotted",
    "woollen",
    "wet",
    "frozen",
    "turquoise"
  };

  private static final ExpressionKind[] RELATIONS = {
    ExpressionKind.LEFT, ExpressionKind.RIGHT, ExpressionKind.ABOVE, ExpressionKind.BELOW
  };

  private final Scene scene;
  private final SceneWords words;
  private final SplittableRandom random;

  private AbsentLanguage(Scene scene, SceneWords words, SplittableRandom random) {
    this.scene = scene;
    this.words = words;
    this.random = random;
  }

  /**
   * An expression that is not true of a scene.
   *
   * @param base the kind of true expression that some kinds of absence start from
   * @param other makes other scenes
   * @return null if this attempt found none; another one may
   */
  static Utterance say(
      AbsentKind kind,
      ExpressionKind base,
      Scene scene,
      Supplier<Scene> other,
      SceneWords words,
      SplittableRandom random) {
    if (scene.sceneObjects().isEmpty()) {
      return null;
    }
    Claim claim = new AbsentLanguage(scene, words, random).claim(kind, base, other);
    return claim == null || claim.mayHold(scene)
        ? null
        : new Utterance(claim, claim.text(words, random), null, null);
  }

  private Claim claim(AbsentKind kind, ExpressionKind base, Supplier<Scene> other) {
    return switch (kind) {
      case OTHER_PICTURE -> {
        Utterance elsewhere = SceneLanguage.say(base, other.get(), words, random);
        yield elsewhere == null ? null : elsewhere.claim();
      }
      case FORM_ABSENT -> about(formAbsent());
      case NOT_TOGETHER -> about(notTogether());
      case ATTRIBUTE_SWAPPED -> {
        Utterance truth = SceneLanguage.say(base, scene, words, random);
        yield truth == null
            ? null
            : new Claim(base, swapped(truth.claim().subject()), truth.claim().landmark());
      }
      case LANDMARK_ABSENT -> {
        Description landmark = random.nextBoolean() ? formAbsent() : notTogether();
        yield landmark == null ? null : new Claim(relation(), ofObject(), landmark);
      }
      case WRONG_SIDE -> {
        Utterance truth = SceneLanguage.say(relation(), scene, words, random);
        yield truth == null ? null : reversed(truth.claim());
      }
      case UNKNOWN_WORD -> unknown();
    };
  }

  private ExpressionKind relation() {
    return RELATIONS[random.nextInt(RELATIONS.length)];
  }

  /** A description that fits at least one object of the scene. */
  private Description ofObject() {
    return Description.random(anyObject(), random);
  }

  private SceneObject anyObject() {
    List<SceneObject> objects = scene.sceneObjects();
    return objects.get(random.nextInt(objects.size()));
  }

  /** Any claim about what a description says; null stands for no description. */
  private Claim about(Description description) {
    if (description == null) {
      return null;
    }
    return switch (random.nextInt(4)) {
      case 0 -> new Claim(relation(), description, ofObject());
      case 1 -> {
        ExpressionKind[] kinds = ExpressionKind.values();
        int first = ExpressionKind.LEFTMOST.ordinal();
        yield new Claim(kinds[first + random.nextInt(kinds.length - first)], description, null);
      }
      default -> new Claim(ExpressionKind.ATTRIBUTE, description, null);
    };
  }

  /** A form that nothing has, by itself or with a colour that is there; null if all are there. */
  private Description formAbsent() {
    List<Form> absent = new ArrayList<>(Arrays.asList(Form.values()));
    scene.sceneObjects().forEach(object -> absent.remove(object.form()));
    if (absent.isEmpty()) {
      return null;
    }
    Hue hue = random.nextBoolean() ? anyObject().hue() : null;
    return new Description(null, hue, absent.get(random.nextInt(absent.size())));
  }

  /** The colour of one object and the form of another that no object has together, or null. */
  private Description notTogether() {
    Description both = new Description(null, anyObject().hue(), anyObject().form());
    return both.matches(scene.sceneObjects()).isEmpty() ? both : null;
  }

  /** Another value of one of the attributes that are mentioned; as it is if none is. */
  private Description swapped(Description of) {
    List<Description> others = new ArrayList<>();
    if (of.extent() != null) {
      others.add(of.with(another(Extent.values(), of.extent()), of.hue(), of.form()));
    }
    if (of.hue() != null) {
      others.add(of.with(of.extent(), another(Hue.values(), of.hue()), of.form()));
    }
    if (of.form() != null) {
      others.add(of.with(of.extent(), of.hue(), another(Form.values(), of.form())));
    }
    return others.isEmpty() ? of : others.get(random.nextInt(others.size()));
  }

  private <E extends Enum<E>> E another(E[] values, E than) {
    int index = random.nextInt(values.length - 1);
    return values[index < than.ordinal() ? index : index + 1];
  }

  /** The opposite relation, or the same one with the two objects' places changed. */
  private Claim reversed(Claim relation) {
    return random.nextBoolean()
        ? new Claim(relation.kind().opposite(), relation.subject(), relation.landmark())
        : new Claim(relation.kind(), relation.landmark(), relation.subject());
  }

  private Claim unknown() {
    Description like = ofObject();
    boolean noun = random.nextInt(4) != 0;
    Description unknown =
        new Description(
            like.extent(),
            like.hue(),
            noun ? null : like.form(),
            noun ? null : anyOf(UNKNOWN_ADJECTIVES, SceneWords.NEVER_DRAWN_ADJECTIVES),
            noun ? anyOf(UNKNOWN_NOUNS, SceneWords.NEVER_DRAWN_NOUNS) : null);
    return random.nextInt(3) == 0 ? new Claim(relation(), ofObject(), unknown) : about(unknown);
  }

  private String anyOf(String[] unknown, String[] known) {
    return SceneWords.any(random.nextInt(3) == 0 ? known : unknown, random);
  }
}
