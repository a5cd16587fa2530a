package org.scanformer.datasets;

import java.util.Objects;
import org.scanformer.ScanFormerException;

/**
 * A record that could not be used, or several that share a problem.
 *
 * @param id names it: a file with the record's line, number or key
 * @param kind what the problem concerns
 * @param problem what was found and what was expected
 * @param records how many records have the problem, at least 1
 */
public record BadRecord(String id, Kind kind, String problem, int records) {
  /** What a problem concerns. */
  public enum Kind {
    /** The record has another form. */
    RECORD("of another form", false),
    /** Its image is missing or cannot be read. */
    IMAGE("without an image that can be read", false),
    /** Its box is malformed, or lies outside the image. */
    BOX("without a box within the image", false),
    /** Its expression has no words. */
    EXPRESSION("without an expression", false),
    /** It says what another record has said. */
    REPEATED("that repeat another one", false),
    /** Its category is that of several objects of the image, so that it names none of them. */
    AMBIGUOUS("whose category names several objects of the image", true),
    /** Its phrase has no box in the data: it is of the whole scene, or of nothing that is seen. */
    NO_BOX("whose phrase has no box", true),
    /** Its image has an annotation by someone else that is used, or its annotator skipped it. */
    NOT_CHOSEN("of annotations that were skipped, or are not the first", true);

    private final String words;
    private final boolean rule;

    Kind(String words, boolean rule) {
      this.words = words;
      this.rule = rule;
    }

    /** Whether the data is sound and a rule leaves the record out, which is common. */
    public boolean isRule() {
      return rule;
    }

    /** A phrase that continues "records …". */
    public String words() {
      return words;
    }
  }

  /** Checks for nulls. */
  public BadRecord {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(problem, "problem");
  }

  /** A single record of another form. */
  public BadRecord(String id, String problem) {
    this(id, Kind.RECORD, problem, 1);
  }

  /** A single record, with the problem that was met when it was read. */
  static BadRecord of(String id, ScanFormerException problem) {
    Kind kind = problem instanceof RecordFault fault ? fault.kind() : Kind.RECORD;
    return new BadRecord(id, kind, problem.getMessage(), 1);
  }
}
