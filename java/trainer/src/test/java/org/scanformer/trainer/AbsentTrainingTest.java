package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.scanformer.ScanFormer;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.SafetensorsFile;

/** Training with expressions that are not true of their image. */
@SuppressWarnings("try") // scopes and guards work by being open
class AbsentTrainingTest extends AbsentTraining {
  @Test
  void trimmingLeavesOutTheBoxWithTheLargestLoss() {
    Batch batch = builder.build(pairs(8), BatchBuilder.Replacement.NONE);
    try (PointerScope scope = new PointerScope()) {
      Scan scan = model.scan(batch, SelectionRule.EVERYTHING);
      Tensor truth = Torch.of(CPU, batch.boxes, 8, 4);
      float[] each = Torch.floats(Losses.boxLoss(scan.boxes.select(1, 2), truth));
      double sum = 0;
      double largest = 0;
      for (int i = 0; i < 8; i += 2) {
        sum += each[i];
        largest = Math.max(largest, each[i]);
      }
      Losses trimming = new Losses(model, 1, 0.25, true, true, AuxiliaryHeads.TARGET_ALONE);
      assertEquals(sum / 4, trimming.of(batch, scan).boxLoss(), 1e-5);
      assertEquals((sum - largest) / 3, trimming.trimmed(batch, scan).boxLoss(), 1e-5);
      assertEquals(sum / 4, losses.trimmed(batch, scan).boxLoss(), 1e-5);
    }
  }

  @Test
  void whatIsNotThereHasNoBoxToLearn() {
    Batch batch = builder.build(pairs(4), BatchBuilder.Replacement.NONE);
    assertArrayEquals(new float[] {1, 0, 1, 0}, batch.there);
    for (int i : new int[] {1, 3}) {
      for (Batch.ScaleLabels labels : batch.scales) {
        int patches = labels.rows * labels.cols;
        Arrays.fill(labels.wanted, i * patches, (i + 1) * patches, 0);
      }
    }
    float[] gradients = gradients(batch);
    for (int i : new int[] {1, 3}) {
      batch.boxes[4 * i] = 0.3f;
      batch.boxes[4 * i + 2] = 0.5f;
    }
    assertArrayEquals(gradients, gradients(batch), 1e-9f);
    // Such a pair teaches the box head nothing but where objects are.
    Batch absent = builder.build(pairs(4).subList(1, 2), BatchBuilder.Replacement.NONE);
    for (Batch.ScaleLabels labels : absent.scales) {
      Arrays.fill(labels.covered, 0);
    }
    gradients(absent);
    assertEquals(0, norm("box_head.layers.2.weight"));
    assertTrue(norm("score_head.weight") > 0);
  }

  /** Of an untrue expression, patches are asked for only if it is known what of it is there. */
  @Test
  void whatIsThereOfAnUntrueExpressionIsWorthSelecting() {
    Batch batch = builder.build(pairs(2).subList(1, 2), BatchBuilder.Replacement.NONE);
    for (Batch.ScaleLabels labels : batch.scales) {
      Arrays.fill(labels.wanted, 0);
    }
    // With every patch selected, nothing but their loss depends on the logits of patches.
    assertEquals(0, lossOfBias(batch), 1e-6);
    batch.scales[1].wanted[0] = 1;
    assertTrue(Math.abs(lossOfBias(batch)) > 0.01);
  }

  /** How much the loss changes with the bias of the selection's logits. */
  private double lossOfBias(Batch batch) {
    double[] totals = new double[2];
    for (int i = 0; i < 2; i++) {
      try (NoGradGuard guard = new NoGradGuard();
          PointerScope scope = new PointerScope()) {
        parameters.part(parameters.values(), "selection_head.out_proj.bias").fill_(Torch.scalar(i));
        totals[i] =
            losses.of(batch, model.scan(batch, SelectionRule.EVERYTHING)).total().item_double();
      }
    }
    return totals[1] - totals[0];
  }

