package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.internal.model.BadModel.assertRefused;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.ScanFormerException;

/** What config.json may hold. */
class ModelConfigTest {
  private static final String VALID =
      """
      {"model_type": "scanformer", "format_version": 1, "hidden_size": 96,
       "num_hidden_layers": 5, "encoder1_layers": 2, "num_attention_heads": 3,
       "intermediate_size": 200, "hidden_act": "gelu", "layer_norm_eps": 1e-6,
       "text_layer_norm_eps": 1e-12, "patch_size": 16, "num_channels": 3, "coarse_grid": 5,
       "num_scales": 3, "resize": "aspect", "image_mean": [0.1, 0.2, 0.3],
       "image_std": [0.4, 0.5, 0.6], "position_grid": 12, "vocab_size": 58,
       "max_text_length": 40, "type_vocab_size": 2, "modality_type_vocab_size": 2,
       "selection_threshold": 0.25, "score_head": true}
      """;

  private static final String ABSENCE =
      """
      [{"scale": 0.5, "bias": 2}, {"scale": 0.75, "bias": 1}, {"scale": 1, "bias": 0}]
      """;

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void writeValid() throws Exception {
    file = Files.writeString(directory.resolve("config.json"), VALID);
  }

  private ModelConfig read(String json) throws Exception {
    return ModelConfig.read(Files.writeString(file, json));
  }

