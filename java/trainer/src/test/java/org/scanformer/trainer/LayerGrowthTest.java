package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ScanFormerException;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;

/** A model of 2+1 layers as the start of one of 4+3. */
@SuppressWarnings("try") // scopes work by being open
class LayerGrowthTest {
  private static final Device CPU = new Device("cpu");
  private static final Map<String, long[]> HEADS =
      Map.of("target_map.weight", new long[] {1, 32}, "target_map.bias", new long[] {1});

  @TempDir private Path directory;
  private Path small;
  private Path tokenizer;

  @BeforeAll
  static void start() {
    Torch.start(null, false);
  }

  @BeforeEach
  void writeModel() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    tokenizer = directory.resolve("tokenizer.json");
    ShapesTokenizer.write(tokenizer, 16);
    small = Files.createDirectories(directory.resolve("small"));
    try (Parameters parameters = new Parameters(config, HEADS, CPU)) {
      parameters.initialize(5);
      ModelExport.write(parameters, parameters.values(), 0.5, null, tokenizer, small);
    }
  }

  /** The boxes and the score logits of a few scenes, and the gradient of a part of the model. */
  private float[][] results(ModelConfig config, String part) throws IOException {
    List<ReferringPair> pairs = new ArrayList<>();
    ShapesDataset scenes = ShapesDataset.of(Split.VALIDATION, 2, 60, 200);
    for (int i = 0; pairs.size() < 4; i++) {
      if (scenes.pair(i).image().width() == scenes.pair(i).image().height()) {
        pairs.add(scenes.pair(i));
      }
    }
    try (PointerScope scope = new PointerScope();
        Parameters parameters = new Parameters(config, HEADS, CPU);
        BatchBuilder builder =
            new BatchBuilder(
                config,
                TextTokenizer.open(tokenizer, config),
                AuxiliaryHeads.TARGET_ALONE,
                new LeftOut(new PrintWriter(System.err)))) {
      ScanFormerCheckpoint.copy(small, parameters, tokenizer);
      TrainingModel model =
          new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
      Losses losses = new Losses(model, 1, 0, true, false, AuxiliaryHeads.TARGET_ALONE);
      Batch batch = builder.build(pairs, BatchBuilder.Replacement.NONE);
      Scan scan = model.scan(batch, SelectionRule.above(0));
      Losses.Result result = losses.of(batch, scan);
      result.total().backward();
      return new float[][] {
        Torch.floats(scan.boxes),
        Torch.floats(result.scoreLogits()),
        Torch.floats(parameters.part(parameters.gradients(), part))
      };
    }
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  @Test
  void beginsAsTheSameFunctionAndLearnsInItsNewLayers() throws IOException {
    ObjectNode grown = ScanFormerCheckpoint.config(small, null, new int[] {4, 3});
    Path file = directory.resolve("grown.json");
    Files.writeString(file, grown.toString());
    ModelConfig config = ModelConfig.read(file);
    assertEquals(7, config.numHiddenLayers());
    assertEquals(4, config.encoder1Layers());
    String old = "encoder.layer.0.output.dense.weight";
    float[][] before = results(ModelConfig.read(small.resolve("config.json")), old);
    float[][] after = results(config, old);
    assertArrayEquals(before[0], after[0], 1e-6f);
    assertArrayEquals(before[1], after[1], 1e-5f);
    assertTrue(norm(before[0]) > 0.1);
    for (String added : new String[] {"1.output.dense.weight", "6.attention.output.dense.weight"}) {
      assertTrue(norm(results(config, "encoder.layer." + added)[2]) > 1e-6, added);
    }
  }

  @Test
  void newLayersAreSpreadOverEachHalf() {
    LayerGrowth growth = new LayerGrowth(new int[] {3, 2}, new int[] {5, 4});
    List<String> sources = new ArrayList<>();
    StringBuilder zero = new StringBuilder();
    for (int i = 0; i < 9; i++) {
      String name = "encoder.layer." + i + ".output.dense.bias";
      sources.add(growth.source(name).substring(14, 15));
      zero.append(growth.isZero(name) ? 'n' : '-');
    }
    assertEquals(List.of("0", "0", "1", "1", "2", "3", "3", "4", "4"), sources);
    assertEquals("-n-n--n-n", zero.toString());
    assertEquals("layernorm.weight", growth.source("layernorm.weight"));
    assertTrue(!growth.isZero("encoder.layer.1.intermediate.dense.weight"));
  }

  @Test
  void aModelDoesNotShrink() {
    ScanFormerException refused =
        assertThrows(
            ScanFormerException.class,
            () -> ScanFormerCheckpoint.config(small, null, new int[] {1, 3}));
    assertTrue(
        refused.getMessage().contains("2+1 layers cannot grow to 1+3"), refused.getMessage());
  }
}
