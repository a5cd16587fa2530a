package org.scanformer.datasets;

import java.util.List;
import java.util.SplittableRandom;
import org.scanformer.Box;

/**
 * What an expression says, apart from its words.
 *
 * @param kind its kind
 * @param subject the object that it looks for
 * @param landmark the other object that it names; null unless the kind is a relation
 */
record Claim(ExpressionKind kind, Description subject, Description landmark) {
  /**
   * Whether any reading of the claim is true of a scene. A relation may hold as soon as the centres
   * differ at all; a superlative may hold where anything fits the rest of the description.
   */
  boolean mayHold(Scene scene) {
    List<SceneObject> subjects = subject.matches(scene.sceneObjects());
    if (!kind.isRelation()) {
      return !subjects.isEmpty();
    }
    for (SceneObject other : landmark.matches(scene.sceneObjects())) {
      for (SceneObject object : subjects) {
        if (object != other && kind.measure(object) > kind.measure(other)) {
          return true;
        }
      }
    }
    return false;
  }

  /** What of a scene its two descriptions fit. */
  Mentions mentions(Scene scene) {
    return new Mentions(
        boxes(subject, scene), landmark == null ? List.of() : boxes(landmark, scene));
  }

  private static List<Box> boxes(Description description, Scene scene) {
    return description.matches(scene.sceneObjects()).stream().map(SceneObject::box).toList();
  }

  /** An expression that says this. */
  String text(SceneWords words, SplittableRandom random) {
    String text;
    if (kind == ExpressionKind.ATTRIBUTE) {
      text = withArticle(subject.text(words, random), random);
    } else if (kind.isRelation()) {
      text =
          withArticle(subject.text(words, random), random)
              + ' '
              + words.connector(random)
              + SceneWords.any(words.of(kind), random)
              + ' '
              + withArticle(landmark.text(words, random), random);
    } else {
      text = SceneWords.any(words.of(kind), random) + ' ' + subject.text(words, random);
      text = (random.nextInt(3) == 0 ? "" : "the ") + text;
    }
    return words.typed(text, random);
  }

  private static String withArticle(String words, SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> words;
      case 1 -> ("aeio".indexOf(words.charAt(0)) >= 0 ? "an " : "a ") + words;
      default -> "the " + words;
    };
  }
}
