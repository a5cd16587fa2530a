package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.ScanFormerException;

class DataMixtureTest {
  @TempDir private Path root;

  private Path write(String text) throws IOException {
    return Files.writeString(root.resolve("mix.json"), text.replace('\'', '"'));
  }

  private void writeCsv(String name, String... texts) throws IOException {
    TestPictures.write(root.resolve("a/a.png"), 40, 30);
    StringBuilder rows = new StringBuilder("image,x,y,width,height,text\n");
    for (String text : texts) {
      rows.append("a.png,1,2,").append(text.isEmpty() ? 0 : 3).append(",4,x").append(text);
      rows.append('\n');
    }
    Files.writeString(root.resolve("a").resolve(name), rows);
  }

  @Test
  void readsSourcesWithWhatOptionsSay() throws IOException {
    Path file =
        write(
            "[{'data': 'refer', 'root': 'sub/refcoco', 'images': '/coco', 'split-by': 'unc',"
                + " 'validation-split': 'testA', 'expressions': 'boxes', 'weight': 3},"
                + " {'data': 'LABEL-studio', 'file': '../e.json'}]");
    assertTrue(DataDetector.isMixture(file));
    List<DataSource> sources = DataMixture.read(file);
    DataSource first = sources.get(0);
    Path refcoco = root.resolve("sub/refcoco");
    assertEquals(DataForm.REFER, first.form());
    assertEquals(new DataSource.Part(refcoco, "train"), first.training());
    assertEquals(new DataSource.Part(refcoco, "testA"), first.heldOut());
    assertEquals(Path.of("/coco"), first.images());
    assertEquals("unc", first.splitBy());
    assertEquals(ExpressionSource.BOXES, first.expressions());
    assertEquals(3, first.weight());
    DataSource second = sources.get(1);
    assertEquals(DataForm.LABEL_STUDIO, second.form());
    assertEquals(new DataSource.Part(root.resolveSibling("e.json"), null), second.training());
    assertEquals(ExpressionSource.OWN, second.expressions());
    assertEquals(1, second.weight());
    ScanFormerException none = assertThrows(ScanFormerException.class, second::openHeldOut);
    assertEquals(
        "source 2: expected held-out data (validation-file) beside e.json, found none",
        none.getMessage());
  }

  /** Files of the same name give records of the same ids, which resuming must tell apart. */
  @Test
  void tellsTheRecordsOfSourcesApart() throws IOException {
    writeCsv("t.csv", "1", "");
    writeCsv("v.csv", "2", "", "3");
    writeCsv("none.csv");
    String source = "{'data': 'csv', 'file': 'a/t.csv', 'validation-file': 'a/%s.csv'}";
    List<DataSource> sources =
        DataMixture.read(
            write(
                "["
                    + String.join(
                        ",",
                        String.format(source, "none"),
                        String.format(source, "v"),
                        String.format(source, "none"),
                        String.format(source, "v"))
                    + "]"));
    ReferringDataset all = DataMixture.openHeldOut(sources);
    assertEquals(List.of("x2", "x3", "x2", "x3"), TestPictures.expressions(all));
    assertEquals(
        List.of(
            "source 2 v.csv line 2",
            "source 2 v.csv line 4",
            "source 4 v.csv line 2",
            "source 4 v.csv line 4"),
        IntStream.range(0, 4).mapToObj(i -> all.pair(i).id()).toList());
    assertEquals(
        List.of("BOX source 2 v.csv line 3", "BOX source 4 v.csv line 3"), TestPictures.bad(all));
    assertEquals("source 1 t.csv line 2", sources.get(0).openTraining().pair(0).id());
    assertEquals(
        "source 1 csv none.csv + source 2 csv v.csv + source 3 csv none.csv + source 4 csv v.csv",
        all.name());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | expected an array of sources",
        "[] | expected an array of sources",
        "[7] | source 1: expected \"data\" with one of [refer, mdetr",
        "[{'data': 'shapes'}] | found \"shapes\"",
        "[{'data': 'csv', 'file': 'a'}, {'data': 'voc'}] | source 2: expected \"root\"",
        "[{'data': 'csv', 'root': 'a'}] | expected the fields [data, expressions, file, images,",
        "[{'data': 'voc', 'root': 'a', 'wieght': 2}] | found \"wieght\"",
        "[{'data': 'voc', 'root': 'a', 'expressions': 'box'}] | one of [own, boxes, both] as",
        "[{'data': 'voc', 'root': 'a', 'weight': 0}] | a number greater than 0 as \"weight\"",
        "[{'data': 'voc', 'root': 'a', 'weight': '2'}] | found \"2\"",
        "[{'data': 'voc', 'root': 7}] | a text as \"root\"",
        "[{'data': 'voc', 'root': 'a\\u0000'}] | a path as \"root\"",
        "[{'data': | not JSON",
      })
  void saysWhatItExpects(String text, String words) throws IOException {
    Path file = write(text);
    ScanFormerException refusal =
        assertThrows(ScanFormerException.class, () -> DataMixture.read(file));
    assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("mix.json"), refusal.getMessage());
  }

  @Test
  void isNoneOfTheForms() throws IOException {
    assertFalse(DataDetector.isMixture(root));
    assertFalse(DataDetector.isMixture(root.resolve("gone.json")));
    assertFalse(DataDetector.isMixture(write("[{'data': {}, 'annotations': []}]")));
    assertFalse(DataMixture.isFile("jsonl"));
    assertTrue(DataMixture.isFile("MIX.JSON"));
  }
}
