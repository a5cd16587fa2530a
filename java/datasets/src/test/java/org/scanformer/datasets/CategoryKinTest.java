package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names of categories that may be of one object. */
class CategoryKinTest {
  @ParameterizedTest
  @CsvSource({
    "dog, dogs", "dog, Dog", "puppy, dogs", "dog, animals", "cell_phone, cell phones",
    "woman, person", "man, woman", "someone, man", "team, Players", "bike, bicycle",
    "car, truck", "car, vehicles", "horse, animal", "boxes, box", "babies, baby",
    // Of a name that is in no list, and whatever Entities' other types do not hold may be its
    // "other".
    "sedan, car", "Pedestrian, person", "vehicle, forklift", "Labrador, dog", "grass, glass",
    "pants, clothes", "skis, sports ball", "ball, other", "triangle, other", "triangle, object",
  })
  void mayFitInDoubt(String category, String own) {
    assertTrue(CategoryKin.mayFit(category, own));
    assertTrue(CategoryKin.mayFit(own, category));
  }

  @ParameterizedTest
  @CsvSource({
    "dog, cat",
    "horse, sheep",
    "dog, man",
    "car, dog",
    "man, vehicles",
    "triangle, square",
    "dog, other",
    "man, other",
    "bus, clothing"
  })
  void othersDoNot(String category, String own) {
    assertFalse(CategoryKin.mayFit(category, own));
  }

  /** What one name of an image's objects leaves another. */
  @Test
  void namesThatAreSharedAreOfOneObject() {
    for (String own : new String[] {"dogs", "Dog", "animal", "puppy"}) {
      assertTrue(CategoryKin.mayShare("dog", own), own);
    }
    for (String own : new String[] {"cat", "man", "other", "leash"}) {
      assertFalse(CategoryKin.mayShare("dog", own), own);
    }
    assertTrue(CategoryKin.mayShare("Person", "Man"));
    assertFalse(CategoryKin.mayShare("Women", "man"));
    // One is not taken for the other where it is only a matter of which there is one of.
    assertFalse(CategoryKin.mayShare("cup", "bottle"));
    assertTrue(CategoryKin.mayShare("forklift", "vehicle"));
    assertFalse(CategoryKin.mayShare("forklift", "car"));
  }

  @Test
  void saidAreTheCategoriesThatAnExpressionNames() {
    Set<String> both = Set.of("animal", "dog");
    assertEquals(Set.of("dog"), CategoryKin.said("the brown dogs", both));
    assertEquals(both, CategoryKin.said("the brown horse", both));
    assertEquals(Set.of("dog"), CategoryKin.said("A puppy's ball", both));
    assertEquals(Set.of("person"), CategoryKin.said("left guy", Set.of("person")));
    assertEquals(Set.of("dining table"), CategoryKin.said("Table", Set.of("dining table")));
    assertEquals(Set.of("traffic_light"), CategoryKin.said("red lights", Set.of("traffic_light")));
    assertEquals(Set.of("собака"), CategoryKin.said("белая собака", Set.of("собака")));
    for (String none : new String[] {"the brown one", "left", "second from the right", "it", ""}) {
      assertEquals(Set.of(), CategoryKin.said(none, both), none);
    }
    assertEquals(Set.of(), CategoryKin.said("the one on the right", Set.of("thing", "other")));
  }

  @Test
  void clothingAndSceneryAreListedInPart() {
    for (String name :
        "shirt hands Water trees other black one clothing clothes Pants glasses leaves"
            .split(" ")) {
      assertFalse(CategoryKin.isListedInFull(name), name);
    }
    for (String name : "dog man Bus triangle sports_ball".split(" ")) {
      assertTrue(CategoryKin.isListedInFull(name), name);
    }
  }
}
