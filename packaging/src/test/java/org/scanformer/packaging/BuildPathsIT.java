package org.scanformer.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * No jar tells where it was built: builds in different directories would not give the same bytes.
 */
class BuildPathsIT {
  static List<BuiltJar> jars() {
    return BuiltJar.all();
  }

  @ParameterizedTest
  @MethodSource("jars")
  void aJarHoldsNoPathOfTheBuild(BuiltJar jar) throws IOException {
    String path = BuiltJar.REPOSITORY.toString();
    List<String> found = new ArrayList<>();
    for (String name : jar.names()) {
      // A character a byte, in libraries too.
      if (new String(jar.read(name), StandardCharsets.ISO_8859_1).contains(path)) {
        found.add(name);
      }
    }
    assertEquals(List.of(), found);
  }
}
