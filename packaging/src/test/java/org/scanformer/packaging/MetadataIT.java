package org.scanformer.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The POMs of what is published have what Maven Central asks for. */
class MetadataIT {
  private static final String ROOT = "scanformer-build";

  /** Its weights are under terms of their own. */
  private static final String OTHER_TERMS = "scanformer-model-photos";

  static Collection<ProjectModel> published() throws Exception {
    return ProjectModel.published().values();
  }

  @ParameterizedTest
  @MethodSource("published")
  void aPomSaysWhatItIsOf(ProjectModel module) throws Exception {
    for (String element : List.of("name", "description")) {
      List<String> found = module.texts("/project/" + element);
      assertEquals(1, found.size(), element + " of " + module.artifact());
      assertFalse(found.get(0).isBlank(), element + " of " + module.artifact());
    }
    assertEquals(
        List.of(), module.texts("//*[text() = 'test-jar']"), "tests of " + module.artifact());
  }

  @Test
  void whatIsNotPublishedIsLeftOutOfTheBundleToo() throws Exception {
    Set<String> others = new TreeSet<>(ProjectModel.all().keySet());
    others.removeAll(ProjectModel.published().keySet());
    ProjectModel root = ProjectModel.published().get(ROOT);
    assertEquals(others, new TreeSet<>(root.texts("//excludeArtifacts/excludeArtifact")));
  }

  @Test
  void whatHasOtherTermsNamesOursBesideThem() throws Exception {
    Map<String, ProjectModel> published = ProjectModel.published();
    List<String> names = published.get(OTHER_TERMS).texts("/project/licenses/license/name");
    assertEquals(published.get(ROOT).texts("/project/licenses/license/name"), names.subList(0, 1));
    assertEquals(List.of("Non-commercial research and education only"), names.subList(1, 2));
  }

  @ParameterizedTest
  @MethodSource("published")
  void aPomInheritsTheRestFromThePublishedRoot(ProjectModel module) throws Exception {
    Map<String, ProjectModel> published = ProjectModel.published();
    ProjectModel above = module;
    while (!above.artifact().equals(ROOT)) {
      String parent = above.texts("/project/parent/artifactId").get(0);
      for (String inherited : List.of("url", "licenses", "developers", "scm")) {
        if (!inherited.equals("licenses") || !above.artifact().equals(OTHER_TERMS)) {
          assertEquals(List.of(), above.texts("/project/" + inherited), above.artifact());
        }
      }
      above = published.get(parent);
      assertTrue(above != null, parent + " is not published, and is the parent of what is");
    }
    for (String path :
        List.of(
            "url",
            "licenses/license/name",
            "licenses/license/url",
            "developers/developer/name",
            "scm/connection",
            "scm/developerConnection",
            "scm/url")) {
      assertEquals(1, above.texts("/project/" + path).size(), path);
    }
  }
}
