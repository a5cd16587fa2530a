package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/** The XML of CVAT's documentation, version 1.1. */
class CvatDatasetTest {
  @TempDir private Path root;

  @BeforeEach
  void writeImage() throws IOException {
    TestPictures.write(root.resolve("images/a.jpg"), 40, 30);
  }

  private static String box(String label, String edges, String inside) {
    String[] edge = edges.split(" ");
    return String.format(
        "<box label=\"%s\" source=\"manual\" occluded=\"0\" xtl=\"%s\" ytl=\"%s\" xbr=\"%s\""
            + " ybr=\"%s\" z_order=\"0\">%s</box>\n",
        label, edge[0], edge[1], edge[2], edge[3], inside);
  }

  private static String attribute(String name, String text) {
    return "<attribute name=\"" + name + "\">" + text + "</attribute>\n";
  }

  private static String image(String attributes, String shapes) {
    return "<image id=\"0\" " + attributes + ">\n" + shapes + "</image>\n";
  }

  private ReferringDataset cvat(String elements) throws IOException {
    return read(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n<version>1.1</version>\n"
            + "<meta><task><name>street</name><labels><label><name>car</name><attributes>"
            + "<attribute><name>expression</name><input_type>text</input_type></attribute>"
            + "</attributes></label></labels></task></meta>\n"
            + elements
            + "</annotations>");
  }

  private ReferringDataset read(String xml) throws IOException {
    Files.writeString(root.resolve("annotations.xml"), xml);
    DataDetector.Detected detected = DataDetector.detect(root);
    assertEquals(DataForm.CVAT, detected.form());
    return detected.form().open(detected.path(), null, null, null);
  }

  @Test
  void takesATextAttributeOrElseTheLabel() throws IOException {
    ReferringDataset dataset =
        cvat(
            image(
                "name=\"a.jpg\" width=\"40\" height=\"30\"",
                box("car", "1.50 2 11 12", attribute("Expression", " the red car &amp; its door "))
                    + box("car", "20 2 30 12", attribute("caption", "the blue car"))
                    + box("traffic_light", "5 5 9 9", attribute("colour", "red"))
                    + box("dog", "1 1 4 4", attribute("description", ""))
                    + box("cat", "1 1 4 4", attribute("text", "b") + attribute("caption", "a"))
                    + box("cat", "6 1 9 4", attribute("caption", "a"))));
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(
        List.of("the red car & its door", "the blue car", "a", "traffic light", "dog"),
        TestPictures.expressions(dataset));
    assertEquals(new Box(1.5, 2, 9.5, 10), dataset.pair(0).box());
    assertEquals("car", dataset.pair(0).kind());
    assertEquals(List.of(new Box(1, 1, 3, 3), new Box(6, 1, 3, 3)), dataset.pair(2).targets());
    assertEquals("annotations.xml image 0 shape 2", dataset.pair(3).id());
    List<ImageObject> objects = dataset.pair(0).image().objects();
    assertEquals(6, objects.size());
    assertEquals(new ImageObject(new Box(20, 2, 10, 10), "car", null), objects.get(1));
  }

  /** An object with a text, and one that is not a box, share their label all the same. */
  @Test
  void aLabelOfSeveralObjectsNamesNone() throws IOException {
    ReferringDataset dataset =
        cvat(
            image(
                "name=\"a.jpg\"",
                box("car", "1 2 11 12", attribute("text", "the red car"))
                    + box("car", "20 2 30 12", "")
                    + box("wheel", "20 2 30 12", "")
                    + "<polygon label=\"wheel\" points=\"1,1;5,1;5,5\" occluded=\"0\"/>"));
    assertEquals(List.of("the red car"), TestPictures.expressions(dataset));
    assertEquals(
        List.of(
            "BOX annotations.xml image 0 shape 3",
            "AMBIGUOUS annotations.xml image 0 shape 1",
            "AMBIGUOUS annotations.xml image 0 shape 2"),
        TestPictures.bad(dataset));
  }

  /** A rotation is about the centre; a half turn changes nothing, a quarter swaps the sides. */
  @Test
  void takesTheUprightBoxAroundATurnedOne() throws IOException {
    String turned = "xtl=\"10\" ytl=\"10\" xbr=\"20\" ybr=\"14\" rotation=\"%s\"/>";
    ReferringDataset dataset =
        cvat(
            image(
                "name=\"a.jpg\"",
                "<box label=\"a\" "
                    + String.format(turned, "90.0")
                    + "<box label=\"b\" "
                    + String.format(turned, "180")
                    + "<box label=\"c\" "
                    + String.format(turned, "30")
                    + "<box label=\"d\" "
                    + String.format(turned, "much")));
    assertNear(new Box(13, 7, 4, 10), dataset.pair(0).box());
    assertNear(new Box(10, 10, 10, 4), dataset.pair(1).box());
    double width = 10 * Math.cos(Math.PI / 6) + 4 * Math.sin(Math.PI / 6);
    double height = 10 * Math.sin(Math.PI / 6) + 4 * Math.cos(Math.PI / 6);
    assertNear(new Box(15 - width / 2, 12 - height / 2, width, height), dataset.pair(2).box());
    assertEquals(List.of("BOX annotations.xml image 0 shape 3"), TestPictures.bad(dataset));
  }

