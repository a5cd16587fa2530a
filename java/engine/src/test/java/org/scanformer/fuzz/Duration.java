package org.scanformer.fuzz;

/** How long fuzz tests go on. */
final class Duration {
  /** In the run that is part of every build. */
  static final String OF_A_RUN = "7s";

  private Duration() {}
}
