package org.scanformer.trainer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a run began with, in its directory: its checkpoint does not tell. No state. */
final class RunStart {
  private static final String FILE = "start.json";
  private static final String INIT = "init";
  private static final String DIRECTORY = "directory";

  private RunStart() {}

  /**
   * Writes it.
   *
   * @param init the directory of {@code --init}, or null
   */
  static void write(Path run, Path init) throws IOException {
    ObjectNode start = new ObjectMapper().createObjectNode();
    start.put(INIT, init == null ? null : init.toString());
    start.put(DIRECTORY, init == null ? null : absolute(init));
    RunFiles.write(run.resolve(FILE), start.toPrettyString());
  }

  /**
   * Tells that a resumed run does not take the model of {@code --init}, if it began with another
   * one. A run that was copied without the file tells nothing.
   *
   * @param init not null
   */
  static void tellOther(Path run, Path init, PrintWriter err) throws IOException {
    Path file = run.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return;
    }
    JsonNode start;
    try {
      start = new ObjectMapper().readTree(file.toFile());
    } catch (JsonProcessingException e) {
      return; // A damaged note is no reason to end a run.
    }
    // The same command on another machine may lead to another directory.
    if (!start.has(INIT)
        || init.toString().equals(start.path(INIT).textValue())
        || absolute(init).equals(start.path(DIRECTORY).textValue())) {
      return;
    }
    err.println(
        "--init "
            + init
            + " has no effect, as the run goes on from its checkpoint; it began "
            + (start.path(INIT).isTextual()
                ? "with --init " + start.path(INIT).textValue()
                : "without --init")
            + ". To begin with "
            + init
            + ", give another --out");
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }
}
