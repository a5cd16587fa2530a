package org.scanformer.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
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
    public static void main(String[] args) throws Exception {
      if (Boolean.getBoolean("small")) {
        Thread small = new Thread(null, () -> load(args), "small", 256 << 10);
        small.start();
        small.join();
      } else {
        load(args);
      }
    }

    private static void load(String[] args) {
      ScanFormerOptions options =
          ScanFormerOptions.builder().backend(BackendKind.CPU).maxBatch(1).build();
      try (ScanFormer scanFormer = ScanFormer.load(Path.of(args[0]), options)) {
        Image image = Image.of(ByteBuffer.allocate(3 * 64 * 48), PixelFormat.RGB, 64, 48);
        scanFormer.locate(image, "red");
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
    assertTrue(output.contains(notADirectory.resolve("home") + "/.cache"), output);
    assertTrue(output.contains("a new directory in " + notADirectory.resolve("tmp")), output);
    assertTrue(output.contains("Not a directory"), output);
    assertTrue(output.contains("-Dorg.bytedeco.javacpp.cachedir=DIRECTORY"), output);
  }

  @Test
  void anotherSystemIsRefusedInOneSentence() throws Exception {
    String output = run("-Dos.name=FreeBSD", "-Dorg.scanformer.cache=" + directory.resolve("c"));
    assertTrue(
        output.contains(
            "could not be loaded: ScanFormer runs on Linux with glibc 2.34 or later, on the"
                + " platforms linux-x86_64"),
        output);
    assertTrue(output.contains("; found freebsd-x86_64"), output);
  }

  // ---- Directories that others can write to ----

  private Path directory(String name, String mode) throws Exception {
    Path made = Files.createDirectory(directory.resolve(name));
    Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(mode));
    return made;
  }

  private static List<Path> files(Path folder) throws Exception {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void onePropertyNamesThePlaceOfTheLibraries() throws Exception {
    Path cache = directory.resolve("cache");
    String output = run("-Dorg.scanformer.cache=" + cache);
    assertTrue(output.contains("loaded on CPU"), output);
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)));
    assertTrue(
        files(cache.resolve("natives")).stream().anyMatch(f -> f.endsWith("libjnijavacpp.so")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"org.scanformer.cache", "org.bytedeco.javacpp.cachedir"})
  void aDirectoryThatOthersCanWriteToIsRefusedByName(String property) throws Exception {
    Path planted = directory("planted", "rwxrwxrwx");
    String output = run("-D" + property + "=" + planted);
    assertTrue(output.contains("UNSUPPORTED"), output);
    assertTrue(output.contains(planted + " belongs to"), output);
    assertTrue(output.contains("the mode 777"), output);
    assertTrue(output.contains(property), output);
    assertEquals(List.of(), files(planted));
  }

  @Test
  void aDirectoryThatOthersCanReplaceIsRefusedByName() throws Exception {
    Path above = directory("above", "rwxrwxrwx");
    String output = run("-Dorg.scanformer.cache=" + above.resolve("cache"));
    assertTrue(output.contains("can be replaced by others: " + above), output);
    assertEquals(List.of(), files(above));
  }

  @Test
  void aLinkToADirectoryOfOthersIsRefused() throws Exception {
    Path planted = directory("planted", "rwxrwxrwx");
    Path link = Files.createSymbolicLink(directory.resolve("link"), planted);
    String output = run("-Dorg.scanformer.cache=" + link);
    assertTrue(output.contains(planted + " belongs to"), output);
  }

  @Test
  void aDirectoryOfAnotherUserIsRefusedByName() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root gives files away");
    Path planted = directory("planted", "rwx------");
    Files.setAttribute(planted, "unix:uid", 65534);
    String output = run("-Dorg.scanformer.cache=" + planted);
    assertTrue(output.contains(planted + " belongs to the user 65534"), output);
  }

  @Test
  void withoutAHomeTheSharedFolderThatJavaCppWouldTakeIsNotUsed() throws Exception {
    Path temporary = directory("tmp", "rwxrwxrwx");
    Files.setAttribute(temporary, "unix:mode", 01777);
    Path planted =
        Files.createDirectories(
            temporary.resolve(".javacpp-" + System.getProperty("user.name")).resolve("cache"));
    String output =
        run("-Djava.io.tmpdir=" + temporary, "-Duser.home=" + notADirectory.resolve("home"));
    assertTrue(output.contains("loaded on CPU"), output);
    assertEquals(List.of(), files(planted));
    // What was unpacked is deleted at the exit.
    try (Stream<Path> left = Files.list(temporary)) {
      assertFalse(left.anyMatch(path -> path.getFileName().toString().startsWith("scanformer")));
    }
  }

  // ---- Stacks ----

  @Test
  void loadsOnAStackThatIsTooSmallForTheInitialisersOfTheLibraries() throws Exception {
    assertTrue(run("-Dsmall=true").contains("loaded on CPU"));
    assertTrue(run("-Xss512k").contains("loaded on CPU"));
  }
}
