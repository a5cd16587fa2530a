package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where datasets look for their images. */
class ImageFoldersTest {
  private static final Path REFS = Path.of("src", "test", "resources", "refer");
  private static final String NAME = "COCO_train2014_000000581857.jpg";

  @TempDir private Path root;

  private static void writeImage(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    ImageIO.write(new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB), "jpg", file.toFile());
  }

  private Path writeMdetr(Path file, String name) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "%s", "width": 40, "height": 30, "caption": "a dog"}],
         "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 2, 3, 4]}]}
        """
            .formatted(name),
        StandardCharsets.UTF_8);
    return file;
  }

  private Path writeToolkit(String images) throws IOException {
    Path refcoco = Files.createDirectories(root.resolve("data/refcoco"));
    Files.copy(REFS.resolve("refs-protocol2.p"), refcoco.resolve("refs(unc).p"));
    Files.writeString(
        refcoco.resolve("instances.json"),
        """
        {"images": [{"id": 581857, "width": 40, "height": 30, "file_name": "%s"}],
         "annotations": [{"id": 16, "image_id": 581857, "bbox": [4.5, 6, 20, 10]}]}
        """
            .formatted(NAME));
    writeImage(root.resolve("data/images").resolve(images).resolve(NAME));
    return refcoco;
  }

  @ParameterizedTest
  @ValueSource(strings = {"mscoco/images/train2014", "saiapr_tc-12", "mscoco/train2014", "."})
  void knowsTheToolkitsLayout(String images) throws IOException {
    Path refcoco = writeToolkit(images);
    assertEquals(2, ReferDataset.open(refcoco, null, "train", null).size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"data", "data/images", "data/images/mscoco", "data/images/mscoco/images"})
  void findsTheToolkitsImagesBelowTheGivenDirectory(String images) throws IOException {
    Path refcoco = writeToolkit("mscoco/images/train2014");
    assertEquals(2, ReferDataset.open(refcoco, null, "train", root.resolve(images)).size());
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "./pics", "pics/.", "sub/../pics", "./sub/.././pics/"})
  void takesDirectoriesWithDots(String images) throws IOException {
    writeImage(root.resolve("pics/a.jpg"));
    Files.createDirectories(root.resolve("sub"));
    Path file = writeMdetr(root.resolve("m.json"), "a.jpg");
    Path directory = Path.of(root + "/" + images);
    assertEquals(1, MdetrDataset.open(file, directory).size());
    Path beside = writeMdetr(root.resolve("pics/m.json"), "./x/../a.jpg");
    assertEquals(1, MdetrDataset.open(Path.of(root + "/sub/../pics/./m.json"), null).size());
    assertEquals(1, MdetrDataset.open(beside, null).size());
  }

  @Test
  void takesARelativeDirectory() throws IOException {
    writeImage(root.resolve("pics/a.jpg"));
    Path file = writeMdetr(root.resolve("m.json"), "a.jpg");
    Path relative = Path.of("").toAbsolutePath().relativize(root.toAbsolutePath().resolve("pics"));
    assertEquals(1, MdetrDataset.open(file, relative).size());
    assertEquals(1, MdetrDataset.open(file, Path.of(".").resolve(relative)).size());
  }

  @Test
  void doesNotLeaveTheDirectories() throws IOException {
    writeImage(root.resolve("secret.jpg"));
    Path secret = root.resolve("secret.jpg").toAbsolutePath();
    for (String name : List.of("../secret.jpg", "x/../../secret.jpg", secret.toString())) {
      Path file = writeMdetr(root.resolve("pics/m.json"), name);
      assertEquals(0, MdetrDataset.open(file, null).size(), name);
    }
  }

  @Test
  void namesTheFoldersOnce() throws IOException {
    Path refcoco = writeToolkit("mscoco/images/train2014");
    Files.delete(root.resolve("data/images/mscoco/images/train2014").resolve(NAME));
    ReferringDataset dataset = ReferDataset.open(refcoco, null, "train", null);
    assertEquals(1, dataset.badRecords().size());
    String problem = dataset.badRecords().get(0).problem();
    assertTrue(problem.contains(NAME), problem);
    assertTrue(problem.contains("data/images/mscoco/images/train2014"), problem);
    assertTrue(problem.contains("--images"), problem);
  }

  @Test
  void listsNamesThatNoFileCanHave() throws IOException {
    Path file = writeMdetr(root.resolve("m.json"), "a\\u0000b.jpg");
    ReferringDataset dataset = MdetrDataset.open(file, null);
    assertEquals(1, dataset.badRecords().size());
    assertTrue(dataset.badRecords().get(0).problem().contains("not possible here"));
  }

  @Test
  void saysWhenTheLocaleCannotHoldAName() throws Exception {
    Path file = writeMdetr(root.resolve("m.json"), "\u00fcn\u00efcode.jpg");
    assertTrue(openInLocale("C", file).contains("start with LC_ALL=C.UTF-8"));
    String found = openInLocale("C.UTF-8", file);
    assertFalse(found.contains("LC_ALL"), found);
  }

  private static String openInLocale(String locale, Path file) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            PrintProblems.class.getName(),
            file.toString());
    builder.environment().put("LC_ALL", locale);
    File out = file.resolveSibling("out.txt").toFile();
    Process process = builder.redirectErrorStream(true).redirectOutput(out).start();
    assertEquals(0, process.waitFor(), () -> "see " + out);
    return Files.readString(out.toPath(), StandardCharsets.ISO_8859_1);
  }

  /** Prints the problems of a dataset, in a process with another locale. */
  static final class PrintProblems {
    public static void main(String[] arguments) {
      MdetrDataset.open(Path.of(arguments[0]), null)
          .badRecords()
          .forEach(bad -> System.out.println(bad.problem()));
    }
  }
}
