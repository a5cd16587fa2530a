package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.reference.GoldenCase;
import org.scanformer.reference.RandomModel;
import org.scanformer.reference.ReferenceModel;
import org.scanformer.reference.ReferencePyramid;
import org.scanformer.reference.ReferenceScale;
import org.scanformer.reference.ReferenceScan;
import org.scanformer.reference.ReferenceSelection;

class GoldenCaseTest {
  /**
   * Absolute for boxes, scores and r/|r|max; for logits relative to the larger of one and the
   * logit. The golden values were computed from weights in float64 that were rounded to F32 when
   * they were saved, so a selection bias of 50 alone is off by up to 2e-6.
   */
  private static final double TOLERANCE = 1e-6;

  static List<GoldenCase> cases() throws IOException, URISyntaxException {
    return GoldenCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theReferenceAgreesWithGoldenCase(GoldenCase golden) throws IOException {
    ReferenceModel model = ReferenceModel.load(golden.modelDirectory());
    List<ReferenceScale> scales =
        ReferenceScan.run(
            model,
            golden.inputIds(),
            ReferencePyramid.pixels(ImageIO.read(golden.imageFile().toFile())),
            ReferenceSelection.threshold(model.selectionThreshold));

    assertEquals(golden.scales().size(), scales.size());
    double boxError = 0;
    double scoreError = 0;
    double logitError = 0;
    double rError = 0;
    for (int s = 0; s < scales.size(); s++) {
      ReferenceScale expected = golden.scales().get(s);
      ReferenceScale actual = scales.get(s);
      assertEquals(expected.rows(), actual.rows());
      assertEquals(expected.cols(), actual.cols());
      assertArrayEquals(expected.mask(), actual.mask(), "mask of scale " + s);
      boxError = Math.max(boxError, difference(expected.box(), actual.box()));
      scoreError =
          Math.max(
              scoreError,
              difference(new double[] {expected.score()}, new double[] {actual.score()}));
      logitError = Math.max(logitError, relativeDifference(expected.logits(), actual.logits()));
      rError = Math.max(rError, difference(expected.r(), actual.r()) / expected.largestR());
    }
    String errors =
        "%s: largest error of boxes %.1e, scores %.1e, logits %.1e, r/|r|max %.1e"
            .formatted(golden, boxError, scoreError, logitError, rError);
    assertTrue(boxError <= TOLERANCE, errors);
    assertTrue(scoreError <= TOLERANCE, errors);
    assertTrue(logitError <= TOLERANCE, errors);
    assertTrue(rError <= TOLERANCE, errors);
  }

  @Test
  void randomModelsHaveTheFilesOfGoldenCases(@TempDir Path directory)
      throws IOException, URISyntaxException {
    ObjectMapper json = new ObjectMapper();
    GoldenCase golden =
        GoldenCase.all().stream()
            .filter(g -> g.name().equals("tiny-landscape"))
            .findFirst()
            .orElseThrow();
    RandomModel.tiny().write(directory);
    for (String file : List.of("config.json", "tokenizer.json")) {
      JsonNode expected = json.readTree(golden.modelDirectory().resolve(file).toFile());
      assertEquals(expected, json.readTree(directory.resolve(file).toFile()), file);
    }
    ReferenceModel expected = ReferenceModel.load(golden.modelDirectory());
    ReferenceModel actual = ReferenceModel.load(directory);
    assertEquals(expected.names(), actual.names());
    for (String name : expected.names()) {
      assertArrayEquals(expected.shape(name), actual.shape(name), name);
    }
  }

  /** The largest difference of logits, each divided by the larger of one and the expected logit. */
  private static double relativeDifference(double[][] expected, double[][] actual) {
    double largest = 0;
    for (int patch = 0; patch < expected.length; patch++) {
      for (int child = 0; child < 4; child++) {
        double logit = expected[patch][child];
        double unit = Double.isNaN(logit) ? 1 : Math.max(1, Math.abs(logit));
        double[] scaled = {logit / unit};
        double[] actualScaled = {actual[patch][child] / unit};
        largest = Math.max(largest, difference(scaled, actualScaled));
      }
    }
    return largest;
  }

  /** The largest difference of two arrays; NaN is only equal to NaN. */
  private static double difference(double[] expected, double[] actual) {
    assertEquals(expected.length, actual.length);
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      if (Double.isNaN(expected[i]) || Double.isNaN(actual[i])) {
        assertEquals(expected[i], actual[i]);
      } else {
        largest = Math.max(largest, Math.abs(expected[i] - actual[i]));
      }
    }
    return largest;
  }
}
