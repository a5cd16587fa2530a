package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Models;

class ModelSpecTest {
  @Test
  void readsNameVersionAndDirectory() {
    assertEquals(inDirectory("street", "1", "m/street"), ModelSpec.parse("m/street"));
    assertEquals(inDirectory("a", "1", "m/street"), ModelSpec.parse("a=m/street"));
    assertEquals(inDirectory("a", "12", "m=b"), ModelSpec.parse("a:12=m=b"));
  }

  private static ModelSpec inDirectory(String name, String version, String directory) {
    return new ModelSpec(name, version, Path.of(directory), null);
  }

  @Test
  void readsTheNamesOfBundledModels() {
    assertEquals(new ModelSpec("photos", "1", null, Models.PHOTOS), ModelSpec.parse("photos"));
    assertEquals(new ModelSpec("a", "2", null, Models.PHOTOS), ModelSpec.parse("a:2=photos"));
    assertEquals(inDirectory("photos", "1", "./photos"), ModelSpec.parse("./photos"));
    assertEquals(Models.SHAPES, ModelSpec.BUNDLED.bundled());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a:0=m", "a:x=m", "a b=m", ":2=m", "/"})
  void refusesOthers(String text) {
    assertThrows(IllegalArgumentException.class, () -> ModelSpec.parse(text));
  }
}
