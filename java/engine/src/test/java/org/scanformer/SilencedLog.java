package org.scanformer;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Keeps the warnings that a test provokes off the console, until it is closed. */
final class SilencedLog {
  /** Held here, as the logging holds it weakly. */
  private final Logger logger = Logger.getLogger("org.scanformer");

  private final Level before = logger.getLevel();

  SilencedLog() {
    logger.setLevel(Level.OFF);
  }

  void close() {
    logger.setLevel(before);
  }
}
