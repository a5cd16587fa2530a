package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.datasets.Wording.COLOR;
import static org.scanformer.datasets.Wording.NOUN;
import static org.scanformer.datasets.Wording.PLACE;
import static org.scanformer.datasets.Wording.RELATION;
import static org.scanformer.datasets.Wording.SIZE;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.Box;

/** How expressions and categories are grouped in reports. */
class WordingTest {
  @ParameterizedTest
  @CsvSource({
    "left guy, place",
    "second from left, place",
    "the person on the left hand side, place",
    "chair at the top right corner of the picture, place",
    "guy closest to us, place",
    "the dog in front, place",
    "man behind, place",
    "3rd bottle, place",
    "leftmost screen, place",
    "the biggest dog, size",
    "little girl, size",
    "red shirt, colour",
    "one in black, colour",
    "an orange, noun only",
    "woman in orange, colour",
    "the man left of the car, relation",
    "the man on the left side of a car, relation",
    "dog to the right of the person, relation",
    "bag in front of the woman, relation",
    "bird next to it, relation",
    "kid between the dogs, relation",
    "a man with a hat, relation",
    "woman holding a cup, relation",
    "The child in the pool, relation",
    "a group of people, noun only",
    "a bright idea?, colour",
    "an upright piano, noun only",
    "a long-beaked bird, noun only",
    "the one, noun only",
    "Zebra, noun only"
  })
  void oneWording(String expression, String label) {
    assertEquals(
        List.of(label), Wording.of(expression).stream().map(Wording::label).toList(), expression);
  }

  @Test
  void severalWordings() {
    assertEquals(Set.of(SIZE, RELATION, COLOR), Wording.of("big plus left of the orange plus"));
    assertEquals(Set.of(PLACE, COLOR), Wording.of("far left, blue shirt"));
    assertEquals(Set.of(RELATION, COLOR), Wording.of("a child in a pink dress"));
    assertEquals(Set.of(PLACE, RELATION), Wording.of("left man with dog"));
    assertEquals(Set.of(NOUN), Wording.of("?"));
  }

  /** Drawn scenes know what their expressions tell an object by. */
  @Test
  void agreesWithTheKindsOfDrawnScenes() {
    ShapesDataset scenes = ShapesDataset.of(Split.TEST, 3, 120);
    for (ShapesDataset set : List.of(scenes, scenes.varied())) {
      int wrong = 0;
      for (int i = 0; i < set.size(); i++) {
        ReferringPair pair = set.pair(i);
        Set<Wording> found = Wording.of(pair.expression());
        boolean right =
            switch (pair.kind()) {
              case "left", "right", "above", "below" ->
                  found.contains(RELATION) && !found.contains(PLACE);
              case "leftmost", "rightmost", "topmost", "bottommost" ->
                  found.contains(PLACE) && !found.contains(RELATION);
              case "largest", "smallest" -> found.contains(SIZE) && !found.contains(RELATION);
              default -> !found.contains(RELATION) && !found.contains(PLACE);
            };
        wrong += right ? 0 : 1;
        assertTrue(right || set != scenes, pair.kind() + ": " + pair.expression() + " " + found);
      }
      // One expression in ten has a word with a typing error, which may be the one that decides.
      assertTrue(wrong <= set.size() / 20, wrong + " of " + set.size());
    }
  }

  @Test
  void theDataMayTell() {
    assertEquals(Set.of(SIZE), Wording.of(pair("the left dog", "Size")));
    assertEquals(Set.of(PLACE), Wording.of(pair("the left dog", "animals")));
    assertEquals(Set.of(PLACE), Wording.of(pair("the left dog", null)));
  }

  private static ReferringPair pair(String expression, String kind) {
    ImageSource image = ShapesDataset.of(Split.TEST, 3, 1).pair(0).image();
    return new ReferringPair("p", image, expression, new Box(0, 0, 1, 1), kind, List.of());
  }

  @Test
  void ownWordsEndWhereAnotherObjectIsNamed() {
    String[][] cases = {
      {"The small dog next to the man", "the small dog"},
      {"dog to the left of a car", "dog to the"},
      {"man in a red shirt", "man"},
      {"the man in red", "the man in red"},
      {"a group of people", "a group of people"},
      {"dog on the left", "dog on the left"},
    };
    for (String[] each : cases) {
      assertEquals(each[1], String.join(" ", Wording.ownWords(each[0])), each[0]);
    }
  }

  @Test
  void groupsOfCategories() {
    assertEquals("people", CategoryGroups.of("Women"));
    assertEquals("people", CategoryGroups.of("skateboarders"));
    assertEquals("body parts", CategoryGroups.of("bodyparts"));
    assertEquals("vehicles", CategoryGroups.of("bus"));
    assertEquals("electronic", CategoryGroups.of("cell_phone"));
    assertEquals("other", CategoryGroups.of("other"));
    assertEquals("clothing", CategoryGroups.of("shirts"));
    assertNull(CategoryGroups.of("triangle"));
    assertNull(CategoryGroups.of(""));
    assertNull(CategoryGroups.of(null));
    for (String type :
        "people clothing bodyparts animals vehicles instruments scene other".split(" ")) {
      assertNotNull(CategoryGroups.of(type), type);
    }
  }

  /** A sample of COCO's names with the supercategories that its files give. */
  @ParameterizedTest
  @CsvSource({
    "person, people", "airplane, vehicles", "fire hydrant, outdoor", "giraffe, animals",
    "tie, accessory", "sports ball, sports", "wine glass, kitchen", "hot dog, food",
    "potted plant, furniture", "dining table, furniture", "tv, electronic", "mouse, electronic",
    "refrigerator, appliance", "hair drier, indoor", "teddy bear, indoor", "skis, sports"
  })
  void supercategoriesOfCoco(String name, String group) {
    assertEquals(group, CategoryGroups.of(name));
  }
}