  @Test
  void theScoreOfWhatIsNotThereIsPushedDown() {
    Batch absent = builder.build(pairs(2).subList(1, 2), BatchBuilder.Replacement.NONE);
    // A box that would be right if there were a target.
    try (PointerScope scope = new PointerScope()) {
      float[] boxes = Torch.floats(model.scan(absent, SelectionRule.above(0)).boxes);
      System.arraycopy(boxes, 8, absent.boxes, 0, 4);
    }
    gradients(absent);
    assertTrue(Torch.floats(parameters.part(parameters.gradients(), "score_head.bias"))[0] > 0);
    absent.there[0] = 1;
    gradients(absent);
    assertTrue(Torch.floats(parameters.part(parameters.gradients(), "score_head.bias"))[0] < 0);
  }

  /** Eight pairs again and again are soon known by heart. */
  @Test
  void learnsToRefuseAFewExpressions() {
    List<ReferringPair> pairs = pairs(8);
    TrainingData same =
        new TrainingData() {
          @Override
          public List<ReferringPair> batch(long step, double progress) {
            return pairs;
          }

          @Override
          public String name() {
            return "the same pairs";
          }
        };
    TrainOptions options = new TrainOptions(120, 0, 8, 2e-3, 0.01, true, 0, false, 2, 9, false);
    // Made before the trainer closes its builder.
    Batch batch = builder.build(pairs, BatchBuilder.Replacement.NONE);
    try (Trainer trainer =
        new Trainer(
            options,
            parameters,
            model,
            losses,
            AuxiliaryHeads.TARGET_ALONE,
            same,
            List.of(builder))) {
      trainer.run(() -> false, report -> {});
    }
    try (NoGradGuard guard = new NoGradGuard();
        PointerScope scope = new PointerScope()) {
      float[] logits =
          Torch.floats(
              losses
                  .of(batch, model.scan(batch, SelectionRule.EVERYTHING))
                  .scoreLogits()
                  .select(1, 2));
      double[] sums = new double[2];
      int[] counts = new int[2];
      for (int i = 0; i < logits.length; i++) {
        int there = (int) batch.there[i];
        sums[there] += logits[i];
        counts[there]++;
      }
      double there = sums[1] / counts[1];
      double absent = sums[0] / counts[0];
      // Single ones may differ: the score of what is there is low while its box does not fit.
      assertTrue(there > absent + 0.5, "mean logits: there " + there + ", absent " + absent);
    }
  }

