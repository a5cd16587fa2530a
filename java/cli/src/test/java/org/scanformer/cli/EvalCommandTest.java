package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalCommandTest {
  @TempDir private Path directory;

  /** Evaluates on the CPU. */
  static CommandLineRun eval(String... arguments) {
    List<String> all = new ArrayList<>(List.of("eval", "--backend", "cpu"));
    all.addAll(List.of(arguments));
    return CommandLineRun.run(all.toArray(String[]::new));
  }

  private static CommandLineRun shapes(String... arguments) {
    List<String> all =
        new ArrayList<>(List.of("--data", "shapes", "--seed", "5", "--count", "20", "--json"));
    all.addAll(List.of(arguments));
    return eval(all.toArray(String[]::new));
  }

  private static JsonNode json(CommandLineRun run) throws IOException {
    assertEquals(0, run.code(), run.err());
    return new ObjectMapper().readTree(run.out());
  }

  @Test
  void judgesTheBundledModel() throws IOException {
    JsonNode figures = json(shapes());
    assertEquals(20, figures.get("pairs").intValue());
    assertEquals(3, figures.get("scales").size());
    assertTrue(figures.get("accuracy").get("0.5").doubleValue() >= 0.8, figures.toString());
    assertEquals(1, figures.get("scales").get(0).get("selected_share").doubleValue());
    assertEquals(0, figures.get("bad_records").size());
    assertEquals(20, sum(figures.get("by_category")));
    assertTrue(sum(figures.get("by_wording")) >= 20, figures.toString());
    JsonNode baselines = figures.get("baselines");
    assertTrue(baselines.at("/whole_image/accuracy_0.5").doubleValue() < 0.5, figures.toString());
    assertEquals(20, baselines.at("/largest_of_category/pairs").intValue());
    assertTrue(baselines.at("/mean_box/of").textValue().contains("train"), baselines.toString());
  }

  private static int sum(JsonNode groups) {
    int pairs = 0;
    for (JsonNode group : groups) {
      pairs += group.get("pairs").intValue();
    }
    return pairs;
  }

  @Test
  void selectionsChangeTheShares() throws IOException {
    JsonNode all = json(shapes("--all"));
    assertEquals(1, all.get("selected_share").doubleValue());
    JsonNode random = json(shapes("--random", "0.5,0.25"));
    assertEquals(0.5, random.get("scales").get(1).get("selected_share").doubleValue(), 1e-9);
    assertEquals(0.25, random.get("scales").get(2).get("selected_share").doubleValue(), 1e-9);
    assertEquals(2, shapes("--random", "1.5").code());
    assertEquals(2, shapes("--random", "0.5", "--all").code());
  }

  @Test
  void resumesAfterALineThatWasCutOff() throws IOException {
    Path log = directory.resolve("log.jsonl");
    ObjectNode whole = (ObjectNode) json(shapes("--resume", log.toString()));
    List<String> lines = Files.readAllLines(log);
    assertEquals(21, lines.size());
    Files.writeString(
        log, String.join("\n", lines.subList(0, 8)) + "\n" + lines.get(8).substring(0, 30));
    ObjectNode resumed = (ObjectNode) json(shapes("--resume", log.toString()));
    whole.remove("pairs_per_second");
    resumed.remove("pairs_per_second");
    assertEquals(whole, resumed);
    assertEquals(lines.size(), Files.readAllLines(log).size());

    CommandLineRun other = shapes("--all", "--resume", log.toString());
    assertEquals(1, other.code());
    String told = "of another evaluation, found selection checkpoint, expected all";
    assertTrue(other.err().contains(told), other.err());
    Files.writeString(log, "{}\n");
    CommandLineRun none = shapes("--resume", log.toString());
    assertTrue(none.err().contains("the first line is not that of an evaluation: {}"), none.err());
  }

  /** An answer's expressions are pairs of their own, of which each is judged, kept and drawn. */
  @Test
  void judgesEachExpressionOfAnAnswer() throws IOException {
    Files.copy(Path.of(CommandLineRun.IMAGE), directory.resolve("a.png"));
    Path file =
        Files.writeString(
            directory.resolve("q.json"),
            """
            [{"image": "a.png", "conversations": [
               {"from": "human", "value": "<image> What is there?"},
               {"from": "gpt", "value":
                 "<ref>big plus</ref><box>(107,275),(374,630)</box> and <ref>two shapes</ref>\
            <box>(0,0),(500,500)</box><box>(500,0),(999,500)</box> and <ref>the corner</ref>\
            <box>(0,0),(9,9)</box>"}]}]
            """);
    String log = directory.resolve("log.jsonl").toString();
    String plots = directory.resolve("plots").toString();
    String[] arguments = {
      "--data", "qwen", "--file", file.toString(), "--json", "--resume", log, "--plots", plots
    };
    ObjectNode first = (ObjectNode) json(eval(arguments));
    ObjectNode resumed = (ObjectNode) json(eval(arguments));
    assertEquals(2, first.get("pairs").intValue(), first.toString());
    assertNotNull(ImageIO.read(directory.resolve("plots/examples.png").toFile()));
    first.remove("pairs_per_second");
    resumed.remove("pairs_per_second");
    assertEquals(first, resumed);
    assertEquals(4, Files.readAllLines(Path.of(log)).size());
    CommandLineRun check = CommandLineRun.run("data", "check", file.toString(), "--data", "qwen");
    assertTrue(
        check.out().contains("Expressions: 3\n  of several boxes: 1\n"), check.out() + check.err());
  }

  @Test
  void judgesExpressionsThatAreNotTrue() throws IOException {
    JsonNode figures = json(shapes("--varied", "--absent", "0.5", "--found-threshold", "0.4"));
    JsonNode presence = figures.get("presence");
    int absent = figures.at("/without_target/pairs").intValue();
    assertTrue(absent > 3 && absent < 17, absent + " without a target");
    assertEquals(20 - absent, figures.get("pairs").intValue());
    assertEquals(0.4, presence.get("found_threshold").doubleValue());
    int byKind = 0;
    for (JsonNode kind : presence.get("by_kind")) {
      byKind += kind.get("pairs").intValue();
    }
    assertEquals(absent, byKind);
    JsonNode everything = json(shapes("--absent", "0.5", "--found-threshold", "0"));
    assertEquals(0, everything.at("/presence/n_acc").doubleValue());
    assertEquals(1, everything.at("/presence/t_acc").doubleValue());
    assertEquals(2, shapes("--absent", "1.5").code());
    assertEquals(2, shapes("--found-threshold", "1.5").code());
  }

  /** gRefCOCO lists no objects, or -1, where nothing is referred to. */
  @Test
  void judgesReferencesWithoutATarget() throws IOException {
    Files.copy(Path.of(CommandLineRun.IMAGE), directory.resolve("a.png"));
    Files.writeString(
        directory.resolve("instances.json"),
        """
        {"images": [{"id": 1, "file_name": "a.png", "width": 640, "height": 480}],
         "annotations": [{"id": 5, "image_id": 1, "category_id": 1, "bbox": [69, 132, 170, 170]},
                         {"id": 6, "image_id": 1, "category_id": 1, "bbox": [320, 240, 64, 48]}],
         "categories": [{"id": 1, "name": "plus"}]}
        """);
    String ref =
        "{\"ref_id\": %d, \"image_id\": 1, \"split\": \"%s\", \"ann_id\": %s, \"no_target\": %b,"
            + " \"sentences\": [{\"sent\": \"%s\"}]}";
    Files.writeString(
        directory.resolve("grefs(unc).json"),
        "["
            + String.join(
                ",",
                ref.formatted(1, "val", "[5]", false, "big plus"),
                ref.formatted(2, "val", "[-1]", true, "the elephant"),
                ref.formatted(3, "val", "[]", true, "the purple zebra"),
                ref.formatted(4, "train", "[6]", false, "small plus"))
            + "]");
    JsonNode figures =
        json(
            eval(
                "--data",
                "refer",
                "--root",
                directory.toString(),
                "--split",
                "val",
                "--json",
                "--found-threshold",
                "0"));
    assertEquals(1, figures.get("pairs").intValue());
    assertEquals(2, figures.at("/without_target/pairs").intValue());
    assertEquals(1, figures.at("/presence/t_acc").doubleValue());
    assertEquals(0, figures.at("/presence/n_acc").doubleValue());
    assertEquals(2, figures.at("/presence/by_kind/not known/pairs").intValue());
    // The mean box is that of the split to train on.
    assertEquals(0.55, figures.at("/baselines/mean_box/box_cxcywh/0").doubleValue(), 1e-6);
    assertEquals(0, figures.at("/baselines/mean_box/accuracy_0.5").doubleValue());
    assertEquals(1, figures.at("/by_category/plus/baselines/largest_of_category").doubleValue());
    assertEquals(1, figures.at("/by_wording/size/pairs").intValue());
  }

  /** Of two dogs in each image, the data itself says nothing. */
  @Test
  void theMeanBoxIsOfExpressionsFromTheSameSource() throws IOException {
    Files.copy(Path.of(CommandLineRun.IMAGE), directory.resolve("a.png"));
    String dog =
        "<object><name>dog</name><bndbox><xmin>%d</xmin><ymin>101</ymin><xmax>%d</xmax>"
            + "<ymax>200</ymax></bndbox></object>";
    for (String split : List.of("train", "val")) {
      Files.writeString(
          directory.resolve(split + " 1.xml"),
          "<annotation><filename>a.png</filename>"
              + dog.formatted(1, 100)
              + dog.formatted(501, 600)
              + "</annotation>");
      Files.writeString(directory.resolve(split + ".txt"), split + " 1\n");
    }
    JsonNode figures =
        json(
            eval(
                "--data",
                "voc",
                "--root",
                directory.toString(),
                "--split",
                "val",
                "--expressions",
                "boxes",
                "--json"));
    String of = figures.at("/baselines/mean_box/of").textValue();
    assertTrue(of.contains("train"), figures.toString());
  }

  @Test
  void modelsWithoutScoresHaveNoFiguresOfScores() throws IOException {
    Path model = ScorelessModel.writeInto(directory);
    String[] arguments = {
      "--data", "shapes", "--count", "2", "--absent", "1", "--model", model.toString()
    };
    CommandLineRun run = eval(arguments);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Without a target: 2 pairs"), run.out());
    assertFalse(run.out().contains("NaN"), run.out());
    List<String> more = new ArrayList<>(List.of(arguments));
    more.addAll(List.of("--found-threshold", "0.5"));
    CommandLineRun refused = eval(more.toArray(String[]::new));
    assertEquals(2, refused.code(), refused.err());
    assertTrue(
        refused.err().contains("--found-threshold needs a model with a score"), refused.err());
  }

  @Test
  void listsBadRecords() throws IOException {
    Path file = directory.resolve("data.json");
    Files.writeString(directory.resolve("broken.png"), "no picture");
    Files.copy(Path.of(CommandLineRun.IMAGE), directory.resolve("a.png"));
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "broken.png", "width": 9, "height": 9, "caption": "x"},
                    {"id": 2, "file_name": "a.png", "width": 640, "height": 480, "caption": "big plus"},
                    {"id": 3, "file_name": "gone.png", "width": 9, "height": 9, "caption": "x"}],
         "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 1, 5, 5]},
                         {"id": 2, "image_id": 2, "bbox": [69, 132, 170, 170]},
                         {"id": 3, "image_id": 3, "bbox": [1, 1, 5, 5]}]}
        """);
    JsonNode figures = json(eval("--data", "mdetr", "--file", file.toString(), "--json"));
    assertEquals(1, figures.get("pairs").intValue());
    assertEquals(2, figures.get("bad_records").size());
    assertTrue(figures.get("bad_records").get(1).get("problem").textValue().contains("gone.png"));
    assertTrue(figures.get("bad_records").get(0).get("problem").textValue().contains("broken.png"));
  }

  @Test
  void drawsPlots() throws IOException {
    Path plots = directory.resolve("plots");
    CommandLineRun run =
        eval("--data", "shapes", "--seed", "5", "--count", "14", "--plots", plots.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Acc@0.5"), run.out());
    assertTrue(run.out().contains("the mean box"), run.out());
    for (String name :
        new String[] {
          "accuracy.png",
          "selected-share.png",
          "early-exit.png",
          "calibration.png",
          "scales.png",
          "categories.png",
          "wordings.png",
          "examples.png"
        }) {
      assertNotNull(ImageIO.read(plots.resolve(name).toFile()), name);
    }
  }

  /** Without a target there is no accuracy, but there are scores. */
  @Test
  void drawsTheCalibrationOfExpressionsThatAreNotTrue() throws IOException {
    Path plots = directory.resolve("plots");
    CommandLineRun run =
        eval("--data", "shapes", "--absent", "1", "--count", "6", "--plots", plots.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Plots: " + plots), run.out());
    assertNotNull(ImageIO.read(plots.resolve("calibration.png").toFile()));
    assertFalse(Files.exists(plots.resolve("accuracy.png")));
  }

  @Test
  void saysWhatIsMissing() {
    assertEquals(2, eval("--data", "refer").code());
    assertTrue(eval("--data", "refer").err().contains("--root"));
    assertEquals(2, eval("--data", "mdetr").code());
    for (String option : List.of("--seed=2", "--count=5", "--absent=0.5", "--varied")) {
      CommandLineRun refused = eval("--data", "mdetr", "--file", "d.json", option);
      assertEquals(2, refused.code(), refused.err());
      String name = option.replaceFirst("=.*", "");
      assertTrue(refused.err().contains(name + " is for --data shapes"), refused.err());
    }
    CommandLineRun files = eval("--data", "shapes", "--root", ".");
    assertEquals(2, files.code(), files.err());
    assertTrue(files.err().contains("--root is for files"), files.err());
    assertEquals(2, eval().code());
  }

  @Test
  void writesScenesThatLocateTakes() throws IOException {
    Path out = directory.resolve("scenes");
    CommandLineRun run =
        CommandLineRun.run("shapes", "--out", out.toString(), "--count", "3", "--max-side", "300");
    assertEquals(0, run.code(), run.err());
    assertEquals(3, Files.readAllLines(out.resolve("scenes.jsonl")).size());
    CommandLineRun located =
        CommandLineRun.run("locate", "--batch", out.resolve("scenes.jsonl").toString());
    assertEquals(0, located.code(), located.err());
    assertEquals(3, located.out().lines().count());
  }
}
