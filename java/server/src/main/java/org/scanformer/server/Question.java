package org.scanformer.server;

import java.util.Objects;
import org.scanformer.Schedule;

/**
 * What is asked of an image.
 *
 * @param text the expression
 * @param foundThreshold the least score of an object that is there; null for the model's own
 * @param candidates the most places to tell of where the object may be
 * @param schedule whether a box is wanted after each scale
 */
public record Question(String text, Double foundThreshold, int candidates, Schedule schedule) {
  /** The most candidates that an answer may hold. */
  static final int MOST_CANDIDATES = 100;

  /** Checks what can be checked without a model. */
  public Question {
    Objects.requireNonNull(schedule, "schedule");
    if (text == null || text.isBlank()) {
      throw ServiceException.badRequest("The expression is missing or blank");
    }
    if (foundThreshold != null && !(foundThreshold >= 0 && foundThreshold <= 1)) {
      throw ServiceException.badRequest("found_threshold must be 0 to 1, found %s", foundThreshold);
    }
    if (candidates < 0 || candidates > MOST_CANDIDATES) {
      throw ServiceException.badRequest(
          "candidates must be 0 to %d, found %d", MOST_CANDIDATES, candidates);
    }
  }
}
