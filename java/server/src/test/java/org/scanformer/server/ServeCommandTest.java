package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The options, as far as they do not start a server. */
class ServeCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path directory;

  private int run(String... args) {
    return ServeCommand.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
  }

  private void assertRefused(int code, String words, String... args) {
    err.getBuffer().setLength(0);
    assertEquals(code, run(args), err.toString());
    assertTrue(err.toString().contains(words), err.toString());
    assertTrue(err.toString().contains("scanformer: "), err.toString());
  }

  @Test
  void hasHelpAndVersion() {
    assertEquals(0, run("--help"));
    assertTrue(out.toString().contains("Usage: scanformer serve"), out.toString());
    assertEquals(0, run("--version"));
    assertTrue(out.toString().matches("(?s).*scanformer serve \\d+\\.\\d+.*"), out.toString());
  }

  @Test
  void refusesWhatCannotBe() throws Exception {
    assertRefused(2, "--port must be 0 to 65535", "--port", "70000");
    assertRefused(2, "--max-requests must be 1 to", "--max-requests", "0");
    assertRefused(2, "--body-timeout must be", "--body-timeout", "0");
    assertRefused(2, "given together", "--tls-cert", "a.pem");
    assertRefused(2, "expected a name", "--model", "a b=c");
    assertRefused(2, "must be like https://", "--port", "0", "--allow-url", "http://a");
    assertRefused(2, "given twice", "--model", "a=m", "--model", "a=n");
    assertRefused(1, "config.json", "--model", directory.toString());
    assertRefused(2, "maxBatch must be 1 to", "--max-batch", "0");
    Path token = Files.writeString(directory.resolve("token"), "secret\n");
    assertRefused(2, token + ": The token must be 16 to 1024", "--token-file", token.toString());
    try (ServerSocket taken = new ServerSocket(0)) {
      assertRefused(
          1,
          "cannot be served on 127.0.0.1 port " + taken.getLocalPort(),
          "--port",
          String.valueOf(taken.getLocalPort()));
    }
  }

  @Test
  void warnsOfASecretThatOthersRead() throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "0123456789abcdef\n");
    for (String permissions : List.of("rw-r--r--", "rw-r-----")) {
      Files.setPosixFilePermissions(token, PosixFilePermissions.fromString(permissions));
      assertRefused(
          1, "config.json", "--model", directory.toString(), "--token-file", token.toString());
      assertEquals(
          permissions.endsWith("r--"),
          err.toString().contains("can read " + token),
          err.toString());
    }
  }

  @Test
  void isCalledByTheNameThatItListensOn() {
    assertEquals(
        List.of("localhost", "127.0.0.1", "[::1]", "127.0.0.2", "pc.example"),
        ServeCommand.hosts("127.0.0.2", List.of("pc.example")));
    assertEquals(List.of("localhost", "127.0.0.1", "[::1]"), ServeCommand.hosts("::1", List.of()));
  }

  @Test
  void refusesOptionsBeforeAModelIsLoaded() {
    String[] noModel = {"--model", directory.toString()};
    assertRefused(2, "must be like https://", with(noModel, "--allow-url", "http://a"));
    assertRefused(
        2,
        "cannot be used with its key",
        with(noModel, "--tls-cert", "none.pem", "--tls-key", "none.pem"));
    assertRefused(2, "maxBatch must be 1 to", with(noModel, "--max-batch", "0"));
  }

  private static String[] with(String[] some, String... others) {
    return Stream.concat(Stream.of(some), Stream.of(others)).toArray(String[]::new);
  }
}
