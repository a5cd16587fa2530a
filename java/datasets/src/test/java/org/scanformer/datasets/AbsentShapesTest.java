package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.scanformer.Box;

/** Varied scenes, and expressions that are not true of their scene. */
class AbsentShapesTest {
  private static final ShapesDataset PLAIN = ShapesDataset.of(Split.TEST, 11, 1500, 300);
  private static final ShapesDataset VARIED = PLAIN.varied();

  private static List<SceneObject> objects(ReferringPair pair) {
    return ((Scene) pair.image()).sceneObjects();
  }

  /** Reads each expression anew and looks for all that it can mean. */
  @Test
  void untrueExpressionsHoldForNoObject() {
    for (ShapesDataset scenes : List.of(PLAIN.withAbsent(1), VARIED.withAbsent(1))) {
      Map<String, Integer> kinds = new TreeMap<>();
      for (int i = 0; i < scenes.size(); i++) {
        ReferringPair pair = scenes.pair(i);
        kinds.merge(pair.kind(), 1, Integer::sum);
        assertTrue(pair.targets().isEmpty());
        assertEquals(
            List.of(),
            SceneMeaning.inAnyReading(pair.expression(), objects(pair)),
            pair.id() + ": " + pair.expression());
      }
      assertEquals(
          Set.of(
              "other picture",
              "form absent",
              "not together",
              "attribute swapped",
              "landmark absent",
              "wrong side",
              "unknown word"),
          kinds.keySet());
      kinds.forEach((kind, count) -> assertEquals(1500 / 7.0, count, 50, kind));
    }
  }

  @Test
  void variedExpressionsHoldForOneObjectAlone() {
    int most = 0;
    Set<String> words = new HashSet<>();
    for (int i = 0; i < VARIED.size(); i++) {
      ReferringPair pair = VARIED.pair(i);
      most = Math.max(most, objects(pair).size());
      words.addAll(Arrays.asList(pair.expression().split(" ")));
      List<SceneObject> meant = SceneMeaning.of(pair.expression(), objects(pair));
      assertEquals(1, meant.size(), pair.id() + ": " + pair.expression());
      assertEquals(pair.box(), meant.get(0).box(), pair.id() + ": " + pair.expression());
    }
    assertEquals(8, most);
    assertTrue(new HashSet<>(ShapesDataset.variedVocabulary()).containsAll(words));
    long misspelled =
        words.stream().filter(w -> !SceneWords.VARIED.correctlySpelled().contains(w)).count();
    assertTrue(misspelled > 50, misspelled + " misspelled words");
  }

  /** Of true and of untrue expressions alike, whatever is said around a part. */
  @Test
  void mentionsAreWhatThePartsOfAnExpressionFit() {
    int several = 0;
    int missing = 0;
    for (ShapesDataset scenes : List.of(PLAIN, VARIED.withAbsent(0.6))) {
      for (int i = 0; i < scenes.size(); i++) {
        ReferringPair pair = scenes.pair(i);
        List<List<Box>> meant =
            SceneMeaning.ofParts(pair.expression(), objects(pair)).stream()
                .map(part -> part.stream().map(SceneObject::box).toList())
                .toList();
        Mentions mentions = pair.mentions();
        assertEquals(meant.get(0), mentions.subjects(), pair.id() + ": " + pair.expression());
        assertEquals(meant.get(1), mentions.landmarks(), pair.id() + ": " + pair.expression());
        assertTrue(mentions.subjects().containsAll(pair.targets()));
        assertTrue(mentions.landmarks().containsAll(pair.landmarks()));
        several += mentions.subjects().size() > 1 ? 1 : 0;
        missing += mentions.subjects().isEmpty() ? 1 : 0;
      }
    }
    assertTrue(several > 500 && missing > 200, several + " and " + missing);
  }

  @Test
  void truePairsAreThoseOfTheDatasetWithoutUntrueOnes() {
    ShapesDataset mixed = VARIED.withAbsent(0.4);
    int absent = 0;
    for (int i = 0; i < mixed.size(); i++) {
      ReferringPair pair = mixed.pair(i);
      if (pair.targets().isEmpty()) {
        absent++;
      } else {
        assertEquals(VARIED.pair(i).expression(), pair.expression());
        assertEquals(VARIED.pair(i).box(), pair.box());
        assertEquals(VARIED.pair(i).image().name(), pair.image().name());
      }
    }
    assertEquals(0.4, absent / 1500.0, 0.05);
    assertEquals(PLAIN.name(), PLAIN.withAbsent(0).name());
    assertThrows(IllegalArgumentException.class, () -> PLAIN.withAbsent(1.5));
    ShapesDataset simple = ShapesDataset.simple(Split.TEST, 1, 1, 200);
    assertThrows(IllegalStateException.class, () -> simple.withAbsent(0.5));
  }

