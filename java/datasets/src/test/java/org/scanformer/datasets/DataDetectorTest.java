package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.ScanFormerException;

class DataDetectorTest {
  @TempDir private Path root;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "d.csv | image | CSV",
        "d.csv.gz | image | CSV",
        "d.jsonl | {'image': 'a', 'x': 1, 'text': 't'} | JSONL",
        "d.json | [{'text': 't', 'image': 'a'}] | JSONL",
        "d.jsonl | {'filename': 'a', 'grounding': {'regions': []}} | ODVG",
        "d.json | {'detection': {'instances': [{}]}, 'filename': 'a'} | ODVG",
        "d.json | [{'images': ['a', 'b'], 'messages': [{}]}] | QWEN",
        "d.json | {'image': 'a', 'conversations': []} | QWEN",
        "d.json | {'info': {'a': [1]}, 'images': [{'id': 1}, {'id': [2]}], 'annotations': []} | COCO",
        "d.json | {'annotations': [], 'images': [{'id': 1, 'caption': 'c'}]} | MDETR",
        "d.json | {'images': [], 'annotations': []} | COCO",
        "annotations.xml | <annotations/> | CVAT",
        "d.json | [{'id': 1, 'data': {'image': 'a'}, 'annotations': [{}]}] | LABEL_STUDIO",
        "d.json | [{'completions': [], 'data': {'image': 'a'}}] | LABEL_STUDIO",
        "d.json | [{'image': 'a', 'tag': [{'rectanglelabels': []}, {}]}] | LABEL_STUDIO"
      })
  void tellsAFileByItsFieldsOrName(String name, String text, DataForm form) throws IOException {
    Path file = Files.writeString(root.resolve(name), text.replace('\'', '"'));
    assertEquals(form, DataDetector.detect(file).form());
    assertEquals(form, DataDetector.detect(root).form(), "the only file of its directory");
    assertEquals(file, DataDetector.detect(root).path());
  }

  @Test
  void tellsADirectoryByItsFiles() throws IOException {
    Path voc = Files.createDirectories(root.resolve("voc/Annotations"));
    Files.writeString(voc.resolve("a.xml"), "");
    assertEquals(DataForm.VOC, DataDetector.detect(root.resolve("voc")).form());
    assertEquals(DataForm.VOC, DataDetector.detect(voc).form());
    Files.createDirectories(root.resolve("voc/Sentences"));
    assertEquals(DataForm.FLICKR30K, DataDetector.detect(root.resolve("voc")).form());
    Path refer = Files.createDirectories(root.resolve("refer"));
    Files.writeString(refer.resolve("refs(unc).p"), "");
    Files.writeString(refer.resolve("instances.json"), "");
    assertEquals(DataForm.REFER, DataDetector.detect(refer).form());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "d.json | {'a': 1, 'b': 2} | the fields [a, b]",
        "d.json | 7 | neither",
        "d.json | {'a' | neither",
        "d.txt | hello | found none of them",
      })
  void saysWhatItFoundOtherwise(String name, String text, String words) throws IOException {
    Files.writeString(root.resolve(name), text.replace('\'', '"'));
    ScanFormerException refusal =
        assertThrows(ScanFormerException.class, () -> DataDetector.detect(root));
    assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
    Files.writeString(root.resolve("a.csv"), "");
    Files.writeString(root.resolve("b.csv"), "");
    refusal = assertThrows(ScanFormerException.class, () -> DataDetector.detect(root));
    assertTrue(refusal.getMessage().contains("name one of them"), refusal.getMessage());
  }
}
