package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/** PASCAL VOC's directories, and XML that is hostile. */
class VocDatasetTest {
  @TempDir private Path root;

  @BeforeEach
  void writeImage() throws IOException {
    TestPictures.write(root.resolve("JPEGImages/a.jpg"), 40, 30);
  }

  private static String object(String name, String box) {
    String[] edges = box.split(" ");
    return String.format(
        "<object><name>%s</name><difficult>0</difficult><bndbox><xmin>%s</xmin><ymin>%s</ymin>"
            + "<xmax>%s</xmax><ymax>%s</ymax></bndbox></object>",
        name, edges[0], edges[1], edges[2], edges[3]);
  }

  private static String annotation(String objects) {
    return "<annotation>\n<folder>VOC2007</folder><filename>a.jpg</filename>"
        + "<size><width>40</width><height>30</height><depth>3</depth></size>"
        + objects
        + "</annotation>";
  }

  private void write(String name, String xml) throws IOException {
    Files.createDirectories(root.resolve("Annotations"));
    Files.writeString(root.resolve("Annotations/" + name + ".xml"), xml);
  }

  private ReferringDataset voc(String split) {
    return DataForm.VOC.open(root, null, split, null);
  }

  /** VOC counts pixels from 1, and its maximum is the last pixel within. */
  @Test
  void takesACategoryForItsOnlyObject() throws IOException {
    write(
        "a",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + annotation(
                object("dog", "1 1 40 30")
                    + object("person", "2 3 11 22")
                    + object("person", "12.5 3 21.5 22")
                    + "<object><name>potted_plant</name>"
                    + "<part><name>pot</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax>"
                    + "<ymax>2</ymax></bndbox></part><bndbox><xmax>20</xmax><xmin>11</xmin>"
                    + "<ymax>15</ymax><ymin>6</ymin></bndbox></object>"));
    ReferringDataset dataset = voc(null);
    assertEquals(List.of("dog", "potted plant"), TestPictures.expressions(dataset));
    assertEquals(new Box(0, 0, 40, 30), dataset.pair(0).box());
    assertEquals(new Box(10, 5, 10, 10), dataset.pair(1).box());
    assertEquals(4, dataset.pair(0).image().objects().size());
    assertEquals(new Box(11.5, 2, 10, 20), dataset.pair(0).image().objects().get(2).box());
    assertEquals(List.of("AMBIGUOUS a.xml object 1"), TestPictures.bad(dataset));
    assertEquals(
        "expected a single \"person\" in the image, as its category is the expression, found 2",
        dataset.badRecords().get(0).problem());
  }

  @Test
  void readsTheListsOfSplits() throws IOException {
    write("a", annotation(object("dog", "1 1 40 30")));
    write("b", annotation(object("cat", "1 1 40 30")));
    Files.createDirectories(root.resolve("ImageSets/Main"));
    Files.writeString(root.resolve("ImageSets/Main/train.txt"), "a\r\nb\n\n../a\nc\n");
    Files.writeString(root.resolve("ImageSets/Main/val.txt"), "b\n");
    Files.writeString(root.resolve("ImageSets/Main/cat_val.txt"), "a -1\nb  1\n");
    assertEquals(List.of("train", "val"), DataForm.VOC.splits(root, null));
    assertEquals(List.of("dog", "cat"), TestPictures.expressions(voc("train")));
    assertEquals(List.of("RECORD ../a.xml", "RECORD c.xml"), TestPictures.bad(voc("train")));
    assertEquals(List.of("cat"), TestPictures.expressions(voc("val")));
    assertEquals(List.of("cat"), TestPictures.expressions(voc("cat_val")));
    ScanFormerException none = assertThrows(ScanFormerException.class, () -> voc("test"));
    assertTrue(none.getMessage().contains("found those of [train, val]"), none.getMessage());
    assertThrows(ScanFormerException.class, () -> voc("../val"));
  }

