package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code scanformer}, with a jar that prints its arguments. */
class ScriptTest {
  private static final String ECHO =
      """
      public class Echo {
        public static void main(String[] arguments) throws Exception {
          byte[] said = String.join("|", arguments).getBytes(java.nio.charset.StandardCharsets.UTF_8);
          System.out.write(said, 0, said.length);
          System.out.flush();
          if (arguments[arguments.length - 1].equals("waits")) {
            System.out.write(System.in.read());
            System.out.flush();
            Thread.sleep(60_000);
          }
          System.exit(arguments[0].equals("locate") ? 0 : 3);
        }
      }
      """;

  @TempDir private Path directory;
  private Path script;

  /** What LC_ALL is set to, or null. */
  private String locale;

  @BeforeEach
  void install() throws Exception {
    Path bin = Files.createDirectory(directory.resolve("a bin"));
    script = Files.copy(Path.of("src", "main", "scripts", "scanformer"), bin.resolve("scanformer"));
    Path source = Files.writeString(directory.resolve("Echo.java"), ECHO);
    assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, source.toString()));
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "Echo");
    try (OutputStream file = Files.newOutputStream(bin.resolve("scanformer.jar"));
        JarOutputStream jar = new JarOutputStream(file, manifest)) {
      jar.putNextEntry(new ZipEntry("Echo.class"));
      Files.copy(directory.resolve("Echo.class"), jar);
    }
  }

  private void assertEchoes(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", script.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    if (locale != null) {
      builder.environment().keySet().removeAll(List.of("LANG", "LC_CTYPE"));
      builder.environment().put("LC_ALL", locale);
    }
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = arguments[0].equals("locate") ? 0 : 3;
    assertEquals(code, process.waitFor(), "the program's own code: " + said);
    assertEquals(String.join("|", arguments), said.strip(), "nothing but what the program says");
  }

  private void createCache(String mode) throws Exception {
    Path cache = Files.createDirectories(directory.resolve(".cache/scanformer"));
    Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString(mode));
  }

  private List<Path> archives() throws Exception {
    try (Stream<Path> files = Files.list(directory.resolve(".cache/scanformer"))) {
      return files.toList();
    }
  }

  /** As cron has it: Java would find no file of such a name. */
  @Test
  void namesBeyondAsciiAreReadInTheLocaleC() throws Exception {
    for (String locale : List.of("C", "POSIX", "")) {
      this.locale = locale;
      assertEchoes("locate", "größe.png");
    }
  }

  @Test
  void passesArgumentsOnAndKeepsAnArchiveOfClasses() throws Exception {
    assertEchoes("locate", "a b.png", "the \"red\" circle", "*");
    createCache("rwx------");
    assertEchoes("locate", "--help");
    assertEchoes("devices");
    assertEquals(List.of(), archives(), "of runs that load few classes");
    assertEchoes("locate", "first");
    List<Path> written = archives();
    assertEquals(1, written.size(), "an archive, once the directory is there: " + written);
    long time = Files.getLastModifiedTime(written.get(0)).toMillis();
    assertEchoes("locate", "second");
    assertEquals(written, archives());
    assertEquals(time, Files.getLastModifiedTime(written.get(0)).toMillis());
    // One that is broken costs its use, no answer.
    Files.write(written.get(0), new byte[100]);
    assertEchoes("locate", "third");
  }

  /** In the run that writes the archive, which the script waits for. */
  @Test
  void javaGetsStandardInputAndTheSignalsOfTheScript() throws Exception {
    createCache("rwx------");
    Path left =
        Files.writeString(directory.resolve(".cache/scanformer/cli-1.jsa.999999999"), "of a run");
    ProcessBuilder builder = new ProcessBuilder("sh", script.toString(), "locate", "waits");
    builder.redirectErrorStream(true);
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    process.getOutputStream().write('!');
    process.getOutputStream().flush();
    assertEquals("locate|waits", new String(process.getInputStream().readNBytes(12)));
    assertEquals('!', process.getInputStream().read(), "what was written to its standard input");
    List<ProcessHandle> java = process.descendants().toList();
    assertEquals(1, java.size());
    process.toHandle().destroy();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the script did not end");
    assertEquals(143, process.exitValue(), "that of a program that SIGTERM has ended");
    assertFalse(java.get(0).isAlive());
    assertFalse(Files.exists(left), "what a run has left that was killed");
  }

  @Test
  void noArchiveIsKeptWhereOthersCanWrite() throws Exception {
    createCache("rwxrwx---");
    assertEchoes("locate", "first");
    assertEquals(List.of(), archives());
  }

  @Test
  void longRunsHaveTheJvmsOwnOptions() throws Exception {
    createCache("rwx------");
    assertEchoes("eval", "--data", "shapes");
    assertTrue(archives().isEmpty());
  }
}
