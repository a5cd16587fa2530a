package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/** CSV files, by RFC 4180, and lines of JSON with the same fields. */
class BoxListTest {
  @TempDir private Path root;

  @BeforeEach
  void writeImages() throws IOException {
    TestPictures.write(root.resolve("a.png"), 40, 30);
    TestPictures.write(root.resolve("images/b.png"), 40, 30);
  }

  private ReferringDataset csv(String text) throws IOException {
    return csv(text, StandardCharsets.UTF_8);
  }

  private ReferringDataset csv(String text, Charset charset) throws IOException {
    Path file = Files.writeString(root.resolve("d.csv"), text, charset);
    return DataForm.CSV.open(file, null, null, null);
  }

  @Test
  void readsFieldsAsRfc4180WritesThem() throws IOException {
    ReferringDataset dataset =
        csv(
            "image,x,y,width,height,text\r\n"
                + "a.png,1,2,3,4,the dog\r\n"
                + "\"a.png\",5,6.5,7,8,\"the \"\"big\"\" one, there\"\r\n"
                + "b.png,0,0,40,30,\"two\nlines\"\r\n"
                + "a.png,1,1,2,2,a 3\" pipe");
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(
        List.of("the dog", "the \"big\" one, there", "two\nlines", "a 3\" pipe"),
        TestPictures.expressions(dataset));
    assertEquals(new Box(5, 6.5, 7, 8), dataset.pair(1).box());
    assertEquals("d.csv line 6", dataset.pair(3).id(), "a field of two lines counts as two");
    assertEquals(40, dataset.pair(2).image().read().width());
  }

  @Test
  void takesColumnsByNameAndBoxesOfOneTextTogether() throws IOException {
    ReferringDataset dataset =
        csv(
            "\ufeffText,Image,kind,height,width,y,x,by\n"
                + "the dogs,a.png,plural,4,3,2,1,me\n"
                + "the dogs,a.png,plural,5,5,5,5,me\n"
                + "the dogs,b.png,,4,3,2,1,me\n");
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(2, dataset.size());
    assertEquals(List.of(new Box(1, 2, 3, 4), new Box(5, 5, 5, 5)), dataset.pair(0).targets());
    assertEquals("plural", dataset.pair(0).kind());
    assertEquals(null, dataset.pair(1).kind());
  }

  @Test
  void tellsEachRecordThatItLeavesOut() throws IOException {
    ReferringDataset dataset =
        csv(
            "image,x,y,width,height,text\n"
                + "a.png,1,2,3,4,the dog\n"
                + "a.png,1,2,3,the dog\n"
                + "a.png,1,2,three,4,the dog\n"
                + "a.png,50,2,3,4,the dog\n"
                + "a.png,0.1,0.2,0.5,0.5,the dog\n"
                + "a.png,1,2,3,4, \n"
                + "a.png,1,2,3,4,the dog\n"
                + ",1,2,3,4,the dog\n"
                + "a.png,1,2,3,4,\"the\" dog\n"
                + "../a.png,1,2,3,4,the dog\n"
                + "d.csv,1,2,3,4,the dog\n"
                + "a.png,1,2,NaN,0x1p3,the dog\n"
                + "a.png,1,2,3,4,\"the end");
    assertEquals(1, dataset.size());
    assertEquals(
        List.of(
            "RECORD d.csv line 3",
            "BOX d.csv line 4",
            "BOX d.csv line 5",
            "BOX d.csv line 6",
            "EXPRESSION d.csv line 7",
            "REPEATED d.csv line 8",
            "RECORD d.csv line 9",
            "RECORD d.csv line 10",
            "IMAGE d.csv line 12",
            "BOX d.csv line 13",
            "RECORD d.csv line 14",
            "IMAGE d.csv"),
        TestPictures.bad(dataset));
    assertEquals(
        "expected 6 fields as in line 1, found 5", TestPictures.problem(dataset, "d.csv line 3"));
    assertEquals(
        "expected a box within the 40x30 pixels of the image, found x, y, width, height 50, 2, 3, 4",
        TestPictures.problem(dataset, "d.csv line 5"));
    assertEquals(
        "expected a box of the numbers x, y, width and height in pixels, found width NaN, height"
            + " 0x1p3",
        TestPictures.problem(dataset, "d.csv line 13"));
    assertTrue(
        TestPictures.problem(dataset, "d.csv line 14").contains("closing quote"),
        dataset.badRecords()::toString);
  }

  @Test
  void readsUtf16WithAMarkAndRefusesOtherBytes() throws IOException {
    String text = "image,x,y,width,height,text\na.png,1,2,3,4,der Süße\n";
    assertEquals("der Süße", csv("\ufeff" + text, StandardCharsets.UTF_16LE).pair(0).expression());
    ScanFormerException refusal =
        assertThrows(ScanFormerException.class, () -> csv(text, StandardCharsets.ISO_8859_1));
    assertTrue(refusal.getMessage().contains("UTF-8"), refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\"image",
        "image;x;y;width;height;text",
        "image,x,y,width,text",
        "image,image,x,y,width,height,text"
      })
  void namesTheColumnsThatItExpects(String header) {
    ScanFormerException refusal = assertThrows(ScanFormerException.class, () -> csv(header));
    assertTrue(
        refusal.getMessage().contains("columns image, x, y, width, height and text"),
        refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readsLinesOfJsonOrAnArray(boolean array) throws IOException {
    List<String> records =
        List.of(
            "{\"image\": \"a.png\", \"x\": 1, \"y\": 2, \"width\": 3, \"height\": 4,"
                + " \"text\": \"the dog\"}",
            "{\"image\": \"b.png\", \"text\": \"the cat\", \"kind\": \"left\","
                + " \"box\": {\"x\": 5, \"y\": 6, \"width\": 7.5, \"height\": 8}}");
    String text = String.join(array ? ",\n" : "\r\n\r\n", records);
    Path file = Files.writeString(root.resolve("d.jsonl"), array ? "[" + text + "]" : text);
    ReferringDataset dataset = DataForm.JSONL.open(file, null, null, null);
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(List.of("the dog", "the cat"), TestPictures.expressions(dataset));
    assertEquals(new Box(1, 2, 3, 4), dataset.pair(0).box());
    assertEquals(new Box(5, 6, 7.5, 8), dataset.pair(1).box());
    assertEquals("left", dataset.pair(1).kind());
  }

  @Test
  void tellsEachLineThatIsNoRecord() throws IOException {
    Path file =
        Files.writeString(
            root.resolve("d.jsonl"),
            "{\"image\": \"a.png\"\n[1]\n{} {}\n7\n"
                + "{\"text\": \"x\"}\n"
                + "{\"image\": \"a.png\", \"text\": \"x\", \"x\": [1], \"y\": null}\n"
                + "[".repeat(5000));
    ReferringDataset dataset = DataForm.JSONL.open(file, null, null, null);
    assertEquals(0, dataset.size());
    assertEquals(
        List.of(
            "RECORD d.jsonl line 1",
            "RECORD d.jsonl line 2",
            "RECORD d.jsonl line 3",
            "RECORD d.jsonl line 4",
            "RECORD d.jsonl line 5",
            "BOX d.jsonl line 6",
            "RECORD d.jsonl line 7"),
        TestPictures.bad(dataset));
  }
}
