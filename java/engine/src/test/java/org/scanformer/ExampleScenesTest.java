package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ten drawn scenes under the trained demo model, against the boxes of a float64 run. */
class ExampleScenesTest {
  private static final Path MODEL = Path.of("src", "test", "resources", "example-model");

  @ParameterizedTest
  @EnumSource(Schedule.class)
  void boxesAgreeWithTheFloat64Run(Schedule schedule) throws Exception {
    Path scenes = Path.of(ExampleScenesTest.class.getResource("/scenes").toURI());
    ScanFormerOptions options =
        ScanFormerOptions.builder().backend(BackendKind.CPU).schedule(schedule).build();
    ObjectMapper json = new ObjectMapper();
    try (ScanFormer scanFormer = ScanFormer.load(MODEL, options)) {
      List<String> lines = Files.readAllLines(scenes.resolve("scenes.jsonl"));
      for (String line : lines) {
        JsonNode scene = json.readTree(line);
        String file = scene.get("image").asText();
        String text = scene.get("text").asText();
        NormalizedBox box =
            scanFormer.locate(Image.read(scenes.resolve(file)), text).normalizedBox();
        double[] expected = new double[4];
        for (int i = 0; i < 4; i++) {
          expected[i] = scene.get("float64_box_cxcywh").get(i).asDouble();
        }
        assertArrayEquals(
            expected,
            new double[] {box.centerX(), box.centerY(), box.width(), box.height()},
            2e-4,
            file + ": " + text);
      }
    }
  }
}