  private static String with(String field, String json) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode node = (ObjectNode) mapper.readTree(VALID);
    if (json == null) {
      node.remove(field);
    } else {
      node.set(field, mapper.readTree(json));
    }
    return node.toString();
  }

  @Test
  void scoresMayBeCalibratedAndHaveAThreshold() throws Exception {
    assertEquals(new ModelConfig.ScoreCalibration(1, 0), read(VALID).scoreCalibration());
    assertTrue(Float.isNaN(read(VALID).foundThreshold()));
    assertFalse(read(VALID).toMap().containsKey("found_threshold"));
    assertFalse(read(VALID).toMap().containsKey("score_calibration"));

    ModelConfig config = read(with("score_calibration", "{\"scale\": 1.5, \"bias\": -0.25}"));
    assertEquals(new ModelConfig.ScoreCalibration(1.5, -0.25), config.scoreCalibration());
    assertEquals(Map.of("scale", 1.5, "bias", -0.25), config.toMap().get("score_calibration"));
    // A map of Java's that has another order in each process would be another model each time.
    String text = config.toMap().toString();
    assertTrue(text.contains("score_calibration={scale=1.5, bias=-0.25}"), text);
    config = read(with("found_threshold", "0.375"));
    assertEquals(0.375f, config.foundThreshold());
    assertEquals(0.375f, config.toMap().get("found_threshold"));
    assertEquals(List.of(), config.absenceCalibration());
    assertFalse(config.toMap().containsKey("absence_calibration"));
    config = read(with("absence_calibration", ABSENCE));
    assertEquals(
        List.of(
            new ModelConfig.ScoreCalibration(0.5, 2),
            new ModelConfig.ScoreCalibration(0.75, 1),
            new ModelConfig.ScoreCalibration(1, 0)),
        config.absenceCalibration());
    assertEquals(
        Map.of("scale", 0.75, "bias", 1.0),
        ((List<?>) config.toMap().get("absence_calibration")).get(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "found_threshold | 0",
        "found_threshold | 1",
        "found_threshold | 0.99999999999",
        "found_threshold | 1e-60",
        "found_threshold | null",
        "found_threshold | \"high\"",
        "score_calibration | 2",
        "score_calibration | null",
        "score_calibration | {\"scale\": 1}",
        "score_calibration | {\"scale\": 0, \"bias\": 0}",
        "score_calibration | {\"scale\": -1, \"bias\": 0}",
        "score_calibration | {\"scale\": 1, \"bias\": 1e9}",
        "score_calibration | {\"scale\": 1, \"bias\": \"no\"}",
        "score_calibration | {\"scale\": 1, \"bias\": 0, \"gain\": 1}",
        "absence_calibration | null",
        "absence_calibration | {\"scale\": 1, \"bias\": 0}",
        "absence_calibration | []",
        "absence_calibration | [{\"scale\": 1, \"bias\": 0}]",
        "absence_calibration | [1, 2, 3]",
        "absence_calibration | [{\"scale\": 1, \"bias\": 0}, {\"scale\": 0, \"bias\": 0},"
            + " {\"scale\": 1, \"bias\": 0}]"
      })
  void wrongCalibrationsAreRefused(String field, String json) throws Exception {
    assertRefused(() -> read(with(field, json)), "config.json", field);
  }

  @Test
  void whatIsOfUseOnlyWithScoresIsRefusedWithoutThem() throws Exception {
    String scoreless = with("score_head", "false");
    for (String field :
        List.of("\"found_threshold\": 0.5", "\"absence_calibration\": " + ABSENCE.strip())) {
      String needless = scoreless.substring(0, scoreless.length() - 1) + ", " + field + "}";
      String name = field.substring(1, field.indexOf(':') - 1);
      assertRefused(() -> read(needless), name, "none without a score_head");
    }
  }

  @Test
  void everyFieldIsRead() throws Exception {
    ModelConfig config = read(VALID);
    assertEquals(96, config.hiddenSize());
    assertEquals(5, config.numHiddenLayers());
    assertEquals(2, config.encoder1Layers());
    assertEquals(3, config.numAttentionHeads());
    assertEquals(32, config.headSize());
    assertEquals(200, config.intermediateSize());
    assertEquals(1e-6, config.layerNormEps());
    assertEquals(1e-12, config.textLayerNormEps());
    assertEquals(16, config.patchSize());
    assertEquals(3, config.numChannels());
    assertEquals(5, config.coarseGrid());
    assertEquals(3, config.numScales());
    assertTrue(config.keepsAspect());
    assertArrayEquals(new float[] {0.1f, 0.2f, 0.3f}, config.imageMean());
    assertArrayEquals(new float[] {0.4f, 0.5f, 0.6f}, config.imageStd());
    assertEquals(12, config.positionGrid());
    assertEquals(58, config.vocabSize());
    assertEquals(40, config.maxTextLength());
    assertEquals(2, config.typeVocabSize());
    assertEquals(2, config.modalityTypeVocabSize());
    assertEquals(0.25, config.selectionThreshold());
    assertTrue(config.scoreHead());
    assertEquals("aspect", config.toMap().get("resize"));
  }

  @Test
  void unknownFieldsAreIgnored() throws Exception {
    assertEquals(96, read(with("trained_by", "{\"steps\": [1, 2]}")).hiddenSize());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model_type",
        "format_version",
        "hidden_size",
        "num_hidden_layers",
        "encoder1_layers",
        "num_attention_heads",
        "intermediate_size",
        "hidden_act",
        "layer_norm_eps",
        "text_layer_norm_eps",
        "patch_size",
        "num_channels",
        "coarse_grid",
        "num_scales",
        "resize",
        "image_mean",
        "image_std",
        "position_grid",
        "vocab_size",
        "max_text_length",
        "type_vocab_size",
        "modality_type_vocab_size",
        "selection_threshold",
        "score_head"
      })
  void aMissingFieldIsNamed(String field) throws Exception {
    String json = with(field, null);
    assertRefused(
        () -> read(json), "config.json", "the field \"" + field + "\" is missing, expected ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          model_type | "vilt" | expected "scanformer"
          model_type | 7 | is 7, expected "scanformer"
          format_version | 2 | is 2, expected 1
          format_version | "1" | is "1", expected 1
          hidden_act | "relu" | is "relu", expected "gelu"
          hidden_size | 0 | is 0, expected an integer from 1 to 4096
          hidden_size | -96 | is -96, expected an integer
          hidden_size | 96.5 | is 96.5, expected an integer
          hidden_size | 1e30 | expected an integer
          hidden_size | 99999999999 | is 99999999999, expected an integer
          hidden_size | "96" | is "96", expected an integer
          hidden_size | null | is null, expected an integer
          hidden_size | 100 | is 3, expected a divisor of hidden_size 100
          num_attention_heads | 97 | is 97, expected an integer from 1 to 96
          num_hidden_layers | 1 | is 1, expected an integer from 2
          encoder1_layers | 0 | is 0, expected an integer from 1 to 4
          encoder1_layers | 5 | is 5, expected an integer from 1 to 4
          num_channels | 1 | is 1, expected 3
          coarse_grid | 1000 | expected a finest canvas of at most 16384 pixels a side, not 64000
          num_scales | 0 | is 0, expected an integer from 1
          resize | "crop" | is "crop", expected "aspect" or "stretch"
          layer_norm_eps | -1 | is -1, expected a number from 0
          layer_norm_eps | "small" | is "small", expected a number
          image_mean | [0.5, 0.5] | expected an array of 3 finite numbers
          image_mean | 0.5 | is 0.5, expected an array of 3
          image_mean | [0.5, "x", 0.5] | expected an array of 3
          image_std | [0.5, 0, 0.5] | expected an array of 3 finite numbers greater than 0
          image_std | [0.5, 1e40, 0.5] | expected an array of 3 finite numbers
          max_text_length | 1 | is 1, expected an integer from 2
          modality_type_vocab_size | 1 | is 1, expected an integer from 2
          selection_threshold | 0 | is 0, expected a number greater than 0 and less than 1
          selection_threshold | 1 | is 1, expected a number greater than 0 and less than 1
          selection_threshold | 1.5 | is 1.5, expected a number greater than 0 and less than 1
          score_head | 1 | is 1, expected true or false
          """)
  void aWrongFieldIsNamedWithWhatWasFoundAndExpected(String field, String json, String words)
      throws Exception {
    String config = with(field, json);
    assertRefused(() -> read(config), "config.json", words);
  }

  @Test
  void headsOfMoreThan128Elements() throws Exception {
    String config = with("hidden_size", "387");
    assertRefused(() -> read(config), "num_attention_heads", "heads of at most 128");
  }

  @Test
  void whatIsNotAnObjectOfJson() throws Exception {
    assertRefused(() -> read(""), "config.json", "expected a JSON object, found nothing");
    assertRefused(() -> read("[1]"), "config.json", "expected a JSON object, found ARRAY");
    assertRefused(() -> read("{\"a\": "), "config.json", "is not valid JSON");
    assertRefused(() -> read(VALID + "{}"), "config.json", "is not valid JSON");
    assertRefused(
        () -> read("{\"hidden_size\": 1, \"hidden_size\": 2}"),
        "config.json",
        "is not valid JSON",
        "Duplicate field 'hidden_size'");
    assertRefused(
        () -> read("{\"a\": " + "[".repeat(5000) + "]".repeat(5000) + "}"),
        "config.json",
        "is not valid JSON",
        "nesting depth");
    String[] notStandard = {
      "{\"a\": NaN}",
      "{\"a\": -Infinity}",
      "{\"a\": +1}",
      "{/**/}",
      "{#\n}",
      "{\u001e}",
      "{\"a\": " + "[".repeat(99)
    };
    for (String text : notStandard) {
      ScanFormerException refusal = assertThrows(ScanFormerException.class, () -> read(text));
      assertTrue(refusal.getMessage().contains("is not valid JSON"), refusal.getMessage());
      assertFalse(
          refusal.getMessage().matches("(?is).*(enabl|feature|`).*"),
          "advice to programmers: " + refusal.getMessage());
    }
  }

  @Test
  void aFileOfMoreThanAMebibyteIsNotRead() throws Exception {
    assertRefused(
        () -> read(" ".repeat((1 << 20) + 1)),
        "config.json",
        "found 1048577 bytes, expected at most 1048576");
    Files.delete(file);
    assertRefused(() -> ModelConfig.read(file), "config.json", "found no such file");
  }

  /** rows and cols from floor(g0 short / long + 1/2), worked out by hand. */
  @ParameterizedTest
  @CsvSource({
    "640, 480, 4, 5", // 5 * 0.75 + 0.5 = 4.25
    "480, 640, 5, 4",
    "1000, 1000, 5, 5",
    "1000, 500, 3, 5", // 5 * 0.5 + 0.5 = 3 exactly
    "1000, 499, 2, 5", // 2.995
    "1000, 300, 2, 5", // 5 * 0.3 + 0.5 = 2 exactly
    "1000, 299, 1, 5",
    "100000, 1, 1, 5", // never less than 1
    "1, 100000, 5, 1",
    "1, 1, 5, 5",
    "2147483647, 2147483646, 5, 5"
  })
  void gridsFollowTheAspectRatio(int width, int height, int rows, int cols) throws Exception {
    assertEquals(new ModelConfig.Grid(rows, cols), read(VALID).coarseGrid(width, height));
    ModelConfig stretch = read(with("resize", "\"stretch\""));
    assertEquals(new ModelConfig.Grid(5, 5), stretch.coarseGrid(width, height));
  }
}
