package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What is told of images that are trained on and held out. */
class SharedImagesTest {
  @TempDir private Path directory;
  private String one;
  private String two;

  @Command
  private static final class Holder {
    @Mixin private DataOptions data;
  }

  @BeforeEach
  void writeData() throws IOException {
    for (String name : List.of("a", "b", "c", "d")) {
      BufferedImage picture = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
      ImageIO.write(picture, "png", directory.resolve(name + ".png").toFile());
    }
    one = write("one.jsonl", "a", "a", "b").toString();
    two = write("two.jsonl", "c", "d", "c").toString();
  }

  private Path write(String file, String... images) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < images.length; i++) {
      lines
          .append("{\"image\": \"" + images[i] + ".png\", \"x\": 1, \"y\": 1, \"width\": 5,")
          .append(" \"height\": 5, \"text\": \"dog " + i + "\"}\n");
    }
    return Files.writeString(directory.resolve(file), lines);
  }

  /** What is told as the data is opened, by line. */
  private static List<String> told(String... options) {
    StringWriter err = new StringWriter();
    Holder holder = new Holder();
    CommandLine line = new CommandLine(holder).setErr(new PrintWriter(err, true));
    line.parseArgs(options);
    try (DataOptions opened = holder.data.open()) {
      opened.validation();
    }
    return err.toString().lines().map(text -> text.replaceAll(" too: .*", "")).toList();
  }

  @Test
  void aFileThatIsHeldOutAndTrainedOnIsTold() {
    assertEquals(
        List.of("jsonl one.jsonl: 2 of 2 held-out images are in the training data"),
        told("--data", "jsonl", "--file", one, "--validation-file", one));
    assertEquals(List.of(), told("--data", "jsonl", "--file", one, "--validation-file", two));
  }

  /** Also where another path leads to them. */
  @Test
  void aFewImagesAreTold() throws IOException {
    Path some = write("some.jsonl", "b", "c", "d");
    Path relative = Path.of("").toAbsolutePath().relativize(some);
    assertEquals(
        List.of("jsonl some.jsonl: 1 of 3 held-out images are in the training data"),
        told("--data", "jsonl", "--file", one, "--validation-file", relative.toString()));
  }

  @Test
  void sourcesThatAreHeldOutOfOneAnotherAreTold() throws IOException {
    String source = "{\"data\": \"jsonl\", \"file\": \"%s\", \"validation-file\": \"%s\"}";
    Path swapped =
        Files.writeString(
            directory.resolve("swapped.json"),
            "["
                + source.formatted("one.jsonl", "two.jsonl")
                + ","
                + source.formatted("two.jsonl", "one.jsonl")
                + "]");
    assertEquals(
        List.of(
            "source 1 jsonl two.jsonl: 2 of 2 held-out images are in the training data",
            "source 2 jsonl one.jsonl: 2 of 2 held-out images are in the training data"),
        told("--data", swapped.toString()));
  }

  @Test
  void splitsOfADirectoryShareNone() throws IOException {
    Path root = directory.resolve("voc");
    for (String folder : List.of("Annotations", "JPEGImages", "ImageSets/Main")) {
      Files.createDirectories(root.resolve(folder));
    }
    for (String name : List.of("a", "b", "c", "d")) {
      Files.copy(
          directory.resolve(name + ".png"), root.resolve("JPEGImages").resolve(name + ".png"));
      Files.writeString(
          root.resolve("Annotations").resolve(name + ".xml"),
          """
          <annotation><filename>%s.png</filename><object><name>dog</name>
          <bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>
          </annotation>
          """
              .formatted(name));
    }
    Files.writeString(root.resolve("ImageSets/Main/train.txt"), "a\nb\n");
    Files.writeString(root.resolve("ImageSets/Main/val.txt"), "c\nd\n");
    assertEquals(List.of(), told("--data", "voc", "--root", root.toString()));
    assertEquals(
        List.of("voc voc val: 2 of 2 held-out images are in the training data"),
        told("--data", "voc", "--root", root.toString(), "--split", "val"));
  }

  @Test
  void drawnScenesAreNotCompared() {
    assertEquals(List.of(), told("--validation-pairs", "3"));
  }
}
