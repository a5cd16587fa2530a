package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;

class FlickrEntitiesDatasetTest {
  @TempDir private Path root;

  @BeforeEach
  void writeImage() throws IOException {
    TestPictures.write(root.resolve("flickr30k-images/36979.jpg"), 40, 30);
    Files.createDirectories(root.resolve("Annotations"));
    Files.createDirectories(root.resolve("Sentences"));
  }

  private void write(String name, String objects, String... sentences) throws IOException {
    Files.writeString(
        root.resolve("Annotations/" + name + ".xml"),
        "<annotation><filename>"
            + name
            + ".jpg</filename><size><width>40</width><height>30</height><depth>3</depth></size>"
            + objects
            + "</annotation>");
    Files.writeString(root.resolve("Sentences/" + name + ".txt"), String.join("\n", sentences));
  }

  private static String object(String names, int left, int top, int right, int bottom) {
    return String.format(
        "<object>%s<bndbox><xmin>%d</xmin><ymin>%d</ymin><xmax>%d</xmax><ymax>%d</ymax></bndbox>"
            + "</object>",
        names, left, top, right, bottom);
  }

  /** The data's tools take 1 from each edge: its pixels count from 1. */
  @Test
  void readsPhrasesWithTheBoxesOfTheirEntities() throws IOException {
    write(
        "36979",
        object("<name>12</name>", 1, 1, 20, 30)
            + object("<name>12</name><name>13</name>", 21, 1, 40, 30)
            + "<object><name>14</name><scene>1</scene><nobndbox>1</nobndbox></object>",
        "[/EN#12/people Two men] play [/EN#14/scene outside] with [/EN#0/notvisual each other] .",
        "[/EN#13/people/clothing A man 's hat] .",
        "[/EN#12/people Two men] again .");
    ReferringDataset dataset = DataForm.FLICKR30K.open(root, null, null, null);
    assertEquals(List.of("Two men", "A man 's hat", "Two men"), TestPictures.expressions(dataset));
    assertEquals(List.of(new Box(0, 0, 20, 30), new Box(20, 0, 20, 30)), dataset.pair(0).targets());
    assertEquals(new Box(20, 0, 20, 30), dataset.pair(1).box());
    assertEquals("people", dataset.pair(1).kind());
    assertEquals(2, dataset.pair(0).image().objects().size());
    assertEquals(
        List.of("NO_BOX 36979.txt line 1 phrase 1", "NO_BOX 36979.txt line 1 phrase 2"),
        TestPictures.bad(dataset));
    assertTrue(dataset.badRecords().get(0).problem().contains("entity 14, \"outside\""));
  }

  @Test
  void readsSplits() throws IOException {
    write("36979", object("<name>1</name>", 1, 1, 20, 30), "[/EN#1/people A man] .");
    write("7", object("<name>1</name>", 1, 1, 20, 30), "[/EN#1/people A man] .");
    Files.writeString(root.resolve("train.txt"), "36979\n");
    Files.writeString(root.resolve("test.txt"), "7");
    assertEquals(List.of("train", "test"), DataForm.FLICKR30K.splits(root, null));
    assertEquals(1, DataForm.FLICKR30K.open(root, null, "train", null).size());
    ReferringDataset test = DataForm.FLICKR30K.open(root, null, "test", null);
    assertEquals(List.of("IMAGE " + root), TestPictures.bad(test));
  }

  @Test
  void tellsWhatItLeavesOut() throws IOException {
    write(
        "36979",
        object("<name>1</name>", 50, 1, 60, 30)
            + object("<name>2</name>", 1, 1, 20, 30)
            + object("<name>2</name>", 1, 1, 20, 30)
            + "<object><name>3</name></object>",
        "[/EN#1/people A man] , [/EN#2/people ] and [/EN#2 him] , [/EN#2/people him",
        "[/EN#2/people A woman] .");
    Files.writeString(root.resolve("Sentences/8.txt"), "[/EN#1/people A man] .");
    write("9", "", "");
    Files.write(root.resolve("Sentences/9.txt"), new byte[] {(byte) 0xc3, '('});
    ReferringDataset dataset = DataForm.FLICKR30K.open(root, null, null, null);
    assertEquals(List.of("A woman"), TestPictures.expressions(dataset));
    assertEquals(
        List.of(
            "BOX 36979.xml object 0",
            "REPEATED 36979.xml object 2",
            "BOX 36979.xml object 3",
            "NO_BOX 36979.txt line 1 phrase 0",
            "EXPRESSION 36979.txt line 1 phrase 1",
            "RECORD 36979.txt line 1 phrase 2",
            "RECORD 36979.txt line 1 phrase 3",
            "RECORD 8",
            "RECORD 9"),
        TestPictures.bad(dataset));
  }

  /** Where time grows with the square of the length, this does not end. */
  @Test
  void readsLongNonsense() throws IOException {
    write("36979", "", "[/EN#".repeat(2_000_000), "[/EN#1/x ]".repeat(3));
    ReferringDataset dataset = DataForm.FLICKR30K.open(root, null, null, null);
    assertEquals(0, dataset.size());
    assertEquals(4, dataset.badRecords().size());
  }

  /** Each phrase is looked at by itself: searches to the line's end would take minutes. */
  @Test
  @Timeout(20)
  void readsALineOfManyPhrasesWithoutWords() throws IOException {
    write("36979", object("<name>1</name>", 1, 1, 20, 30), "[/EN#1/a]".repeat(200_000));
    ReferringDataset dataset = DataForm.FLICKR30K.open(root, null, null, null);
    assertEquals(200_000, dataset.badRecords().size());
  }
}
