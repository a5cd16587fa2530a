package org.scanformer.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.BackendKind;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.reference.RandomModel;

/** How the native libraries come out of their jars, each time in a Java process of its own. */
class NativeLibraryTest {
  @TempDir private Path directory;
  private Path notADirectory;

  /** Loads the model in the first argument's directory and says how that went. */
  static final class Child {
    public static void main(String[] args) {
      ScanFormerOptions options =
          ScanFormerOptions.builder().backend(BackendKind.CPU).maxBatch(1).build();
      try (ScanFormer scanFormer = ScanFormer.load(Path.of(args[0]), options)) {
        System.out.println("loaded on " + scanFormer.backend());
      } catch (ScanFormerException e) {
        System.out.println(e.code() + ": " + e.getMessage());
      }
    }
  }

  @BeforeEach
  void writeModel() throws Exception {
    RandomModel.tiny().write(Files.createDirectory(directory.resolve("model")));
    // Nothing can be made below a file, whoever asks: a folder without write permission stops no
    // administrator.
    notADirectory = Files.writeString(directory.resolve("file"), "");
  }

  private String run(String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", absoluteClassPath(), Child.class.getName()));
    command.add(directory.resolve("model").toString());
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the process did not end");
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertEquals(0, process.exitValue(), text);
    return text;
  }

  private static String absoluteClassPath() {
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, entries);
  }

  @Test
  void anEmptyCacheIsFilledWhereverTheProcessRuns() throws Exception {
    Path cache = directory.resolve("cache");
    String output = run("-Dorg.bytedeco.javacpp.cachedir=" + cache);
    assertTrue(output.contains("loaded on CPU"), output);
    assertTrue(Files.isDirectory(cache));
  }

  @Test
  void aCacheThatCannotBeWrittenIsReplacedByATemporaryOne() throws Exception {
    String output = run("-Dorg.bytedeco.javacpp.cachedir=" + notADirectory.resolve("cache"));
    assertTrue(output.contains("loaded on CPU"), output);
  }

  @Test
  void whereNoCacheCanBeWrittenTheErrorNamesItAndWhatToDo() throws Exception {
    String output =
        run(
            "-Dorg.bytedeco.javacpp.cachedir=" + notADirectory.resolve("cache"),
            "-Djava.io.tmpdir=" + notADirectory.resolve("tmp"),
            "-Duser.home=" + notADirectory.resolve("home"));
    assertTrue(
        output.contains("UNSUPPORTED: The CPU backend is not usable: its native library"), output);
    assertTrue(output.contains(notADirectory.resolve("cache").toString()), output);
    assertTrue(output.contains("-Dorg.bytedeco.javacpp.cachedir=DIRECTORY"), output);
  }
}
