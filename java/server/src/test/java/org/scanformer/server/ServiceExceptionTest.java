package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** A message repeats what its client sent, which may be millions of characters. */
class ServiceExceptionTest {
  @Test
  void cutsWhatItRepeats() {
    String message =
        ServiceException.badRequest("found '%s' of %d", "x".repeat(1000), 7).getMessage();
    assertEquals("found '" + "x".repeat(200) + "…' of 7", message);
    assertTrue(
        ServiceException.badRequest("found %s", List.of("y".repeat(1000))).getMessage().length()
            < 300);
  }

  /** A question is taken back when the server stops. */
  @Test
  void whatIsCancelledIsUnavailable() {
    ServiceException told =
        ServiceException.of(new CompletionException(new CancellationException()));
    assertEquals(FailureKind.UNAVAILABLE, told.kind());
  }

  @Test
  void cutsEveryMessage() {
    String text = "z".repeat(1000);
    for (ServiceException failure :
        List.of(
            new ServiceException(FailureKind.NOT_FOUND, text),
            ServiceException.of(new ScanFormerException(ErrorCode.BAD_INPUT, text)))) {
      assertEquals("z".repeat(500) + "…", failure.getMessage());
    }
    assertEquals("a", new ServiceException(FailureKind.NOT_FOUND, "a").getMessage());
  }

  /** Half of a character is none. */
  @Test
  void cutsBetweenCharacters() {
    String message = ServiceException.badRequest("%s", "a" + "😀".repeat(1000)).getMessage();
    assertEquals("a" + "😀".repeat(99) + "…", message);
  }
}
