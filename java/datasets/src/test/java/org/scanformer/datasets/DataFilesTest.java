package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/** Forms and faults that datasets' files have. */
class DataFilesTest {
  private static final Path REFS = Path.of("src", "test", "resources", "refer");
  private static final String INSTANCES =
      """
      {"images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 30},
                  {"id": "02", "file_name": "a.png"},
                  {"id": 3, "file_name": "a.png"}, {"id": "3", "file_name": "a.png"}],
       "annotations": [{"id": 11, "image_id": "1", "bbox": [1, 2, 3, 4]},
                       {"id": "12", "image_id": 1.0, "bbox": [5, 6, 7, 8]},
                       {"id": 21, "image_id": 2, "bbox": [5, 6, 7, 8]},
                       {"id": 31, "image_id": 3, "bbox": [5, 6, 7, 8]},
                       {"id": 41, "image_id": 1, "bbox": [5, 6, 7, 8]},
                       {"id": 41, "image_id": 1, "bbox": [5, 6, 7, 9]}],
       "categories": []}
      """;

  @TempDir private Path root;

  @BeforeEach
  void writeImage() throws IOException {
    ImageIO.write(
        new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB),
        "png",
        root.resolve("a.png").toFile());
    Files.writeString(root.resolve("instances.json"), INSTANCES);
  }

  private ReferringDataset openGrefs(String... refs) throws IOException {
    StringBuilder list = new StringBuilder();
    for (String ref : refs) {
      list.append(list.isEmpty() ? "" : ",")
          .append("{\"split\": \"val\", \"sentences\": [{\"sent\": \"the dogs\"}], ")
          .append(ref)
          .append("}");
    }
    Files.writeString(root.resolve("grefs(unc).json"), "[" + list + "]");
    return ReferDataset.open(root, "unc", "val", null);
  }

  @Test
  void readsListsOfObjectsAndNone() throws IOException {
    ReferringDataset dataset =
        openGrefs(
            "\"image_id\": 1, \"ann_id\": [11]",
            "\"image_id\": 1, \"ann_id\": [11, 12]",
            "\"image_id\": 1, \"ann_id\": [-1], \"no_target\": true",
            "\"image_id\": 1, \"ann_id\": [-1]",
            "\"image_id\": 1, \"ann_id\": [], \"no_target\": true",
            "\"image_id\": 1, \"ann_id\": -1",
            "\"image_id\": 1, \"no_target\": true");
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(7, dataset.size());
    assertEquals(new Box(1, 2, 3, 4), dataset.pair(0).box());
    assertEquals(List.of(new Box(1, 2, 3, 4), new Box(5, 6, 7, 8)), dataset.pair(1).targets());
    assertFalse(dataset.pair(1).hasOneTarget());
    for (int i = 2; i < 7; i++) {
      assertEquals(List.of(), dataset.pair(i).targets());
    }
    assertThrows(IllegalStateException.class, () -> dataset.pair(2).box());
  }

  @Test
  void refusesReferencesThatContradictThemselves() throws IOException {
    ReferringDataset dataset =
        openGrefs(
            "\"image_id\": 1, \"ann_id\": [11], \"no_target\": true",
            "\"image_id\": 1, \"ann_id\": [-1], \"no_target\": false",
            "\"image_id\": 1, \"ann_id\": []");
    assertEquals(0, dataset.size());
    List<String> problems = dataset.badRecords().stream().map(BadRecord::problem).toList();
    assertEquals(3, problems.size(), problems::toString);
    assertTrue(problems.get(0).contains("no_target true, expected false"), problems.get(0));
    assertTrue(problems.get(1).contains("no_target false, expected true"), problems.get(1));
    assertTrue(problems.get(2).contains("found an empty list"), problems.get(2));
  }

  @Test
  void findsTheCompressedFileOfAnAuthor() throws IOException {
    openGrefs("\"image_id\": 1, \"ann_id\": [11]");
    Path plain = root.resolve("grefs(unc).json");
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(root.resolve("grefs(unc).json.gz")))) {
      Files.copy(plain, out);
    }
    Files.delete(plain);
    assertEquals(1, ReferDataset.open(root, "unc", "val", null).size());
  }

  @Test
  void takesIdsByValueAndRefusesOnesThatAreWrong() throws IOException {
    ReferringDataset dataset =
        openGrefs(
            "\"image_id\": \"1\", \"ann_id\": 12",
            "\"image_id\": 2, \"ann_id\": \"21\"",
            "\"image_id\": 1, \"ann_id\": 21",
            "\"image_id\": 3, \"ann_id\": 31",
            "\"image_id\": 1, \"ann_id\": 41",
            "\"image_id\": 1, \"ann_id\": null",
            "\"image_id\": {\"x\": [1]}, \"ann_id\": 11");
    assertEquals(2, dataset.size());
    assertEquals(40, dataset.pair(1).image().width());
    List<String> problems = dataset.badRecords().stream().map(BadRecord::problem).toList();
    assertEquals(5, problems.size(), problems::toString);
    assertTrue(problems.get(0).contains("ann_id 21 is of the image 2, expected image_id 1"));
    assertTrue(problems.get(1).contains("expected one image 3 in instances.json, found several"));
    assertTrue(problems.get(2).contains("expected one annotation 41"), problems.get(2));
    assertTrue(problems.get(3).contains("expected an id as \"ann_id\", found nothing"));
    assertTrue(problems.get(4).contains("\"image_id\", found a dict"), problems.get(4));
  }

  @Test
  void refusesIdsThatOccurTwiceInAnMdetrFile() throws IOException {
    Path file = root.resolve("m.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "a.png", "caption": "x"},
                    {"id": "1", "file_name": "a.png", "caption": "x"},
                    {"file_name": "a.png", "caption": "x"}],
         "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 2, 3, 4]}, {"bbox": [1, 2, 3, 4]}]}
        """);
    ReferringDataset dataset = MdetrDataset.open(file, null);
    assertEquals(0, dataset.size());
    assertEquals(3, dataset.badRecords().size());
  }

  @Test
  void readsCompressedFiles() throws IOException {
    Files.writeString(
        root.resolve("instances.json"),
        """
        {"images": [{"id": 581857, "file_name": "a.png"}],
         "annotations": [{"id": 16, "image_id": 581857, "bbox": [1, 2, 3, 4]}]}
        """);
    compress(REFS.resolve("refs-protocol2.p"), root.resolve("refs(unc).p"));
    compress(root.resolve("instances.json"), root.resolve("i.gz"));
    Files.move(
        root.resolve("i.gz"),
        root.resolve("instances.json"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertEquals(2, ReferDataset.open(root, null, "train", null).size());
  }

  private static void compress(Path from, Path to) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(to))) {
      Files.copy(from, out);
    }
  }

  @Test
  void namesFilesOfAnotherKind() throws IOException {
    Path file = root.resolve("m.json");
    for (String[] kind :
        new String[][] {
          {"<!DOCTYPE html><title>Sign in</title>", "a web page"},
          {"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a Git LFS pointer"},
          {
            "{\"images\": [],\n \"annotations\": [{\"area\": NaN}]}",
            "line 2, column 30: Non-standard token 'NaN'"
          },
          {
            "{\"images\": [], \"annotations\": []}\n{\"images\": [], \"annotations\": []}",
            "line 2, column 1: Trailing token"
          },
          {"\u001f\u008b\u0008", "could not be read"}
        }) {
      Files.write(file, kind[0].getBytes(StandardCharsets.ISO_8859_1));
      assertNamed(kind[1], () -> MdetrDataset.open(file, null));
      Files.copy(
          file, root.resolve("refs(unc).p"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      if (!kind[1].startsWith("line")) {
        assertNamed(kind[1], () -> ReferDataset.open(root, "unc", "val", null));
      }
    }
  }

  private static void assertNamed(String words, Runnable reading) {
    ScanFormerException refusal = assertThrows(ScanFormerException.class, reading::run);
    assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
    assertFalse(refusal.getMessage().contains("enable"), "advice to programmers");
  }
}
