package org.scanformer.internal.image;

import java.io.IOException;

/**
 * A file exceeds one of the limits for reading it; the message says what was found and the limit.
 */
final class LimitExceeded extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param found what was found, with its number
   * @param limit of the option
   * @param option its name in ImageLimits
   */
  LimitExceeded(String found, long limit, String option) {
    super(found + ", expected at most " + limit + " (ImageLimits." + option + ")");
  }

  /** Refuses a count that exceeds its limit. */
  static void check(long found, String of, long limit, String option) throws LimitExceeded {
    if (found > limit) {
      throw new LimitExceeded(found + " " + of, limit, option);
    }
  }
}