  static void assertNear(Box expected, Box box) {
    assertEquals(expected.x(), box.x(), 1e-9, box::toString);
    assertEquals(expected.y(), box.y(), 1e-9, box::toString);
    assertEquals(expected.width(), box.width(), 1e-9, box::toString);
    assertEquals(expected.height(), box.height(), 1e-9, box::toString);
  }

  @Test
  void tellsEachShapeThatItLeavesOut() throws IOException {
    ReferringDataset dataset =
        cvat(
            image("name=\"unlabelled.jpg\" width=\"40\" height=\"30\"", "")
                + image(
                    "name=\"a.jpg\" width=\"40\" height=\"30\"",
                    "<polyline label=\"line\" points=\"1,1;2,2\"/>"
                        + "<mask label=\"car\" rle=\"3, 5\" left=\"1\" top=\"1\" width=\"4\""
                        + " height=\"2\"/>"
                        + "<skeleton label=\"s\"><points label=\"1\" points=\"1,1\"><attribute"
                        + " name=\"text\">x</attribute></points></skeleton>"
                        + "<tag label=\"sunny\" source=\"manual\"></tag>"
                        + box("dog", "50 2 60 12", "")
                        + box("dog", "9 9 5 5", attribute("text", "the dog"))
                        + box("", "1 1 9 9", "")
                        + box("dog", "1 one 9 9", "")
                        + box("dog", "1 1 9 9", ""))
                + image("name=\"gone.jpg\"", box("dog", "1 1 9 9", ""))
                + image("", box("dog", "1 1 9 9", ""))
                + image("name=\"a.jpg\" width=\"90\" height=\"30\"", box("dog", "1 1 9 9", "")));
    assertEquals(0, dataset.size());
    String first = " annotations.xml image 1 shape ";
    assertEquals(
        List.of(
            "BOX" + first + 0,
            "BOX" + first + 1,
            "BOX" + first + 2,
            "NO_BOX" + first + 3,
            "BOX" + first + 4,
            "BOX" + first + 5,
            "EXPRESSION" + first + 6,
            "BOX" + first + 7,
            "AMBIGUOUS" + first + 8,
            "RECORD annotations.xml image 3",
            "RECORD annotations.xml image 4",
            "IMAGE annotations.xml"),
        TestPictures.bad(dataset));
    assertEquals(
        "expected a <box>, found a <polyline>, which is not used",
        TestPictures.problem(dataset, "annotations.xml image 1 shape 0"));
  }

  /** So that nobody calls a sentence about a dog untrue of it. */
  @Test
  void tagsNameWhatMayBeInTheImage() throws IOException {
    ReferringDataset dataset =
        cvat(
            image(
                "name=\"a.jpg\"",
                "<tag label=\"wet_dog\"></tag><tag></tag>" + box("cat", "1 1 9 9", "")));
    assertEquals("cat", dataset.pair(0).expression());
    AnnotatedImage image = dataset.annotatedImages().get(0);
    assertEquals(Set.of("wet dog"), image.uncounted());
    assertFalse(image.nameless());
  }

  @Test
  void saysWhatToExportInsteadOfTracks() {
    ScanFormerException refusal =
        assertThrows(
            ScanFormerException.class,
            () ->
                cvat(
                    "<track id=\"0\" label=\"car\"><box frame=\"0\" outside=\"0\" xtl=\"1\""
                        + " ytl=\"1\" xbr=\"9\" ybr=\"9\" keyframe=\"1\"/></track>"));
    assertTrue(
        refusal.getMessage().contains("export the task as \"CVAT for images 1.1\""),
        refusal.getMessage());
  }

  @Test
  void refusesOtherXmlAndEntities() throws IOException {
    Path secret = Files.writeString(root.resolve("secret.txt"), "the secret");
    String[] refused = {
      "<annotation></annotation>",
      "<annotations><image name=\"a.jpg\">",
      "",
      "<!DOCTYPE annotations [<!ENTITY e SYSTEM \""
          + secret.toUri()
          + "\">]><annotations>"
          + image("name=\"a.jpg\"", box("dog", "1 1 9 9", attribute("text", "&e;")))
          + "</annotations>"
    };
    for (String xml : refused) {
      ScanFormerException refusal = assertThrows(ScanFormerException.class, () -> read(xml), xml);
      assertTrue(refusal.getMessage().contains("annotations.xml"), refusal.getMessage());
      assertFalse(refusal.getMessage().contains("the secret"), refusal.getMessage());
      assertEquals(xml.contains("DOCTYPE"), refusal.getMessage().contains("DOCTYPE"));
    }
  }
}
