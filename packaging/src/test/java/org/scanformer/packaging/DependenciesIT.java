package org.scanformer.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an application for the CPU downloads. */
class DependenciesIT {
  private static final List<String> ALLOWED =
      List.of(
          "org.scanformer:",
          "org.bytedeco:javacpp",
          "org.bytedeco:dnnl",
          "com.fasterxml.jackson.core:",
          "com.twelvemonkeys.");

  @Test
  void theEngineBringsNothingElse() throws IOException {
    // Of the bundled model, whose only dependency is the engine: what is optional there is not
    // here.
    List<String> dependencies = DependencyList.of("java/model-shapes");
    assertTrue(dependencies.contains("org.bytedeco:dnnl"), dependencies.toString());
    List<String> others =
        dependencies.stream()
            .filter(dependency -> ALLOWED.stream().noneMatch(dependency::startsWith))
            .toList();
    assertEquals(List.of(), others);
  }
}
