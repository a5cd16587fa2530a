package org.scanformer.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command line that was run in this process, with what it printed. */
record CommandLineRun(int code, String out, String err) {
  private static final Path RESOURCES = Path.of("..", "engine", "src", "test", "resources");
  static final String MODEL = RESOURCES.resolve("example-model").toString();
  static final String IMAGE = RESOURCES.resolve("scenes").resolve("08.png").toString();
  static final String TEXT = "big plus left of the orange plus";

  /** cx, cy, w, h of a float64 run of the example model on that picture. */
  static final double[] FLOAT64_BOX = {
    0.24765081138747136, 0.449722088505506, 0.2558855169845286, 0.36319229760413146
  };

  static CommandLineRun run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        RootCommand.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return new CommandLineRun(code, out.toString(), err.toString());
  }

  /** The example's request with further arguments. */
  static CommandLineRun locate(String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "locate", "--backend", "cpu", "--model", MODEL, "--image", IMAGE, "--text", TEXT));
    all.addAll(List.of(arguments));
    return run(all.toArray(String[]::new));
  }
}
