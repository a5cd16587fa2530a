package org.scanformer.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.scanformer.Box;
import org.scanformer.Candidate;
import org.scanformer.Location;
import org.scanformer.ScaleResult;
import org.scanformer.UnknownWord;
import org.scanformer.internal.model.UnknownWordList;

/** Answers for people. Thread-safe: no state. */
final class LocationText {
  private LocationText() {}

  /**
   * Prints an answer with what it took.
   *
   * @param startup seconds from the program's start to the request, the loading of the model
   *     included
   * @param asked the most candidates, as asked for
   */
  static void print(
      PrintWriter out, String expression, Location location, double startup, int asked) {
    out.println("Looked for: " + expression);
    out.println(
        location.found() ? "Found at:   " + place(location) : "Not found" + score(location));
    printCandidates(out, location, asked);
    for (ScaleResult scale : location.scales()) {
      out.printf(
          Locale.ROOT,
          "  scale %d: %d of %d patches selected%n",
          scale.scale(),
          scale.mask().count(),
          scale.mask().total());
    }
    out.printf(
        Locale.ROOT,
        "Took %.1f ms (%s, %s, %s) as a first call; starting up took %.2f s%n",
        location.timings().total() / 1e6,
        name(location.backend()),
        name(location.precision()),
        name(location.schedule()),
        startup);
  }

  /**
   * Prints each candidate in a line of its own, indented.
   *
   * @param asked the most candidates, as asked for
   */
  static void printCandidates(PrintWriter out, Location location, int asked) {
    if (asked > 0 && location.candidates().isEmpty()) {
      out.println(
          "  no candidates: they are boxes of the last scale's patches, of which none was selected");
    }
    for (Candidate candidate : location.candidates()) {
      out.printf(
          Locale.ROOT, "  candidate: %s (score %.3f)%n", place(candidate.box()), candidate.score());
    }
  }

  /** The box and the score in a line, or that nothing was found. */
  static String place(Location location) {
    return (location.found() ? place(location.box()) : "not found") + score(location);
  }

  private static String place(Box box) {
    return String.format(
        Locale.ROOT,
        "x %.1f, y %.1f, width %.1f, height %.1f pixels",
        box.x(),
        box.y(),
        box.width(),
        box.height());
  }

  private static String score(Location location) {
    return Float.isNaN(location.score())
        ? ""
        : String.format(Locale.ROOT, " (score %.3f)", location.score());
  }

  /** Tells what the model did not read of the expression. */
  static void warn(PrintWriter err, String expression, Location location) {
    warn(err, expression, location.unknownWords(), location.truncated());
  }

  /** Tells what the model does not read of an expression. */
  static void warn(
      PrintWriter err, String expression, List<UnknownWord> unknownWords, boolean truncated) {
    if (!unknownWords.isEmpty()) {
      err.println(
          "scanformer: The model does not know "
              + UnknownWordList.text(unknownWords)
              + (isNothingElse(expression, unknownWords)
                  ? ". It knows nothing of the expression, so the answer means nothing"
                  : "; the answer is to the other words, or 'not found' because of it"));
    }
    if (truncated) {
      err.println(
          "scanformer: The expression is longer than the model reads (max_text_length); the answer"
              + " is to its beginning");
    }
  }

  /**
   * Tells where the default model has found nothing: what that of drawn shapes says of a photograph
   * means little, and who named no model may not know which one was asked.
   */
  static void tellModel(PrintWriter err, String model, Location location) {
    if (!location.found() && model.equals(ModelChoice.DEFAULT)) {
      err.println(
          "scanformer: The model was 'shapes', which knows drawn shapes only; --model photos is for"
              + " photographs");
    }
  }

  /** Whether without its unknown words an expression has no letter and no digit. */
  private static boolean isNothingElse(String expression, List<UnknownWord> unknownWords) {
    String rest = expression;
    for (UnknownWord unknown : unknownWords) {
      int flags = Pattern.LITERAL | Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;
      rest = Pattern.compile(unknown.word(), flags).matcher(rest).replaceAll(" ");
    }
    return rest.codePoints().noneMatch(Character::isLetterOrDigit);
  }

  /** The command line's name of an enum constant. */
  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
