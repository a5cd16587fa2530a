package org.scanformer.it;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Java 25 that refuses native code, as later releases will by default. */
class NativeAccessIT {
  @TempDir private Path directory;
  private String java;

  @BeforeEach
  void findJava() throws Exception {
    assumeTrue(
        Applications.java25().isPresent(),
        "no JDK 25: neither JAVA_HOME_25 nor /usr/lib/jvm has one");
    java = Applications.java25().get();
  }

  private String run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(java);
    command.add("--illegal-native-access=deny");
    command.add("-Dorg.scanformer.cache=" + directory.resolve("cache"));
    command.addAll(List.of(arguments));
    command.add(Applications.scene());
    return Applications.run(command);
  }

  private String modular(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(
        List.of("-p", Applications.path(), "-m", Applications.MODULE + "/" + Applications.MAIN));
    return run(arguments.toArray(String[]::new));
  }

  private static void assertFound(String output) {
    Applications.assertFound(Applications.scene(), "", output);
  }

  @Test
  void classPath() throws Exception {
    String refused = run("-cp", Applications.path(), Applications.MAIN);
    assertTrue(refused.startsWith("UNSUPPORTED: The CPU backend is not usable"), refused);
    assertTrue(refused.contains("--enable-native-access=ALL-UNNAMED"), refused);
    assertFound(
        run("--enable-native-access=ALL-UNNAMED", "-cp", Applications.path(), Applications.MAIN));
  }

  @Test
  void modulePath() throws Exception {
    String modules = "--enable-native-access=org.bytedeco.javacpp,org.scanformer.natives";
    String refused = modular();
    assertTrue(refused.contains(modules), refused);
    String refusedLater = modular("--enable-native-access=org.bytedeco.javacpp");
    assertTrue(refusedLater.contains(modules), refusedLater);
    assertFound(modular(modules));
  }

  @Test
  void mergedJarAllowsItInItsManifest() throws Exception {
    assertFound(run("-jar", Applications.jar("shaded").toString()));
  }
}
