package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class PresenceReportTest {
  private static PairResult pair(String kind, int targets, double iou, double score) {
    PairResult.Scale first = new PairResult.Scale(0, 0.5, Double.NaN, 1, 1);
    PairResult.Scale last = new PairResult.Scale(iou, score, 0, 1, 4);
    return new PairResult("p", kind, targets, List.of(first, last));
  }

  /** Four true expressions, one of them of several objects, and five that are not true. */
  private static Evaluation example() {
    Evaluation evaluation = new Evaluation();
    evaluation.add(pair("left", 1, 0.9, 0.9));
    evaluation.add(pair("left", 1, 0.8, 0.85));
    evaluation.add(pair("smallest", 1, 0.2, 0.4));
    evaluation.add(pair(null, 2, 0.7, 0.6));
    evaluation.add(pair("form absent", 0, 0, 0.1));
    evaluation.add(pair("form absent", 0, 0, 0.7));
    evaluation.add(pair("wrong side", 0, 0, 0.3));
    evaluation.add(pair("wrong side", 0, 0, 0.45));
    evaluation.add(pair(null, 0, 0, 0.05));
    return evaluation;
  }

  @Test
  void countsWhatIsFoundAndWhatIsRefused() {
    JsonNode figures = PresenceReport.of(example(), 0.5).toJson();
    assertEquals(0.5, figures.get("found_threshold").doubleValue());
    assertEquals(3 / 4.0, figures.get("t_acc").doubleValue(), 1e-12);
    assertEquals(4 / 5.0, figures.get("n_acc").doubleValue(), 1e-12);
    // 0.9 and 0.85 are above all five, 0.6 above four, 0.4 above three.
    assertEquals((5 + 5 + 4 + 3) / 20.0, figures.get("auc").doubleValue(), 1e-12);
    // All four must be accepted for 95 %: from 0.4 on.
    assertEquals(3 / 5.0, figures.get("n_acc_at_t_acc_0.95").doubleValue(), 1e-12);
    JsonNode form = figures.at("/by_kind/form absent");
    assertEquals(2, form.get("pairs").intValue());
    assertEquals(0.5, form.get("n_acc").doubleValue(), 1e-12);
    assertEquals((2 + 2 + 1 + 1) / 8.0, form.get("auc").doubleValue(), 1e-12);
    assertEquals(1, figures.at("/by_kind/wrong side/n_acc").doubleValue(), 1e-12);
    assertEquals(1, figures.at("/by_kind/not known/pairs").intValue());
    // Ranges of a tenth: 0.4 and 0.45 share one, every other score has its own.
    assertEquals(8, figures.get("calibration").size());
    double error = (0.1 + 0.15 + 2 * 0.425 + 0.4 + 0.1 + 0.7 + 0.3 + 0.05) / 9;
    assertEquals(error, figures.get("calibration_error").doubleValue(), 1e-9);
  }

  @Test
  void thresholdDecidesWhatCountsAsFound() {
    PresenceReport strict = PresenceReport.of(example(), 0.8);
    assertEquals(2 / 4.0, strict.trueAccepted(), 1e-12);
    assertEquals(1, strict.absentRefused(), 1e-12);
    PresenceReport everything = PresenceReport.of(example(), 0);
    assertEquals(1, everything.trueAccepted(), 1e-12);
    assertEquals(0, everything.absentRefused(), 1e-12);
  }

  @Test
  void trueExpressionsAloneAreOnlyCalibrated() {
    Evaluation evaluation = new Evaluation();
    evaluation.add(pair("left", 1, 0.9, 0.8));
    evaluation.add(pair("left", 1, 0.3, 0.8));
    PresenceReport report = PresenceReport.of(evaluation, 0.5);
    assertFalse(report.toJson().has("n_acc"));
    assertEquals(1, report.toJson().get("t_acc").doubleValue());
    assertEquals(0.3, report.calibrationError(), 1e-12);
    StringWriter text = new StringWriter();
    report.print(new PrintWriter(text, true));
    assertTrue(text.toString().contains("Expected calibration error 0.300"), text.toString());
    assertFalse(text.toString().contains("N-acc"), text.toString());
  }

  @Test
  void expressionsWithoutATargetAloneAreRefusedOrNot() {
    Evaluation evaluation = new Evaluation();
    evaluation.add(pair("form absent", 0, 0, 0.2));
    evaluation.add(pair("form absent", 0, 0, 0.7));
    evaluation.add(pair(null, 0, 0, 0.1));
    PresenceReport report = PresenceReport.of(evaluation, 0.5);
    JsonNode figures = report.toJson();
    assertEquals(2 / 3.0, figures.get("n_acc").doubleValue(), 1e-12);
    assertEquals(0.5, figures.at("/by_kind/form absent/n_acc").doubleValue(), 1e-12);
    assertFalse(figures.has("t_acc") || figures.has("auc"), figures.toString());
    assertFalse(figures.get("by_kind").get("form absent").has("auc"), figures.toString());
    StringWriter text = new StringWriter();
    report.print(new PrintWriter(text, true));
    assertTrue(text.toString().contains("from a score of 0.500 on: N-acc 0.667"), text.toString());
    assertFalse(text.toString().contains("NaN"), text.toString());
  }

  @Test
  void modelsWithoutScoresHaveNoReport() {
    Evaluation evaluation = new Evaluation();
    evaluation.add(pair("left", 1, 0.9, Double.NaN));
    assertNull(PresenceReport.of(evaluation, 0.5));
    assertNull(PresenceReport.of(new Evaluation(), 0.5));
  }
}
