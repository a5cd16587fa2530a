package org.scanformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.scanformer.internal.files.SystemMessages;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * Starts the server of {@code scanformer-server.jar}, which lies beside this command line's jar.
 * What the server needs is in that jar alone, so that nobody else loads it.
 */
@Command(
    name = "serve",
    description =
        "Serves models over HTTP and gRPC, with a page to try them; 'scanformer serve --help' shows"
            + " the options.")
final class ServeCommand implements Callable<Integer> {
  private static final String JAR = "scanformer-server.jar";

  @Spec private CommandSpec spec;

  /** All of them are the server's, --help too. */
  @Unmatched private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws ReflectiveOperationException, IOException {
    URL[] urls = {serverJar(here()).toUri().toURL()};
    // Open until the process ends: threads of the server load classes until then.
    ClassLoader loader = new URLClassLoader("server", urls, Main.class.getClassLoader());
    Thread.currentThread().setContextClassLoader(loader);
    try {
      return (Integer)
          loader
              .loadClass("org.scanformer.server.ServeCommand")
              .getMethod("run", String[].class, PrintWriter.class, PrintWriter.class)
              .invoke(
                  null,
                  arguments.toArray(String[]::new),
                  spec.commandLine().getOut(),
                  spec.commandLine().getErr());
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new CliException(SystemMessages.of(e.getCause()));
    }
  }

  /** The directory of this command line's jar. */
  private static Path here() {
    try {
      return Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The server's jar: beside this command line's, or where the build leaves it.
   *
   * @throws CliException saying where it is expected
   */
  static Path serverJar(Path directory) {
    Path built = directory.resolve("../../server/target").resolve(JAR).normalize();
    for (Path jar : List.of(directory.resolve(JAR), built)) {
      if (Files.isRegularFile(jar)) {
        return jar;
      }
    }
    throw new CliException(
        "The server is not installed: expected " + JAR + " beside scanformer.jar in " + directory);
  }
}
