package org.scanformer.packaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every jar carries our licence and notice, and those of what others wrote in it. */
class LicencesIT {
  private static final String TEXTS = "META-INF/licenses/";

  static List<BuiltJar> jars() {
    return BuiltJar.all();
  }

  @Test
  void allJarsAreLookedAt() {
    Set<String> names = jars().stream().map(BuiltJar::toString).collect(Collectors.toSet());
    String version = System.getProperty("version");
    assertTrue(names.contains("scanformer-" + version + ".jar"), names.toString());
    assertTrue(names.contains("scanformer-native-" + version + ".jar"), names.toString());
    assertTrue(names.contains("scanformer.jar"), names.toString());
    assertTrue(names.contains("scanformer-server.jar"), names.toString());
    assertTrue(names.contains("scanformer-spark.jar"), names.toString());
  }

  @ParameterizedTest
  @MethodSource("jars")
  void aJarHasOurs(BuiltJar jar) throws IOException {
    for (String name : List.of("LICENSE", "NOTICE")) {
      assertArrayEquals(
          Files.readAllBytes(BuiltJar.REPOSITORY.resolve(name)),
          jar.read("META-INF/" + name),
          name + " in " + jar.file());
    }
  }

  @Test
  void theLibrariesHaveThoseOfWhatIsInThem() throws IOException {
    assertTrue(BuiltJar.of("scanformer").names().contains(TEXTS + "Unicode/LICENSE"));
    assertTrue(
        BuiltJar.of("scanformer-native").names().contains(TEXTS + "NVIDIA-CUDA/License.txt"));
  }

  /** They are not under the licence of the rest, so they are in a jar of their own. */
  @Test
  void theWeightsOfPhotographsHaveTheirTerms() throws IOException {
    String weights = "org/scanformer/model/photos/model.safetensors";
    for (BuiltJar jar : List.of(BuiltJar.commandLine(), BuiltJar.server())) {
      assertTrue(jar.names().stream().noneMatch(weights::equals), jar.toString());
    }
    for (BuiltJar jar : List.of(BuiltJar.of("scanformer-model-photos"), BuiltJar.photosBeside())) {
      assertTrue(jar.names().contains(weights), jar.toString());
      String terms = new String(jar.read(TEXTS + "scanformer-model-photos/TERMS.txt"), UTF_8);
      assertTrue(terms.contains("non-commercial research and education only"), jar + ": " + terms);
    }
    String notice = Files.readString(BuiltJar.REPOSITORY.resolve("NOTICE"));
    assertTrue(notice.contains("scanformer-model-photos/TERMS.txt"), notice);
  }

  @Test
  void theMergedJarsHaveOneForEachDependencyInside() throws IOException {
    List<String> texts = texts(BuiltJar.commandLine());
    assertEquals(List.of(), without("java/cli", texts), "dependencies without a text");
    for (String inside : List.of("GCC", "NVIDIA-CUDA", "Unicode", "oneDNN")) {
      assertTrue(texts.stream().anyMatch(text -> text.startsWith(TEXTS + inside + "/")), inside);
    }
    assertEquals(
        List.of(), without("java/server", texts(BuiltJar.server())), "dependencies without a text");
  }

  private static List<String> texts(BuiltJar jar) throws IOException {
    return jar.names().stream().filter(n -> n.startsWith(TEXTS)).toList();
  }

  /** The dependencies of a module for which src/main/licenses and their jars have no text. */
  private static List<String> without(String module, List<String> texts) throws IOException {
    return DependencyList.of(module).stream()
        .filter(dependency -> !dependency.startsWith("org.scanformer:"))
        .filter(dependency -> texts.stream().noneMatch(text -> isOf(text, dependency)))
        .toList();
  }

  /** A text's directory is named by the artifact, or by its group or what the group begins with. */
  private static boolean isOf(String text, String dependency) {
    String directory = text.substring(TEXTS.length(), text.lastIndexOf('/'));
    String group = dependency.substring(0, dependency.indexOf(':'));
    String artifact = dependency.substring(dependency.indexOf(':') + 1);
    return directory.equals(artifact) || (group + ".").startsWith(directory + ".");
  }
}
