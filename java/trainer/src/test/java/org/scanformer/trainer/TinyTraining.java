package org.scanformer.trainer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;

/** A tiny model to train, and what is opened for it. */
abstract class TinyTraining {
  static final int BATCH = 6;
  static final Device CPU = new Device("cpu");
  static final List<String> CATEGORIES =
      List.of("circle", "cross", "diamond", "ring", "square", "star", "triangle");
  static final List<String> COLORS =
      List.of("black", "blue", "green", "orange", "purple", "red", "white", "yellow");

  static final AuxiliaryHeads HEADS =
      new AuxiliaryHeads(CATEGORIES, COLORS, ObjectWords.NONE, true);

  @TempDir Path directory;
  ModelConfig config;
  TextTokenizer tokenizer;
  final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeAll
  static void useOneThreadOfOpenBlas() {
    openblas_nolapack.blas_set_num_threads(1);
  }

  @BeforeEach
  void writeConfig() throws IOException {
    config = ModelConfig.read(TinyModel.writeConfig(directory));
    ShapesTokenizer.write(directory.resolve("tokenizer.json"), 16);
    tokenizer = TextTokenizer.open(directory.resolve("tokenizer.json"), config);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : opened) {
      resource.close();
    }
  }

  <T extends AutoCloseable> T open(T resource) {
    opened.add(0, resource);
    return resource;
  }

  Parameters parameters() {
    Parameters parameters = open(new Parameters(config, HEADS.shapes(config), CPU));
    parameters.initialize(5);
    return parameters;
  }

  Losses losses(TrainingModel model) {
    return new Losses(model, 0.3, 0, true, false, HEADS);
  }

  BatchBuilder builder() {
    return new BatchBuilder(config, tokenizer, HEADS, new LeftOut(new PrintWriter(System.err)));
  }

  Trainer trainer(Parameters parameters, long steps) {
    return trainer(
        parameters, steps, new ShapesTrainingData(config, BATCH, 9, false, 0, 1, 1, true));
  }

  Trainer trainer(Parameters parameters, long steps, TrainingData data) {
    TrainOptions options =
        new TrainOptions(steps, 0, BATCH, 1e-3, 0.01, true, 0.01, false, 2, 9, true);
    TrainingModel model =
        new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
    return open(
        new Trainer(options, parameters, model, losses(model), HEADS, data, List.of(builder())));
  }
}