  private String train(Path out, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--out",
                out.toString(),
                "--batch",
                "4",
                "--validation-pairs",
                "8",
                "--precision",
                "fp32",
                "--varied",
                "--absent",
                "0.5"));
    all.addAll(List.of(arguments));
    StringWriter err = new StringWriter();
    int code =
        Main.commandLine().setErr(new PrintWriter(err, true)).execute(all.toArray(String[]::new));
    assertEquals(0, code, err.toString());
    return err.toString();
  }

  private static float[] word(Path model, String word) throws IOException {
    JsonNode vocabulary =
        new ObjectMapper()
            .readTree(model.resolve("tokenizer.json").toFile())
            .path("model")
            .path("vocab");
    int id = vocabulary.path(word).asInt(-1);
    assertNotEquals(-1, id, word);
    try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
      String name = "embeddings.text_embeddings.word_embeddings.weight";
      float[] all = new float[Math.toIntExact(file.tensors().get(name).elements())];
      file.read(name, 0, java.nio.FloatBuffer.wrap(all));
      return java.util.Arrays.copyOfRange(all, 32 * id, 32 * (id + 1));
    }
  }

  /** From a model of fewer words; stopped, and resumed where that model is not at hand. */
  @Test
  void continuesAModelAndSaysWhatItsScoresMean() throws IOException {
    Path first = directory.resolve("first");
    Files.createDirectories(first);
    // With a word that scenes do not have, in place of one that they have.
    List<String> tokens = new ArrayList<>(ShapesTokenizer.vocabulary(false));
    tokens.set(tokens.indexOf("ring"), "umbrella");
    Path words = directory.resolve("words.json");
    ShapesTokenizer.write(words, 16, tokens);
    // It selects nearly every patch, so that no threshold is within a small budget.
    parameters.part(parameters.values(), "selection_head.out_proj.bias").fill_(Torch.scalar(3));
    ModelExport.write(parameters, parameters.values(), 0.5, null, words, first);
    Path run = directory.resolve("run");
    train(run, "--init", first.toString(), "--steps", "2", "--rate", "1e-9", "--muon-rate", "1e-9");
    assertArrayEquals(word(first, "circle"), word(run.resolve("model"), "circle"), 1e-6f);
    assertArrayEquals(word(first, "umbrella"), word(run.resolve("model"), "umbrella"), 1e-6f);
    for (String added : new String[] {"cirlce", "ring"}) {
      assertEquals(32, word(run.resolve("model"), added).length);
    }

    Path elsewhere = directory.resolve("elsewhere");
    Files.createDirectories(elsewhere);
    for (String name : new String[] {"checkpoint.safetensors", "config.json", "tokenizer.json"}) {
      Files.copy(run.resolve(name), elsewhere.resolve(name));
    }
    String err = train(elsewhere, "--init", "gone", "--steps", "4", "--budget", "1e-6");
    assertTrue(err.contains("Resumed after step 2 of 4"), err);
    assertTrue(err.contains("no threshold selects at most 1.0E-6"), err);

    JsonNode written = new ObjectMapper().readTree(elsewhere.resolve("model/config.json").toFile());
    assertTrue(written.at("/score_calibration/scale").doubleValue() > 0, written.toString());
    assertTrue(written.at("/score_calibration/bias").isNumber(), written.toString());
    assertEquals(config.numScales(), written.path("absence_calibration").size());
    double threshold = written.path("found_threshold").doubleValue();
    assertTrue(threshold > 0 && threshold < 1, written.toString());
    byte[] kept = Files.readAllBytes(elsewhere.resolve("config.json"));
    StringWriter told = new StringWriter();
    Main.commandLine()
        .setErr(new PrintWriter(told, true))
        .execute("--out=" + elsewhere, "--steps=4", "--batch=4", "--validation-pairs=8");
    assertTrue(
        told.toString()
            .contains(
                "The data was shapes train seed 1 varied absent 0.5; now: shapes train seed 1"),
        told.toString());
    assertArrayEquals(kept, Files.readAllBytes(elsewhere.resolve("config.json")));
    List<String> curve = Files.readAllLines(elsewhere.resolve("validation.csv"));
    assertEquals(2, curve.size());
    assertTrue(curve.get(1).startsWith("4,"), curve.get(1));
    try (ScanFormer engine = ScanFormer.load(elsewhere.resolve("model"))) {
      ReferringPair pair = pairs(1).get(0);
      double score = engine.locate(pair.image().read(), "the elephant please").score();
      assertTrue(score > 0 && score < 1);
    }
  }

  @Test
  void theCandidateHeadGoesOnAsTheHeadOfTheTargetMap() throws IOException {
    float[] weight = new float[32];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = 0.25f * i;
    }
    String own = Parameters.AUXILIARY + Parameters.TARGET_MAP + ".weight";
    Torch.set(parameters.part(parameters.values(), own), weight);
    Path tokenizer = directory.resolve("tokenizer.json");
    Path first = directory.resolve("first");
    ModelExport.write(parameters, parameters.values(), 0.5, null, tokenizer, first);
    parameters.initialize(6);
    ScanFormerCheckpoint.copy(first, parameters, tokenizer);
    assertArrayEquals(weight, Torch.floats(parameters.part(parameters.values(), own)));
  }

  /** A checkpoint of the bundled model's size can be moved to another machine. */
  @Test
  void checkpointsOfTheBundledSizeAreSmall() throws IOException {
    Path run = directory.resolve("bundled");
    train(run, "--steps", "1");
    long bytes = Files.size(run.resolve("checkpoint.safetensors"));
    assertTrue(bytes > 16 << 20 && bytes <= 64 << 20, bytes + " bytes");
  }
}
