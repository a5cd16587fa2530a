package org.scanformer.reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A golden case: a model, an image, an expression and what a float64 run independent of this
 * project gave for them.
 *
 * @param modelDirectory holds config.json, model.safetensors and tokenizer.json
 * @param inputIds the expression's token ids, with [CLS] and [SEP]
 * @param selectionMargin how far the closest selection logit is from the threshold
 * @param scales the expected result of each scale
 */
public record GoldenCase(
    String name,
    Path modelDirectory,
    Path imageFile,
    String text,
    int[] inputIds,
    double selectionMargin,
    List<ReferenceScale> scales) {

  /** All golden cases among the test resources, by name. */
  public static List<GoldenCase> all() throws IOException, URISyntaxException {
    Path root = Path.of(GoldenCase.class.getResource("/golden").toURI());
    List<GoldenCase> cases = new ArrayList<>();
    try (Stream<Path> directories = Files.list(root)) {
      for (Path directory : directories.sorted().toList()) {
        cases.add(load(directory));
      }
    }
    return cases;
  }

  /** Reads the golden case in a directory. */
  public static GoldenCase load(Path directory) throws IOException {
    JsonNode expected = new ObjectMapper().readTree(directory.resolve("expected.json").toFile());
    JsonNode ids = expected.required("input_ids");
    int[] inputIds = new int[ids.size()];
    for (int i = 0; i < inputIds.length; i++) {
      inputIds[i] = ids.required(i).asInt();
    }
    List<ReferenceScale> scales = new ArrayList<>();
    for (JsonNode scale : expected.required("scales")) {
      scales.add(scale(scale));
    }
    return new GoldenCase(
        directory.getFileName().toString(),
        directory,
        directory.resolve("image.png"),
        expected.required("text").asText(),
        inputIds,
        expected.required("selection_margin").asDouble(),
        List.copyOf(scales));
  }

  /**
   * The file has logits of discarded patches too, which mean nothing, and none at the last scale.
   */
  private static ReferenceScale scale(JsonNode scale) {
    int rows = scale.required("rows").asInt();
    int cols = scale.required("cols").asInt();
    boolean[] mask = new boolean[rows * cols];
    double[][] logits = new double[rows * cols][];
    for (int patch = 0; patch < mask.length; patch++) {
      mask[patch] = scale.required("mask").asText().charAt(patch) == '1';
      logits[patch] =
          mask[patch] && scale.has("selection_logits")
              ? doubles(scale.required("selection_logits").required(patch))
              : new double[] {Double.NaN, Double.NaN, Double.NaN, Double.NaN};
    }
    return new ReferenceScale(
        rows,
        cols,
        mask,
        logits,
        doubles(scale.required("box_cxcywh")),
        scale.required("score").asDouble(Double.NaN), // null without a score head
        doubles(scale.required("reg")),
        null,
        null);
  }

  private static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.required(i).asDouble();
    }
    return values;
  }

  /** The case's name, which names it in test reports. */
  @Override
  public String toString() {
    return name;
  }
}
