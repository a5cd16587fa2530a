package org.scanformer.packaging;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** A jar of this build, as it is installed and published. */
record BuiltJar(Path file) {
  /** The root of the repository. */
  static final Path REPOSITORY = Path.of(System.getProperty("repository"));

  /** All that are on the class path. */
  static List<BuiltJar> all() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(Path::of)
        .filter(file -> file.getFileName().toString().matches("scanformer.*\\.jar"))
        .map(BuiltJar::new)
        .toList();
  }

  /** That of an artifact. */
  static BuiltJar of(String artifact) {
    String name = artifact + "-" + System.getProperty("version") + ".jar";
    return all().stream()
        .filter(jar -> jar.file.endsWith(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + name + " among " + all()));
  }

  /** The command line's, with its dependencies inside. */
  static BuiltJar commandLine() {
    return new BuiltJar(REPOSITORY.resolve("java/cli/target/scanformer.jar"));
  }

  /** The model of photographs, as it lies beside the command line's. */
  static BuiltJar photosBeside() {
    return new BuiltJar(REPOSITORY.resolve("java/cli/target/models/scanformer-model-photos.jar"));
  }

  /** The server's, with its dependencies inside. */
  static BuiltJar server() {
    return new BuiltJar(REPOSITORY.resolve("java/server/target/scanformer-server.jar"));
  }

  /** Names of what is in it, without directories. */
  List<String> names() throws IOException {
    try (JarFile jar = new JarFile(file.toFile())) {
      return jar.stream().filter(e -> !e.isDirectory()).map(JarEntry::getName).toList();
    }
  }

  /** What is under the name; empty where there is nothing. */
  byte[] read(String name) throws IOException {
    try (JarFile jar = new JarFile(file.toFile())) {
      JarEntry entry = jar.getJarEntry(name);
      if (entry == null) {
        return new byte[0];
      }
      try (InputStream in = jar.getInputStream(entry)) {
        return in.readAllBytes();
      }
    }
  }

  @Override
  public String toString() {
    return file.getFileName().toString();
  }
}
