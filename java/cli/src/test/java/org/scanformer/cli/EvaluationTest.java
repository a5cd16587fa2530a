package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scanformer.datasets.BadRecord;

class EvaluationTest {
  /** Three pairs of two scales: 10 and 40 patches, with 4, 40 and 0 selected at scale 1. */
  private static Evaluation example() {
    Evaluation evaluation = new Evaluation();
    evaluation.add(
        pair("a", "left", scale(0.4, 0.2, Double.NaN, 10, 10), scale(0.95, 0.9, 0.5, 4, 40)));
    evaluation.add(
        pair("b", "left", scale(0.6, 0.8, Double.NaN, 10, 10), scale(0.45, 0.5, 0.8, 40, 40)));
    evaluation.add(
        pair("c", null, scale(0.5, 0.5, Double.NaN, 10, 10), scale(0.7, 0.7, 0.9, 0, 40)));
    return evaluation;
  }

  private static PairResult pair(String id, String kind, PairResult.Scale... scales) {
    return new PairResult(id, kind, List.of(scales));
  }

  private static PairResult.Scale scale(
      double iou, double score, double agreement, int selected, int total) {
    return new PairResult.Scale(iou, score, agreement, selected, total);
  }

  @Test
  void countsBoxesOfAtLeastTheBound() {
    Evaluation evaluation = example();
    assertEquals(2 / 3.0, evaluation.accuracy(0, 0.5), 1e-12);
    assertEquals(2 / 3.0, evaluation.accuracy(1, 0.5), 1e-12);
    assertEquals(2 / 3.0, evaluation.accuracy(1, 0.7), 1e-12);
    assertEquals(1 / 3.0, evaluation.accuracy(1, 0.9), 1e-12);
    assertEquals(0.7, evaluation.meanIou(1), 1e-12);
  }

  @Test
  void averagesSharesOverPairsAndOverPatches() {
    Evaluation evaluation = example();
    assertEquals(1, evaluation.selectedShare(0), 1e-12);
    assertEquals((0.1 + 1 + 0) / 3, evaluation.selectedShare(1), 1e-12);
    assertEquals((30 + 44) / 150.0, evaluation.selectedShare(), 1e-12);
  }

  @Test
  void exitsByScoreAgreementAndScale() {
    List<PairResult> results = example().results();
    // Tokens: scale 0 has 11; scale 1 has 1 + 4 + 1, 1 + 40, 1 + 0 + 1.
    EarlyExit.Point score = EarlyExit.point(EarlyExit.Rule.SCORE, 0.8, results);
    assertEquals(1, score.accuracy(), 1e-12); // a goes on to 0.95, b stops at 0.6, c goes on to 0.7
    assertEquals((1 + 11 / 52.0 + 1) / 3, score.meanCost(), 1e-12);
    // Agreement needs two boxes, so of two scales nothing is saved.
    EarlyExit.Point agreement = EarlyExit.point(EarlyExit.Rule.AGREEMENT, 0.1, results);
    assertEquals(2 / 3.0, agreement.accuracy(), 1e-12);
    assertEquals(1, agreement.meanCost(), 1e-12);
    List<EarlyExit.Point> fixed = EarlyExit.curve(EarlyExit.Rule.FIXED_SCALE, results);
    assertEquals(2, fixed.size());
    assertEquals((11 / 17.0 + 11 / 52.0 + 11 / 13.0) / 3, fixed.get(0).meanCost(), 1e-12);
    assertEquals(1, fixed.get(1).meanCost(), 1e-12);
  }

  @Test
  void writesTheDocumentedJson() throws Exception {
    Evaluation evaluation = example();
    evaluation.addTime(2_000_000_000L, 3);
    evaluation.addBad(new BadRecord("d", "no image"));
    JsonNode json = new ObjectMapper().readTree(evaluation.toJson().toString());
    assertEquals(3, json.get("pairs").intValue());
    assertEquals(2 / 3.0, json.get("accuracy").get("0.5").doubleValue(), 1e-12);
    assertEquals(1 / 3.0, json.get("accuracy").get("0.9").doubleValue(), 1e-12);
    assertEquals(0.7, json.get("mean_iou").doubleValue(), 1e-12);
    assertEquals(1, json.get("scales").get(1).get("scale").intValue());
    assertEquals(2 / 3.0, json.get("scales").get(1).get("accuracy_0.5").doubleValue(), 1e-12);
    assertEquals(1.1 / 3, json.get("scales").get(1).get("selected_share").doubleValue(), 1e-12);
    assertEquals(74 / 150.0, json.get("selected_share").doubleValue(), 1e-12);
    assertEquals(1.5, json.get("pairs_per_second").doubleValue(), 1e-12);
    assertEquals(2, json.get("by_kind").get("left").get("pairs").intValue());
    assertEquals(0.5, json.get("by_kind").get("left").get("accuracy_0.5").doubleValue(), 1e-12);
    assertEquals("no image", json.get("bad_records").get(0).get("problem").textValue());
  }

  @Test
  void resultsSurviveTheLog() throws Exception {
    for (PairResult result : example().results()) {
      JsonNode json = new ObjectMapper().readTree(result.toJson().toString());
      assertEquals(result, PairResult.fromJson(json));
    }
  }

  @Test
  void nothingEvaluatedIsStillJson() {
    assertTrue(new Evaluation().toJson().get("bad_records").isEmpty());
  }

  @Test
  void countsPairsWithoutOneTargetApart() {
    Evaluation evaluation = example();
    evaluation.add(
        new PairResult(
            "d", null, 0, List.of(scale(0, 0.1, Double.NaN, 1, 1), scale(0, 0.3, 0, 1, 1))));
    evaluation.add(
        new PairResult(
            "e", null, 2, List.of(scale(0, 0.1, Double.NaN, 1, 1), scale(0.6, 0.3, 0, 1, 1))));
    assertEquals(example().accuracy(1, 0.5), evaluation.accuracy(1, 0.5));
    assertEquals(5, evaluation.pairs());
    JsonNode json = evaluation.toJson();
    assertEquals(3, json.get("pairs").intValue());
    assertEquals(1, json.at("/without_target/pairs").intValue());
    assertEquals(0.3, json.at("/without_target/mean_score").doubleValue(), 1e-9);
    assertEquals(1, json.at("/several_targets/accuracy_0.5_any").doubleValue());
    PairResult none = evaluation.withoutTarget().get(0);
    assertEquals(0, PairResult.fromJson(none.toJson()).targets());
  }
}
