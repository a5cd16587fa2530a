package org.scanformer.trainer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;

/** A small model, and batches in which every other expression is not true of its image. */
@SuppressWarnings("try") // scopes and guards work by being open
abstract class AbsentTraining {
  static final Device CPU = new Device("cpu");

  @TempDir Path directory;
  ModelConfig config;
  Parameters parameters;
  TrainingModel model;
  Losses losses;
  BatchBuilder builder;

  @BeforeAll
  static void useOneThreadOfOpenBlas() {
    openblas_nolapack.blas_set_num_threads(1);
  }

  @BeforeEach
  void makeModel() throws IOException {
    config = ModelConfig.read(TinyModel.writeConfig(directory));
    ShapesTokenizer.write(directory.resolve("tokenizer.json"), 16);
    TextTokenizer tokenizer = TextTokenizer.open(directory.resolve("tokenizer.json"), config);
    parameters =
        new Parameters(
            config,
            Map.of("target_map.weight", new long[] {1, 32}, "target_map.bias", new long[] {1}),
            CPU);
    parameters.initialize(5);
    model = new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
    losses = new Losses(model, 1, 0, true, true, AuxiliaryHeads.TARGET_ALONE);
    builder =
        new BatchBuilder(
            config,
            tokenizer,
            AuxiliaryHeads.TARGET_ALONE,
            new LeftOut(new PrintWriter(System.err)));
  }

  @AfterEach
  void close() {
    builder.close();
    parameters.close();
  }

  /** Square scenes, every other one with an expression that is not true. */
  static List<ReferringPair> pairs(int count) {
    ShapesDataset untrue = ShapesDataset.of(Split.VALIDATION, 2, 500, 200).withAbsent(1);
    ShapesDataset scenes = ShapesDataset.of(Split.VALIDATION, 2, 500, 200);
    List<ReferringPair> pairs = new ArrayList<>();
    for (int i = 0; pairs.size() < count; i++) {
      ReferringPair pair = (pairs.size() % 2 == 0 ? scenes : untrue).pair(i);
      if (pair.image().width() == pair.image().height()) {
        pairs.add(pair);
      }
    }
    return pairs;
  }

  float[] gradients(Batch batch) {
    try (PointerScope scope = new PointerScope()) {
      parameters.gradients().zero_();
      losses.of(batch, model.scan(batch, SelectionRule.above(0))).total().backward();
      return Torch.floats(parameters.gradients());
    }
  }

  double norm(String name) {
    double norm = 0;
    for (float g : Torch.floats(parameters.part(parameters.gradients(), name))) {
      norm += g * g;
    }
    return norm;
  }
}
