package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** The command that the README starts, the requests that it shows, and how the command ends. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServeIT {
  private static final File REPOSITORY = new File("../..");
  private static final Pattern PORT = Pattern.compile("Serving http://127.0.0.1:(\\d+)/");
  private static final Path ERRORS = Path.of("target", "serve-it.txt");

  private static Process server;
  private static String port;

  @BeforeAll
  static void start() throws Exception {
    server =
        new ProcessBuilder("java/cli/target/scanformer", "serve", "--port=0", "--grpc-port=0")
            .directory(REPOSITORY)
            .redirectError(ERRORS.toFile())
            .start();
    BufferedReader out = server.inputReader();
    String first = out.readLine();
    assertNotNull(first, () -> "no output; " + errors());
    Matcher serving = PORT.matcher(first);
    assertTrue(serving.matches(), first);
    port = serving.group(1);
    assertTrue(out.readLine().startsWith("Serving gRPC on 127.0.0.1:"));
  }

  private static String errors() {
    try {
      return Files.readString(ERRORS);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.destroyForcibly();
    }
  }

  /** The commands of the README that ask the server. */
  private static List<String> commands() throws Exception {
    return Files.readString(Path.of("README.md"))
        .lines()
        .filter(line -> line.matches("(curl|base64) .*"))
        .toList();
  }

  @Test
  @Order(1)
  void theCommandsOfTheReadmeAreAnswered() throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/curl")), "the README's commands are not run: no curl");
    List<String> commands = commands();
    assertTrue(commands.size() >= 6, commands.toString());
    for (String command : commands) {
      Process curl =
          new ProcessBuilder(
                  "bash",
                  "-c",
                  "set -o pipefail; " + command.replace("localhost:8080", "localhost:" + port))
              .directory(REPOSITORY)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String answer = new String(curl.getInputStream().readAllBytes());
      assertEquals(0, curl.waitFor(), command);
      assertTrue(
          answer.contains("\"found\"") || answer.contains("ready") || answer.contains("# TYPE"),
          command + " gave " + answer);
    }
  }

  @Test
  @Order(2)
  void endsInOrderOnSigterm() throws Exception {
    server.destroy();
    assertTrue(server.waitFor(60, TimeUnit.SECONDS), "still running");
    // 128 and the signal's number: what a supervisor takes for an orderly end.
    assertEquals(143, server.exitValue(), errors());
    String told = errors();
    assertTrue(told.contains("Loaded shapes version 1"), told);
    assertTrue(told.contains("Stopping; 0 requests are in work"), told);
    assertTrue(told.strip().endsWith("Stopped"), told);
  }
}
