package org.scanformer.packaging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a release publishes: run by packaging/dry_run.sh, which has published it to a directory. */
@EnabledIfSystemProperty(named = "release.directory", matches = ".+")
class ReleaseIT {
  private static final Path GROUP =
      Path.of(System.getProperty("release.directory", "")).resolve("org/scanformer");

  static Collection<ProjectModel> published() throws Exception {
    return ProjectModel.published().values();
  }

  /** The files of an artifact, without those that are made of another. */
  private static List<Path> files(String artifact) throws IOException {
    Path version = GROUP.resolve(artifact).resolve(System.getProperty("version"));
    try (Stream<Path> files = Files.list(version)) {
      return files
          .filter(file -> !file.toString().matches(".*\\.(md5|sha1|sha256|sha512)"))
          .filter(file -> !file.getFileName().toString().startsWith("maven-metadata"))
          .sorted()
          .toList();
    }
  }

  @Test
  void nothingElseIsPublished() throws Exception {
    try (Stream<Path> artifacts = Files.list(GROUP)) {
      Set<String> names = new TreeSet<>();
      artifacts.forEach(directory -> names.add(directory.getFileName().toString()));
      assertEquals(ProjectModel.published().keySet(), names);
    }
  }

  @ParameterizedTest
  @MethodSource("published")
  void anArtifactHasWhatMavenCentralAsksFor(ProjectModel module) throws Exception {
    String artifact = module.artifact();
    // A snapshot has its time in the place of the word.
    Pattern name = Pattern.compile(Pattern.quote(artifact) + "-[\\d.]+(?:-[\\d.]+-\\d+)?(.*)");
    Set<String> kinds = new TreeSet<>();
    for (Path file : files(artifact)) {
      Matcher matcher = name.matcher(file.getFileName().toString());
      kinds.add(matcher.matches() ? matcher.group(1) : file.toString());
    }
    Set<String> expected = new TreeSet<>(Set.of(".pom", ".pom.asc"));
    if (module.isJar()) {
      for (String jar : List.of(".jar", "-sources.jar", "-javadoc.jar")) {
        expected.add(jar);
        expected.add(jar + ".asc");
      }
    }
    assertEquals(expected, kinds, artifact);
  }

  @ParameterizedTest
  @MethodSource("published")
  void jarsHaveTheLicenceAndSignaturesAreTrue(ProjectModel module) throws Exception {
    for (Path file : files(module.artifact())) {
      if (file.toString().endsWith(".jar")) {
        for (String text : List.of("LICENSE", "NOTICE")) {
          assertArrayEquals(
              Files.readAllBytes(BuiltJar.REPOSITORY.resolve(text)),
              new BuiltJar(file).read("META-INF/" + text),
              text + " in " + file);
        }
      } else if (file.toString().endsWith(".asc")) {
        String signed = file.toString().replaceFirst("\\.asc$", "");
        Process gpg =
            new ProcessBuilder("gpg", "--batch", "--verify", file.toString(), signed)
                .redirectErrorStream(true)
                .start();
        String said = new String(gpg.getInputStream().readAllBytes());
        assertEquals(0, gpg.waitFor(), said);
      }
    }
  }
}
