package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** Asserts how something is refused. */
final class BadModel {
  private BadModel() {}

  /** The call is refused as a bad model, in a message with all of these words. */
  static void assertRefused(Executable call, String... words) {
    assertRefused(ErrorCode.BAD_MODEL, call, words);
  }

  /** The call is refused with that code, in a message with all of these words. */
  static void assertRefused(ErrorCode code, Executable call, String... words) {
    ScanFormerException e = assertThrows(ScanFormerException.class, call);
    assertEquals(code, e.code(), e.getMessage());
    for (String word : words) {
      assertTrue(
          e.getMessage().contains(word), "expected <" + word + "> in <" + e.getMessage() + ">");
    }
  }
}
