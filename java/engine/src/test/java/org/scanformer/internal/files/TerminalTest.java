package org.scanformer.internal.files;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalTest {
  @ParameterizedTest
  @ValueSource(strings = {"/dev/pts/0", "/dev/tty", "/dev/tty1", "/dev/ttyS0", "/dev/console"})
  void terminals(String file) {
    assertTrue(Terminal.isTerminal(Path.of(file)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"pipe:[4711]", "/dev/null", "/var/log/run.log", "socket:[1]"})
  void others(String file) {
    assertFalse(Terminal.isTerminal(Path.of(file)));
  }
}
