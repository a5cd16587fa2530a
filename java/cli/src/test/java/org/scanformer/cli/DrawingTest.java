package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class DrawingTest {
  @Test
  void saysThatFontsAreMissing() {
    for (Throwable failure :
        new Throwable[] {
          new NoClassDefFoundError("sun.font.SunFontManager"),
          new InternalError("fonts"),
          new Error("Probable fatal error: No physical fonts found."),
          new RuntimeException("Fontconfig head is null, check your fonts or fonts configuration")
        }) {
      CliException told =
          assertThrows(
              CliException.class,
              () ->
                  Drawing.run(
                      () -> {
                        if (failure instanceof Error error) {
                          throw error;
                        }
                        throw (RuntimeException) failure;
                      }));
      assertTrue(told.getMessage().contains("no fonts were found"), told.getMessage());
    }
  }

  @Test
  void leavesOtherFailuresAsTheyAre() {
    assertThrows(
        IOException.class,
        () ->
            Drawing.run(
                () -> {
                  throw new IOException("full");
                }));
    assertThrows(
        IllegalStateException.class,
        () ->
            Drawing.run(
                () -> {
                  throw new IllegalStateException("bug");
                }));
    assertThrows(
        OutOfMemoryError.class,
        () ->
            Drawing.run(
                () -> {
                  throw new OutOfMemoryError("heap");
                }));
  }
}
