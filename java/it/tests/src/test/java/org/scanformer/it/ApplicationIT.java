package org.scanformer.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The plain application from the class path, from the module path and merged into one jar, each
 * with an empty cache: what an earlier run has unpacked hides what cannot be found.
 */
class ApplicationIT {
  private static final List<String> PICTURES =
      List.of("lossy.webp", "orientation-1.jpg", "cmyk.jpg", "cmyk.tif", "orientation-6.png");

  @TempDir private Path directory;

  private String run(String java, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(java);
    command.add("-Djava.awt.headless=true");
    command.add("-Dorg.scanformer.cache=" + directory.resolve("cache"));
    if (arguments[0].equals("-p")) {
      command.addAll(Applications.nativeAccess("org.bytedeco.javacpp,org.scanformer.natives"));
    } else if (arguments[0].equals("-cp")) {
      command.addAll(Applications.nativeAccess("ALL-UNNAMED"));
    }
    command.addAll(List.of(arguments));
    return Applications.run(command);
  }

  private static void assertFound(String output) {
    Applications.assertFound(Applications.scene(), "", output);
  }

  private static String[] withPictures(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    PICTURES.forEach(name -> all.add(Applications.picture(name)));
    return all.toArray(String[]::new);
  }

  private static void assertRead(String output) {
    assertEquals(PICTURES.size(), output.lines().count(), output);
    for (String name : PICTURES) {
      String size = name.contains("-6") ? "48x32" : "32x48";
      assertTrue(output.contains(Applications.picture(name) + ": " + size), output);
    }
  }

  @Test
  void classPath() throws Exception {
    assertFound(
        run(
            Applications.java(),
            "-cp",
            Applications.path(),
            Applications.MAIN,
            Applications.scene()));
  }

  @Test
  void modulePath() throws Exception {
    String module = Applications.MODULE + "/" + Applications.MAIN;
    assertFound(
        run(Applications.java(), "-p", Applications.path(), "-m", module, Applications.scene()));
    assertRead(
        run(Applications.java(), withPictures("-p", Applications.path(), "-m", module, "--read")));
  }

  /** A runtime with the JDK's modules that are needed; the jars stay jars. */
  @Test
  void linkedRuntime() throws Exception {
    Path runtime = directory.resolve("runtime");
    int status =
        ToolProvider.findFirst("jlink")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "--add-modules",
                "java.desktop,java.logging,java.management,jdk.management,jdk.jfr,jdk.unsupported",
                "--output",
                runtime.toString());
    assertEquals(0, status);
    assertFound(
        run(
            runtime.resolve("bin/java").toString(),
            "-p",
            Applications.path(),
            "-m",
            Applications.MODULE + "/" + Applications.MAIN,
            Applications.scene()));
  }

  // ---- Merged ----

  @Test
  void mergedJar() throws Exception {
    String jar = Applications.jar("shaded").toString();
    assertFound(run(Applications.java(), "-jar", jar, Applications.scene()));
    assertRead(run(Applications.java(), withPictures("-jar", jar, "--read")));
  }

  @Test
  void mergedJarKeepsLicences() throws Exception {
    try (JarFile jar = new JarFile(Applications.jar("shaded").toFile())) {
      for (String name : List.of("META-INF/LICENSE", "META-INF/NOTICE")) {
        JarEntry entry = jar.getJarEntry(name);
        assertTrue(entry != null, name);
        try (InputStream in = jar.getInputStream(entry)) {
          assertFalse(new String(in.readAllBytes(), StandardCharsets.UTF_8).isBlank(), name);
        }
      }
    }
  }

  /** A merged jar as it is made without the transformer of service files. */
  @Test
  void whereServiceFilesAreLostImagesAreReadAndTheModelIsMissedByName() throws Exception {
    Path jar = directory.resolve("merged.jar");
    Files.copy(Applications.jar("shaded"), jar);
    try (FileSystem content =
        FileSystems.newFileSystem(URI.create("jar:" + jar.toUri()), Map.of())) {
      for (Path file : Files.list(content.getPath("META-INF/services")).toList()) {
        Files.delete(file);
      }
    }
    assertRead(run(Applications.java(), withPictures("-jar", jar.toString(), "--read")));
    String output = run(Applications.java(), "-jar", jar.toString(), Applications.scene());
    assertTrue(output.startsWith("BAD_MODEL: No bundled model found"), output);
    assertTrue(output.contains("META-INF/services/org.scanformer.ModelProvider"), output);
  }

  @Test
  void whereAReaderIsLeftOutTheErrorNamesIt() throws Exception {
    String output =
        run(
            Applications.java(),
            "-cp",
            Applications.pathWithout("imageio-webp"),
            Applications.MAIN,
            "--read",
            Applications.picture("lossy.webp"));
    assertTrue(output.contains("BAD_INPUT: image"), output);
    assertTrue(output.contains("add com.twelvemonkeys.imageio:imageio-webp"), output);
  }
}
