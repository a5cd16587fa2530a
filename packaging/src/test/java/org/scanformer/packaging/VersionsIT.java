package org.scanformer.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The BOM and the README name what is published, in this version. */
class VersionsIT {
  private static final String VERSION = System.getProperty("version");

  @Test
  void theBomHasEveryPublishedJar() throws Exception {
    Set<String> published = new TreeSet<>();
    for (ProjectModel module : ProjectModel.published().values()) {
      if (module.isJar()) {
        published.add(module.artifact());
      }
    }
    assertFalse(published.isEmpty());
    ProjectModel bom = ProjectModel.of(BuiltJar.REPOSITORY.resolve("bom"));
    Set<String> managed =
        new TreeSet<>(bom.texts("/project/dependencyManagement//dependency/artifactId"));
    assertEquals(published, managed);
    assertEquals(List.of(VERSION), bom.texts("/project/parent/version"));
  }

  @Test
  void theReadmeNamesThisVersion() throws Exception {
    String readme = Files.readString(BuiltJar.REPOSITORY.resolve("README.md"));
    Matcher version = Pattern.compile("<version>(.*?)</version>").matcher(readme);
    int found = 0;
    for (; version.find(); found++) {
      assertEquals(VERSION, version.group(1));
    }
    assertFalse(found == 0, "no dependency block in the README");
  }
}