  /** Tools for annotation name files after pictures, such as "scan (1)" and "scan 1". */
  @Test
  void namesInListsMayHaveSpaces() throws IOException {
    write("a", annotation(object("dog", "1 1 40 30")));
    write("a b", annotation(object("cat", "1 1 40 30")));
    write("a  1", annotation(object("cow", "1 1 40 30")));
    write("a b -1", annotation(object("car", "1 1 40 30")));
    Files.writeString(root.resolve("train.txt"), "a  1\n a b\t1\r\n");
    Files.writeString(root.resolve("val.txt"), "a b -1\na\t 1\na  -1\na b\t-1\na c\na d 0\n");
    assertEquals(List.of("cow", "cat"), TestPictures.expressions(voc("train")));
    assertEquals(List.of("car", "dog"), TestPictures.expressions(voc("val")));
    assertEquals(List.of("RECORD a c.xml", "RECORD a d.xml"), TestPictures.bad(voc("val")));
  }

  @Test
  void tellsWhatItLeavesOut() throws IOException {
    write(
        "a",
        annotation(
            object("dog", "50 1 60 30")
                + object("dog", "1 1 40 30")
                + object("cat", "9 9 5 5")
                + object("", "1 1 40 30")
                + object("cow", "one 1 40 30")
                + "<object><name>boat</name><robndbox/></object>"));
    write("b", annotation("").replace("</annotation>", ""));
    write("c", "<html></html>");
    write("d", annotation(object("dog", "1 1 40 30")).replace("a.jpg", "gone.jpg"));
    write("e", annotation(object("dog", "1 1 40 30")).replace(">40</width>", ">90</width>"));
    ReferringDataset dataset = voc(null);
    assertEquals(0, dataset.size());
    assertEquals(
        List.of(
            "BOX a.xml object 0",
            "BOX a.xml object 2",
            "EXPRESSION a.xml object 3",
            "BOX a.xml object 4",
            "BOX a.xml object 5",
            "AMBIGUOUS a.xml object 1",
            "RECORD b.xml",
            "RECORD c.xml",
            "RECORD e.xml",
            "IMAGE " + root),
        TestPictures.bad(dataset));
    assertTrue(TestPictures.problem(dataset, "c.xml").contains("expected <annotation>"));
  }

  /** Entities that would grow to gigabytes, or read a file: neither is even looked at. */
  @Test
  void refusesEntitiesAndDepth() throws IOException {
    Path secret = Files.writeString(root.resolve("secret.txt"), "the secret");
    StringBuilder laughs = new StringBuilder("<!DOCTYPE annotation [<!ENTITY e0 \"dog\">");
    for (int i = 1; i < 30; i++) {
      laughs.append("<!ENTITY e").append(i).append(" \"");
      laughs.append(("&e" + (i - 1) + ";").repeat(10)).append("\">");
    }
    String box = "1 1 40 30";
    write("a", laughs + "]>" + annotation(object("&e29;", box)));
    write(
        "b",
        "<!DOCTYPE annotation [<!ENTITY file SYSTEM \""
            + secret.toUri()
            + "\">]>"
            + annotation(object("&file;", box)));
    write(
        "c",
        "<!DOCTYPE annotation SYSTEM \"" + secret.toUri() + "\">" + annotation(object("dog", box)));
    write("d", annotation("<x>".repeat(100_000) + "</x>".repeat(100_000)));
    write(
        "e",
        annotation(
            object(
                "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" parse=\"text\" href=\""
                    + secret.toUri()
                    + "\"/>",
                box)));
    ReferringDataset dataset = voc(null);
    assertEquals(0, dataset.size());
    assertEquals(
        List.of(
            "RECORD a.xml",
            "RECORD b.xml",
            "RECORD c.xml",
            "RECORD d.xml",
            "EXPRESSION e.xml object 0"),
        TestPictures.bad(dataset));
    for (String name : List.of("a.xml", "b.xml", "c.xml")) {
      assertTrue(
          TestPictures.problem(dataset, name).contains("DOCTYPE"), dataset.badRecords()::toString);
    }
    assertFalse(dataset.badRecords().toString().contains("the secret"));
  }

  /** Some only in other locales: an unpaired surrogate is in none. */
  @Test
  void refusesNamesThatNoFileCanHave() {
    for (String name : List.of("a\0b", "\ud800", "../a", "a\\b")) {
      assertThrows(RecordFault.class, () -> SplitLists.file(root, name, ".xml"), name);
    }
  }
}