  /** Read anew, as above; each says something else of the scene. */
  @Test
  void severalPairsAreAboutOneScene() {
    ShapesDataset scenes = VARIED.withAbsent(0.4, 2);
    int found = 0;
    int untrue = 0;
    for (int i = 0; i < 400; i++) {
      ReferringPair first = scenes.pair(i);
      List<ReferringPair> pairs = scenes.pairs(i, 4);
      assertEquals(first.expression(), pairs.get(0).expression());
      assertEquals(first.image().name(), pairs.get(0).image().name());
      Set<String> said = new HashSet<>();
      for (ReferringPair pair : pairs) {
        assertSame(pairs.get(0).image(), pair.image());
        assertTrue(said.add(pair.expression()), pair.id() + ": " + pair.expression());
        List<SceneObject> meant = SceneMeaning.inAnyReading(pair.expression(), objects(pair));
        if (pair.targets().isEmpty()) {
          assertEquals(List.of(), meant, pair.id() + ": " + pair.expression());
          untrue++;
        } else {
          assertEquals(
              pair.targets(),
              SceneMeaning.of(pair.expression(), objects(pair)).stream()
                  .map(SceneObject::box)
                  .toList(),
              pair.id() + ": " + pair.expression());
        }
        found++;
      }
      assertEquals(pairs.size(), scenes.pairs(i, 4).size());
      assertEquals(1, scenes.pairs(i, 1).size());
    }
    assertTrue(found > 1400, found + " found");
    assertEquals(0.4, (double) untrue / found, 0.06);
  }

  @Test
  void relationsAreAsFrequentAsTheirWeightSays() {
    ShapesDataset weighted =
        ShapesDataset.of(Split.VALIDATION, 5, 1000, 200).varied().withAbsent(1, 4);
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < weighted.size(); i++) {
      counts.merge(weighted.pair(i).kind(), 1, Integer::sum);
    }
    assertEquals(AbsentKind.values().length, counts.size(), counts.toString());
    counts.forEach(
        (kind, count) -> {
          boolean relation = kind.equals("landmark absent") || kind.equals("wrong side");
          assertEquals(relation ? 4 / 13.0 : 1 / 13.0, count / 1000.0, 0.05, kind);
        });
    assertEquals(VARIED.withAbsent(0.4).name(), VARIED.withAbsent(0.4, 1).name());
    assertThrows(IllegalArgumentException.class, () -> PLAIN.withAbsent(0.4, 0));
  }

  @Test
  void misspelledWordsAreWordsOfTheirOwn() {
    List<String> vocabulary = ShapesDataset.variedVocabulary();
    assertEquals(vocabulary.size(), new HashSet<>(vocabulary).size());
    assertTrue(vocabulary.containsAll(ShapesDataset.vocabulary()));
    assertTrue(vocabulary.containsAll(List.of("cirlce", "sqaure", "trangle", "yelow", "lfet")));
    assertTrue(
        Misspellings.all().stream().noneMatch(SceneWords.VARIED.correctlySpelled()::contains));
    for (String word : AbsentLanguage.UNKNOWN_NOUNS) {
      assertFalse(vocabulary.contains(word), word);
    }
    for (String word : AbsentLanguage.UNKNOWN_ADJECTIVES) {
      assertFalse(vocabulary.contains(word), word);
    }
  }

  /** The figures of published models depend on the pairs of a seed: they never change. */
  @Test
  void pairsOfASeedAreThoseOfTheFirstVersion() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < 1000; i++) {
      ReferringPair pair = PLAIN.pair(i);
      String line = pair.expression() + pair.targets() + pair.landmarks() + pair.image().name();
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(
        "6573132b831880190b8d18ce40623e71b5782f15c0563e54f20e5731e3d958a5",
        HexFormat.of().formatHex(digest.digest()));
  }
}
