package org.scanformer.datasets;

/**
 * A record that could not be used, or several that share a problem.
 *
 * @param id names it: a file with the record's number or key
 * @param problem what was found and what was expected
 * @param records how many records have the problem, at least 1
 */
public record BadRecord(String id, String problem, int records) {
  /** A single record. */
  public BadRecord(String id, String problem) {
    this(id, problem, 1);
  }
}
