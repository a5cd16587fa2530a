package org.scanformer.datasets;

import java.util.List;
import java.util.SplittableRandom;
import org.scanformer.Box;

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

  private SceneLanguage() {}

  /**
   * An expression.
   *
   * @param claim what it says
   * @param text its words
   * @param target the object it describes; null if it is not true of its scene
   * @param landmark the other object that it names, or null
   */
  record Utterance(Claim claim, String text, SceneObject target, SceneObject landmark) {}

  /**
   * An expression of a kind for a scene.
   *
   * @return null if this attempt found none; another one may
   */
  static Utterance say(
      ExpressionKind kind, Scene scene, SceneWords words, SplittableRandom random) {
    List<SceneObject> objects = scene.sceneObjects();
    if (objects.isEmpty()) {
      return null;
    }
    SceneObject target = objects.get(random.nextInt(objects.size()));
    Description description = Description.random(target, random);
    if (kind == ExpressionKind.ATTRIBUTE) {
      return description.matches(objects).size() == 1
          ? utterance(new Claim(kind, description, null), target, null, words, random)
          : null;
    }
    return kind.isRelation()
        ? relation(kind, scene, target, description, words, random)
        : superlative(kind, scene, target, description, words, random);
  }

  private static Utterance utterance(
      Claim claim,
      SceneObject target,
      SceneObject landmark,
      SceneWords words,
      SplittableRandom random) {
    return new Utterance(claim, claim.text(words, random), target, landmark);
  }

  private static Utterance relation(
      ExpressionKind kind,
      Scene scene,
      SceneObject target,
      Description description,
      SceneWords words,
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
    return utterance(new Claim(kind, description, named), target, landmark, words, random);
  }

  private static Utterance superlative(
      ExpressionKind kind,
      Scene scene,
      SceneObject target,
      Description description,
      SceneWords words,
      SplittableRandom random) {
    // "The largest small circle" is not idiomatic.
    Description plain = new Description(null, description.hue(), description.form());
    List<SceneObject> matches = plain.matches(scene.sceneObjects());
    if (matches.size() < 2) {
      return null;
    }
    double lead = LEAD * Math.max(scene.width(), scene.height());
    boolean size = kind == ExpressionKind.LARGEST || kind == ExpressionKind.SMALLEST;
    for (SceneObject object : matches) {
      double other = kind.measure(object);
      double own = kind.measure(target);
      if (object != target && (size ? own < SIZE_LEAD * other : own < other + lead)) {
        return null;
      }
    }
    return utterance(new Claim(kind, plain, null), target, null, words, random);
  }

  /** The landmark's box as a list. */
  static List<Box> landmarks(Utterance utterance) {
    return utterance.landmark() == null ? List.of() : List.of(utterance.landmark().box());
  }
}
