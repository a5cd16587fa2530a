package org.scanformer.cli;

import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
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

  boolean isFailure(Location location) {
    return required && !location.found();
  }
}
