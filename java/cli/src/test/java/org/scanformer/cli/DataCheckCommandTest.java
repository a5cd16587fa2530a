package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.datasets.DataForm;

class DataCheckCommandTest {
  @TempDir private Path directory;

  private Path write(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private void writeImage(String name) throws IOException {
    BufferedImage picture = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(picture, "png", directory.resolve(name).toFile());
  }

  @Test
  void countsAndNamesWhatItLeavesOut() throws IOException {
    writeImage("a.png");
    write(
        "d.csv",
        "image,x,y,width,height,text\na.png,1,2,3,4,dogs\na.png,9,9,9,9,dogs\na.png,1,2,3,4,cat\n"
            + "a.png,50,2,3,4,x\na.png,51,2,3,4,x\na.png,52,2,3,4,x\na.png,53,2,3,4,x\n"
            + "b.png,1,2,3,4,x\n");
    CommandLineRun run = run("data", "check", directory.toString());
    assertEquals(0, run.code(), run.err());
    List<String> lines = run.out().lines().toList();
    assertTrue(lines.get(0).startsWith("Form: csv"), run.out());
    assertTrue(lines.get(1).endsWith("d.csv"), run.out());
    assertEquals(
        List.of("Images: 1", "Boxes: 2", "Expressions: 2", "  of several boxes: 1", "Left out: 5"),
        lines.subList(2, 7));
    assertEquals("  1 without an image that can be read", lines.get(7));
    assertTrue(lines.get(8).contains("\"b.png\" of d.csv line 9"), run.out());
    assertEquals("  4 without a box within the image", lines.get(9));
    assertTrue(lines.get(10).startsWith("    d.csv line 5: expected a box"), run.out());
    assertEquals("    …", lines.get(13), "three of them are shown");
  }

  @Test
  void countsSplits() throws IOException {
    writeImage("a.png");
    for (String name : List.of("a", "b")) {
      write(
          "Annotations/" + name + ".xml",
          "<annotation><filename>a.png</filename><object><name>dog</name><bndbox><xmin>1</xmin>"
              + "<ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>");
    }
    write("train.txt", "a");
    write("val.txt", "b");
    CommandLineRun run = run("data", "check", directory.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Form: voc"), run.out());
    assertTrue(
        run.out().contains("Split train: 1 expressions\nSplit val: 1 expressions"), run.out());
    assertTrue(run.out().contains("Images: 1\nBoxes: 1\nExpressions: 2\n"), run.out());
    CommandLineRun one =
        run("data", "check", directory.toString(), "--data", "voc", "--split", "val");
    assertTrue(one.out().contains("Expressions: 1\n"), one.out());
  }

  @Test
  void makesExpressionsFromBoxes() throws IOException {
    writeImage("1.png");
    Path file =
        write(
            "boxes.json",
            """
        {"images": [{"id": 1, "file_name": "1.png"}],
         "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5]},
                         {"id": 2, "image_id": 1, "category_id": 1, "bbox": [20, 0, 5, 5]}],
         "categories": [{"id": 1, "name": "dog"}]}
        """);
    CommandLineRun own = run("data", "check", file.toString());
    assertEquals(1, own.code());
    assertTrue(own.out().contains("2 whose category names several objects"), own.out());
    CommandLineRun boxes = run("data", "check", file.toString(), "--expressions", "boxes");
    assertEquals(0, boxes.code());
    assertTrue(boxes.out().contains("Expressions: 2\n"), boxes.out());
    CommandLineRun wrong = run("data", "check", file.toString(), "--expressions", "box");
    assertTrue(wrong.err().contains("expected one of [OWN, BOXES, BOTH]"), wrong.err());
  }

  @Test
  void countsTheSourcesOfAMixture() throws IOException {
    writeImage("a.png");
    String row = "image,x,y,width,height,text\na.png,1,2,3,4,";
    write("d.csv", row + "cat\n");
    write("v.csv", row + "dog\na.png,50,2,3,4,x\n");
    Path mixture =
        write(
            "mix.json",
            "[{\"data\": \"csv\", \"file\": \"d.csv\", \"weight\": 3},"
                + " {\"data\": \"csv\", \"file\": \"d.csv\", \"validation-file\": \"v.csv\"}]");
    CommandLineRun run = run("data", "check", mixture.toString());
    assertEquals(0, run.code(), run.err());
    List<String> lines = run.out().lines().toList();
    assertEquals("Sources:", lines.get(0));
    assertTrue(lines.get(1).startsWith("  source 1: csv, a CSV file"), run.out());
    assertTrue(lines.get(1).endsWith("weight 3.0"), run.out());
    assertEquals(
        List.of(
            "Images: 1",
            "Boxes: 1",
            "Expressions: 3",
            "Split source 1 d.csv: 1 expressions",
            "Split source 2 d.csv: 1 expressions",
            "Split source 2 v.csv: 1 expressions",
            "Left out: 1",
            "  1 without a box within the image"),
        lines.subList(3, 11));
    assertTrue(lines.get(11).startsWith("    source 2 v.csv line 3: "), run.out());
    CommandLineRun split = run("data", "check", mixture.toString(), "--split", "val");
    assertEquals(2, split.code());
    assertTrue(split.err().contains("--split is for a form of data"), split.err());
    CommandLineRun eval = run("eval", "--data", mixture.toString());
    assertEquals(1, eval.code());
    assertTrue(eval.err().contains("source 1: expected held-out data"), eval.err());
  }

  /** As of exports, which have the same file names in each directory. */
  @Test
  void tellsThePartsOfASourceApart() throws IOException {
    Files.createDirectories(directory.resolve("t"));
    Files.createDirectories(directory.resolve("v"));
    writeImage("t/a.png");
    writeImage("v/a.png");
    String row = "image,x,y,width,height,text\na.png,1,2,3,4,cat\n";
    write("t/d.csv", row + "a.png,1,2,3,4,dog\na.png,50,2,3,4,x\n");
    write("v/d.csv", row + "a.png,50,2,3,4,x\na.png,50,2,3,4,x\n");
    Path mixture =
        write(
            "mix.json",
            "[{\"data\": \"csv\", \"file\": \"t/d.csv\", \"validation-file\": \"v/d.csv\"}]");
    CommandLineRun run = run("data", "check", mixture.toString());
    assertEquals(0, run.code(), run.err());
    assertEquals(
        List.of(
            "Images: 2",
            "Boxes: 2",
            "Expressions: 3",
            "Split source 1 t/d.csv: 2 expressions",
            "Split source 1 v/d.csv: 1 expressions",
            "Left out: 3"),
        run.out().lines().toList().subList(2, 8),
        run.out());
  }

  /** The scenes that we draw are data in a form that we read, with the same boxes. */
  @Test
  void readsAndDrawsTheScenesThatShapesWrites() throws IOException {
    Path scenes = directory.resolve("scenes");
    assertEquals(
        0, run("shapes", "--out", scenes.toString(), "--count", "14", "--seed", "5").code());
    Path sheet = directory.resolve("sheet.png");
    CommandLineRun run = run("data", "check", scenes.toString(), "--sheet", sheet.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Form: jsonl"), run.out());
    assertTrue(run.out().contains("Expressions: 14\nLeft out: 0\n"), run.out());
    BufferedImage picture = ImageIO.read(sheet.toFile());
    assertEquals(1600, picture.getWidth());
    assertEquals(1200, picture.getHeight());
    boolean red = false;
    for (int y = 0; y < picture.getHeight() && !red; y++) {
      for (int x = 0; x < picture.getWidth() && !red; x++) {
        red = (picture.getRGB(x, y) & 0xffffff) == 0xff5050;
      }
    }
    assertTrue(red, "no box in the colour of the first expression");

    String data = scenes.resolve("scenes.jsonl").toString();
    // What a file of sources holds out is what they hold out themselves.
    Path mixture =
        write(
            "mix.json",
            "[{\"data\": \"jsonl\", \"file\": \"gone.jsonl\", \"validation-file\": \""
                + data
                + "\"}]");
    CommandLineRun files = eval("--data", mixture.toString());
    CommandLineRun drawn = eval("--data", "shapes", "--seed", "5", "--count", "14");
    assertEquals(0, files.code(), files.err());
    assertEquals(accuracy(drawn), accuracy(files));
  }

  private static CommandLineRun eval(String... data) {
    String[] all = new String[data.length + 4];
    System.arraycopy(new String[] {"eval", "--json", "--backend", "cpu"}, 0, all, 0, 4);
    System.arraycopy(data, 0, all, 4, data.length);
    return run(all);
  }

  private static String accuracy(CommandLineRun run) throws IOException {
    return new ObjectMapper().readTree(run.out()).get("accuracy").toString();
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    Path file = write("d.csv", "image,x,y,width,height,text\n");
    CommandLineRun nothing = run("data", "check", file.toString(), "--sheet", "sheet.png");
    assertEquals(1, nothing.code(), "nothing can be used");
    assertFalse(Files.exists(Path.of("sheet.png")));
    CommandLineRun form = run("data", "check", file.toString(), "--data", "yolo");
    assertEquals(2, form.code());
    assertTrue(form.err().contains("one of refer, mdetr, csv"), form.err());
    assertEquals(2, run("data", "check", file.toString(), "--data", "voc").code());
    assertEquals(2, run("data", "check", file.toString(), "--sheet", "sheet.jpg").code());
    assertEquals(1, run("data", "check", directory.resolve("gone").toString()).code());
    assertEquals(2, run("data").code());
    assertEquals(2, run("data", "check").code());
    String help = run("eval", "--help").out();
    String forms = run("data", "check", "--help").out();
    for (DataForm each : DataForm.values()) {
      assertTrue(help.contains(each + ": "), "described in eval's help: " + each);
      assertTrue(forms.contains(each.toString()), forms);
    }
    CommandLineRun eval = run("eval", "--data", "yolo");
    assertEquals(2, eval.code());
    assertTrue(eval.err().contains("one of shapes, refer"), eval.err());
    assertTrue(run("eval", "--data", "coco").err().contains("--data coco needs --file"));
  }
}
