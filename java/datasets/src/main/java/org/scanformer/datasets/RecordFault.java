package org.scanformer.datasets;

import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** What makes one record bad; the others can be used. */
final class RecordFault extends ScanFormerException {
  private static final long serialVersionUID = 1L;

  private final BadRecord.Kind kind;

  /**
   * A fault.
   *
   * @param message what was found and what was expected
   */
  RecordFault(BadRecord.Kind kind, String message) {
    super(ErrorCode.BAD_INPUT, message);
    this.kind = kind;
  }

  BadRecord.Kind kind() {
    return kind;
  }
}
