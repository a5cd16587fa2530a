package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.scanformer.internal.model.SafetensorsWriter;

/** A run is stopped and goes on from its checkpoint. */
@SuppressWarnings("try") // scopes and guards work by being open
class TrainingCheckpointTest extends TinyTraining {
  @Test
  void aResumedRunGoesOnAsIfItHadNotStopped() throws IOException {
    Path checkpoint = directory.resolve("checkpoint.safetensors");
    Parameters whole = parameters();
    Trainer without = trainer(whole, 6);
    without.run(() -> false, report -> {});

    Parameters first = parameters();
    Trainer stopped = trainer(first, 6);
    stopped.run(() -> stopped.step() == 3, report -> {});
    assertEquals(3, stopped.step());
    stopped.save(checkpoint);

    Parameters second = parameters();
    Trainer resumed = trainer(second, 6);
    resumed.restore(checkpoint);
    assertEquals(3, resumed.step());
    resumed.run(() -> false, report -> {});
    assertArrayEquals(Torch.floats(whole.values()), Torch.floats(second.values()));
    assertArrayEquals(Torch.floats(without.average()), Torch.floats(resumed.average()));
  }

  private Trainer trainer(Parameters parameters, AuxiliaryHeads heads, boolean muon) {
    TrainingModel model =
        new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
    return open(
        new Trainer(
            new TrainOptions(6, 0, BATCH, 1e-3, 0.01, muon, 0.01, false, 2, 9, true),
            parameters,
            model,
            new Losses(model, 0.3, 0, true, false, heads),
            heads,
            new ShapesTrainingData(config, BATCH, 9, false, 0, 1, 1, true),
            List.of(builder())));
  }

  /** Data of other categories, or a later version, has other heads; the rest goes on. */
  @Test
  void headsOfOtherClassesBeginAnew() throws IOException {
    Path file = directory.resolve("checkpoint.safetensors");
    Parameters before = parameters();
    Trainer trained = trainer(before, 3);
    trained.run(() -> false, report -> {});
    trained.save(file);
    List<String> renamed = new ArrayList<>(CATEGORIES);
    renamed.set(2, "lozenge");
    AuxiliaryHeads others = new AuxiliaryHeads(renamed, COLORS, ObjectWords.NONE, false);
    Parameters after = open(new Parameters(config, others.shapes(config), CPU));
    after.initialize(6);
    Trainer resumed = trainer(after, others, true);
    assertEquals(Set.of("category"), resumed.restore(file));
    assertEquals(3, resumed.step());
    for (String name : after.shapes().keySet()) {
      float[] values = Torch.floats(after.part(after.values(), name));
      float[] average = Torch.floats(after.part(resumed.average(), name));
      if (name.startsWith("aux.category.")) {
        assertArrayEquals(new float[values.length], values, name);
      } else {
        assertArrayEquals(Torch.floats(before.part(before.values(), name)), values, name);
        assertArrayEquals(Torch.floats(before.part(trained.average(), name)), average, name);
      }
    }
    assertTrue(Torch.floats(before.part(before.values(), "aux.category.weight"))[0] != 0);
    // The other way round, there is a head that the checkpoint lacks.
    resumed.save(file);
    assertEquals(
        Set.of("category", "mentions", "all_mentions"), trainer(parameters(), 6).restore(file));
  }

  @Test
  void momentsOfAnotherOptimizerAreRefused() throws IOException {
    Path file = directory.resolve("checkpoint.safetensors");
    trainer(parameters(), 6).save(file);
    Trainer other = trainer(parameters(), HEADS, false);
    String message =
        assertThrows(IllegalArgumentException.class, () -> other.restore(file)).getMessage();
    assertTrue(message.contains("resume with --optimizer muon"), message);
  }

  @Test
  void aCheckpointWithoutAProperStepIsRefused() throws IOException {
    Path file = directory.resolve("checkpoint.safetensors");
    Parameters parameters = parameters();
    Trainer trainer = trainer(parameters, 6);
    float[][] steps = {
      null, {-1, 0}, {0, -1}, {0.5f, 0}, {0, 0.5f}, {0, 65536}, {3e38f, 0}, {3}, {0, 0, 3}
    };
    for (float[] step : steps) {
      SafetensorsWriter checkpoint = new SafetensorsWriter();
      for (String name : List.of("values", "average", "first", "second")) {
        checkpoint.tensor(name, new float[(int) parameters.size()], parameters.size());
      }
      if (step != null) {
        checkpoint.tensor("step", step, step.length);
      }
      checkpoint.write(file);
      String message =
          assertThrows(IllegalArgumentException.class, () -> trainer.restore(file)).getMessage();
      assertTrue(message.startsWith(file + ": "), message);
      assertTrue(message.contains("\"step\""), message);
      assertTrue(message.contains("expected"), message);
    }
    // Nothing of a checkpoint that is refused is taken over.
    assertEquals(0, trainer.step());
    assertArrayEquals(Torch.floats(parameters.values()), Torch.floats(trainer.average()));
  }

  @Test
  void aCheckpointOfAnotherShapeIsRefused() throws IOException {
    Path file = directory.resolve("checkpoint.safetensors");
    Parameters parameters = parameters();
    long size = parameters.size();
    for (long[] shape : new long[][] {{size - 1}, {1, size}}) {
      SafetensorsWriter checkpoint = new SafetensorsWriter().tensor("step", new float[2], 2);
      for (String name : List.of("values", "average", "first", "second")) {
        checkpoint.tensor(name, new float[(int) shape[shape.length - 1]], shape);
      }
      checkpoint.write(file);
      Trainer trainer = trainer(parameters, 6);
      String message =
          assertThrows(IllegalArgumentException.class, () -> trainer.restore(file)).getMessage();
      assertTrue(message.contains(java.util.Arrays.toString(shape)), message);
      assertTrue(message.contains("expected [" + size + "]"), message);
    }
  }
}
