package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.EvalCommandTest.eval;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs of evaluations that are not resumed. */
class EvalResumeTest {
  @TempDir private Path directory;

  /** Data is told apart by what it holds: files of the same name are not the same data. */
  @Test
  void resumesNoOtherData() throws IOException {
    for (String images : List.of("images", "others")) {
      Files.createDirectories(directory.resolve(images));
      Files.copy(Path.of(CommandLineRun.IMAGE), directory.resolve(images).resolve("a.png"));
    }
    for (String[] data :
        new String[][] {
          {"a", "69,132,170,170,big plus"},
          {"b", "469,32,70,70,big plus"},
          {"c", "69,132,170,170,big ring"}
        }) {
      Files.createDirectories(directory.resolve(data[0]));
      Files.writeString(
          directory.resolve(data[0]).resolve("d.csv"),
          "image,x,y,width,height,text\na.png," + data[1] + "\n");
    }
    assertEquals(0, csv("a", "images").code());
    assertEquals(0, csv("a", "images").code());
    for (CommandLineRun other :
        List.of(csv("b", "images"), csv("c", "images"), csv("a", "others"))) {
      assertEquals(1, other.code(), other.out());
      assertTrue(other.err().contains("of another evaluation, found pairs "), other.err());
    }
  }

  /** Weights that were trained further have the same name and, as a rule, configuration. */
  @Test
  void resumesNoOtherWeights() throws IOException {
    Path model = Files.createDirectories(directory.resolve("model"));
    for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(Path.of(CommandLineRun.MODEL).resolve(file), model.resolve(file));
    }
    String[] arguments = {
      "--data",
      "shapes",
      "--count",
      "2",
      "--model",
      model.toString(),
      "--resume",
      directory.resolve("log.jsonl").toString()
    };
    assertEquals(0, eval(arguments).code());
    assertEquals(0, eval(arguments).code());
    Path weights = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    CommandLineRun other = eval(arguments);
    assertEquals(1, other.code(), other.out());
    assertTrue(other.err().contains("of another evaluation, found weights "), other.err());
  }

  private CommandLineRun csv(String data, String images) {
    return eval(
        "--data",
        "csv",
        "--file",
        directory.resolve(data).resolve("d.csv").toString(),
        "--images",
        directory.resolve(images).toString(),
        "--resume",
        directory.resolve("log.jsonl").toString());
  }
}
