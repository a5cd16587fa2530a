package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the server's jar is looked for. The server's own tests start it. */
class ServeCommandTest {
  @TempDir private Path directory;

  @Test
  void findsTheJarBesideThisOneOrWhereTheBuildLeavesIt() throws Exception {
    Path here = Files.createDirectories(directory.resolve("cli/target"));
    Path built = Files.createDirectories(directory.resolve("server/target"));
    CliException missing = assertThrows(CliException.class, () -> ServeCommand.serverJar(here));
    assertTrue(missing.getMessage().contains("scanformer-server.jar beside scanformer.jar"));
    Path left = Files.createFile(built.resolve("scanformer-server.jar"));
    assertEquals(left, ServeCommand.serverJar(here));
    Path beside = Files.createFile(here.resolve("scanformer-server.jar"));
    assertEquals(beside, ServeCommand.serverJar(here));
  }
}
