package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelSpecTest {
  @Test
  void readsNameVersionAndDirectory() {
    assertEquals(new ModelSpec("street", "1", Path.of("m/street")), ModelSpec.parse("m/street"));
    assertEquals(new ModelSpec("a", "1", Path.of("m/street")), ModelSpec.parse("a=m/street"));
    assertEquals(new ModelSpec("a", "12", Path.of("m=b")), ModelSpec.parse("a:12=m=b"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a:0=m", "a:x=m", "a b=m", ":2=m", "/"})
  void refusesOthers(String text) {
    assertThrows(IllegalArgumentException.class, () -> ModelSpec.parse(text));
  }
}
