package org.scanformer.cli;

import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.SelectionPolicy;

/**
 * How every request of a command is asked and judged.
 *
 * @param selection which patches are selected
 * @param foundThreshold the least score of an object that is there; null for the model's own
 * @param candidates the most candidates of an answer
 * @param required whether an object that is not found is a failure
 */
record RequestOptions(
    SelectionPolicy selection, Double foundThreshold, int candidates, boolean required) {
  Request request(Image image, String expression) {
    Request request =
        Request.of(image, expression).withSelection(selection).withCandidates(candidates);
    return foundThreshold == null ? request : request.withFoundThreshold(foundThreshold);
  }

  /** Refuses a model that does not have what the options need. */
  void requireFits(ScanFormer model) {
    requireScores(model, foundThreshold);
  }

  /** Refuses a threshold, which may be null, for a model without scores. */
  static void requireScores(ScanFormer model, Double foundThreshold) {
    if (foundThreshold != null && !Boolean.TRUE.equals(model.config().get("score_head"))) {
      throw new CliException(
          "--found-threshold needs a model with a score head, found one without");
    }
  }

  boolean isFailure(Location location) {
    return required && !location.found();
  }
}
