package org.scanformer.datasets;

/**
 * A record that could not be used.
 *
 * @param id names it: a file with the record's number or key
 * @param problem what was found and what was expected
 */
public record BadRecord(String id, String problem) {}
