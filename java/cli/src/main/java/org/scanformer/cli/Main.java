package org.scanformer.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/** The program. Answers go to standard output, everything else to standard error. */
public final class Main {
  static final int FAILURE = 1;
  static final int USAGE = 2;

  /** What shells tell of a program that a closed pipe ended: 128 and the number of SIGPIPE. */
  static final int READER_GONE = 141;

  private Main() {}

  /** Runs the command line and exits the JVM with its exit code. */
  public static void main(String[] args) {
    // Without this, Java2D in the decoders and the overlay may look for a display.
    if (!Arrays.asList(args).contains(VideoCommand.SHOW)) {
      System.setProperty("java.awt.headless", "true");
    }
    // No option is of these types; without this, picocli loads them with hundreds of classes.
    System.setProperty("picocli.converters.excludes", "java\\.(sql|time)\\..*");
    AnswerStream answers = new AnswerStream(new FileOutputStream(FileDescriptor.out));
    PrintWriter out = new PrintWriter(answers, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code;
    try {
      code = run(out, err, args);
    } catch (OutOfMemoryError e) {
      err.println(
          "scanformer: The JVM has not enough memory (" + e.getMessage() + "): -Xmx sets its heap");
      code = FAILURE;
    }
    if (out.checkError()) {
      code = answers.readerIsGone() ? READER_GONE : FAILURE;
      if (code == FAILURE) {
        err.println(
            "scanformer: standard output could not be written to: "
                + SystemMessages.of(answers.failure()));
      }
    }
    err.flush();
    System.exit(code);
  }

  private static int run(PrintWriter out, PrintWriter err, String... args) {
    Optional<PlainLocate> plain = PlainLocate.of(args);
    return plain.isPresent()
        ? plain.get().run(out, err)
        : RootCommand.commandLine(args.length == 0 ? "" : args[0])
            .setOut(out)
            .setErr(err)
            .execute(args);
  }

  /** Says what went wrong, and returns the exit code for it. */
  static int tellFailure(Exception failure, PrintWriter err) {
    if (failure instanceof AnswersLostException) {
      return FAILURE;
    }
    String message =
        failure instanceof ScanFormerException || failure instanceof CliException
            ? failure.getMessage()
            : SystemMessages.of(failure);
    err.println("scanformer: " + message);
    return FAILURE;
  }
}
