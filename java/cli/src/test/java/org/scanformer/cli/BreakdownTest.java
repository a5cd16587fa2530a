package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringPair;

class BreakdownTest {
  private static final Box MOST = new Box(0, 0, 80, 80);
  private static final Box LEFT = new Box(0, 0, 30, 50);
  private static final Box SMALL = new Box(60, 60, 10, 20);

  /** An image of 100 × 100 pixels that is never read. */
  private record Objects(List<ImageObject> objects) implements ImageSource {
    @Override
    public String name() {
      return "objects";
    }

    @Override
    public int width() {
      return 100;
    }

    @Override
    public int height() {
      return 100;
    }

    @Override
    public Image read() {
      throw new IllegalStateException("not to be read");
    }
  }

  private static final ImageSource KNOWN =
      new Objects(
          List.of(
              new ImageObject(MOST, "man", null),
              new ImageObject(LEFT, "dog", null),
              new ImageObject(SMALL, "dog", null)));

  private static final ImageSource UNKNOWN = new Objects(List.of());

  private static ReferringPair pair(ImageSource image, String text, Box box, String kind) {
    return new ReferringPair(text, image, text, box, kind, List.of());
  }

  /** A result of two scales whose last box has this IoU and a share of the patches. */
  private static PairResult result(double first, double last, int selectedOfTen) {
    return new PairResult(
        "p",
        null,
        List.of(
            new PairResult.Scale(first, 0.5, Double.NaN, 4, 4),
            new PairResult.Scale(last, 0.5, 0, selectedOfTen, 10)));
  }

  private static Breakdown example() {
    Breakdown breakdown = new Breakdown();
    breakdown.add(pair(KNOWN, "the man", MOST, null), result(0.2, 0.9, 4));
    breakdown.add(pair(KNOWN, "left dog", LEFT, null), result(0.6, 0.7, 2));
    breakdown.add(pair(KNOWN, "small dog on the right", SMALL, null), result(0, 0.1, 0));
    breakdown.add(pair(UNKNOWN, "a lady", SMALL, "people"), result(0.6, 0.4, 6));
    breakdown.add(pair(UNKNOWN, "tuba", LEFT, "brass"), result(0, 0, 10));
    breakdown.add(
        new ReferringPair("g", KNOWN, "dogs", List.of(LEFT, SMALL), null, List.of()),
        result(1, 1, 10));
    return breakdown;
  }

  /** Data that says "tubas" and "Tuba" has one category, whose largest box is of either. */
  @Test
  void spellingsOfACategoryAreOne() {
    ImageSource image =
        new Objects(
            List.of(new ImageObject(MOST, "Tuba", null), new ImageObject(SMALL, "tubas", null)));
    Breakdown breakdown = new Breakdown();
    breakdown.add(pair(image, "the tuba", MOST, null), result(0, 1, 1));
    breakdown.add(pair(image, "small tuba", SMALL, null), result(0, 0, 1));
    assertEquals(Set.of("tuba"), breakdown.byCategory().keySet());
    assertEquals(0.5, breakdown.byCategory().get("tuba").largest(), 1e-12);
  }

  @Test
  void judgesBaselinesOnThePairsWithOneTarget() {
    Breakdown breakdown = example();
    Breakdown.Group all = breakdown.all();
    assertEquals(5, all.pairs());
    assertArrayEquals(new double[] {2 / 5.0, 2 / 5.0}, all.accuracy(), 1e-12);
    assertArrayEquals(new double[] {1, 22 / 50.0}, all.selectedShare(), 1e-12);
    assertEquals(1 / 5.0, all.wholeImage(), 1e-12);
    // The man is the largest of his kind, and one of two dogs.
    assertEquals(3, all.largestPairs());
    assertEquals(2 / 3.0, all.largest(), 1e-12);
    // Centres 40, 15, 65, 65, 15: the mean of the pairs judged, until there is another one.
    assertEquals(0.40, breakdown.mean().box().centerX(), 1e-6);
    assertEquals("of the pairs judged", breakdown.mean().source());
    assertEquals(0, all.meanBox());
    breakdown.setMean(
        MeanBox.of(List.of(org.scanformer.NormalizedBox.of(LEFT, 100, 100)), "of others"));
    assertEquals(2 / 5.0, breakdown.all().meanBox(), 1e-12);
  }

  @Test
  void groupsByCategoryAndWording() {
    Breakdown breakdown = example();
    assertEquals(List.of("animals", "people"), List.copyOf(breakdown.byCategory().keySet()));
    Breakdown.Group people = breakdown.byCategory().get("people");
    assertEquals(2, people.pairs());
    assertEquals(0.5, people.lastAccuracy(), 1e-12);
    assertEquals(0.5, people.lastShare(), 1e-12);
    assertEquals(1, people.largestPairs());
    assertEquals(0.5, breakdown.byCategory().get("animals").largest(), 1e-12);
    assertEquals(
        List.of("place", "size", "noun only"), List.copyOf(breakdown.byWording().keySet()));
    assertEquals(2, breakdown.byWording().get("place").pairs());
    assertEquals(1, breakdown.byWording().get("size").pairs());
    assertEquals(3, breakdown.byWording().get("noun only").pairs());
  }

  @Test
  void printsWhatItKnows() {
    StringWriter text = new StringWriter();
    new BreakdownReport(example()).print(new PrintWriter(text, true));
    String report = text.toString();
    assertTrue(report.contains("0.200  the whole image"), report);
    assertTrue(report.contains("0.667  the largest"), report);
    assertTrue(report.contains("(3 pairs)"), report);
    assertTrue(report.lines().anyMatch(line -> line.startsWith("people ")), report);
    assertTrue(report.contains("noun only "), report);

    Breakdown unknown = new Breakdown();
    unknown.add(pair(UNKNOWN, "tuba", LEFT, null), result(0, 0, 10));
    ObjectNode json = LocationJson.object();
    new BreakdownReport(unknown).addTo(json);
    assertFalse(json.get("baselines").has("largest_of_category"), json.toString());
    assertEquals(0, json.get("by_category").size());
    assertTrue(Double.isNaN(unknown.all().largest()));
    assertNull(MeanBox.of(List.of()));
  }
}
