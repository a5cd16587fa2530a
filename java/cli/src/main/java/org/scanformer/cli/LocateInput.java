package org.scanformer.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code locate} is asked: images with one expression, or a file of such pairs. */
final class LocateInput {
  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE... EXPRESSION",
      description = {
        "The images, and last the expression, in quotes. An image is a file, a directory (its image"
            + " files), a pattern in quotes, or - for standard input."
      })
  private List<String> arguments = new ArrayList<>();

  @Option(names = "--image", paramLabel = "FILE", description = "An image, as IMAGE.")
  private List<String> images = new ArrayList<>();

  @Option(
      names = "--text",
      paramLabel = "EXPRESSION",
      description = "What to look for; every argument is an IMAGE then.")
  private String text;

  @Option(
      names = "--batch",
      paramLabel = "FILE.jsonl",
      description = "Answer every line of a file with one line of JSON; - for standard input.")
  private Path batch;

  private String expression;
  private List<ImageSource> sources = List.of();

  /**
   * Finds the images, so that what is wrong is told before a model is loaded.
   *
   * @throws CliException naming what cannot be read
   * @throws CommandLine.ParameterException saying what was expected of the arguments
   */
  void resolve(CommandSpec spec) throws IOException {
    if (batch != null) {
      if (text != null || !images.isEmpty() || !arguments.isEmpty()) {
        throw usage(spec, "--batch cannot be used with an image or an expression of its own");
      }
      return;
    }
    List<String> names = new ArrayList<>(images);
    names.addAll(arguments);
    expression = text;
    if (text == null) {
      String last = names.isEmpty() ? null : names.get(names.size() - 1);
      if (last == null) {
        throw usage(
            spec,
            "An image and an expression are missing: expected IMAGE... EXPRESSION, found neither");
      }
      String first = names.get(0);
      if (names.size() == 2 && isFile(last) && !isFile(first) && first.contains(" ")) {
        throw usage(
            spec,
            "The expression comes after the image: expected IMAGE... EXPRESSION, found the image "
                + last
                + " last; try: scanformer locate "
                + last
                + " \""
                + first
                + "\"");
      }
      if (arguments.isEmpty() || isFile(last) || last.equals(ImageSource.STANDARD_INPUT)) {
        throw usage(
            spec,
            "The expression is missing: expected IMAGE... EXPRESSION, found "
                + (names.size() == 1 ? "only the image " : "as the last the image ")
                + last
                + "; an expression that is also the name of a file can be given with --text");
      }
      expression = names.remove(names.size() - 1);
    } else if (isFile(text) && names.stream().noneMatch(LocateInput::isFile)) {
      throw usage(
          spec,
          "--text is what to look for, found the file "
              + text
              + "; an image is given with --image");
    }
    if (names.isEmpty()) {
      throw usage(
          spec,
          "The image is missing: expected IMAGE... EXPRESSION, found only the expression \""
              + expression
              + "\"");
    }
    if (expression.isBlank()) {
      throw usage(spec, "The expression is blank, expected what to look for");
    }
    if (names.stream().filter(ImageSource.STANDARD_INPUT::equals).count() > 1) {
      throw usage(spec, "Standard input (-) is one image, found it named twice");
    }
    requireQuotes(spec);
    sources = ImageSource.find(names, spec.commandLine().getErr());
  }

  /** Refuses an expression of several arguments, which would be taken for images. */
  private void requireQuotes(CommandSpec spec) {
    if (text != null || arguments.size() < 3) {
      return;
    }
    int first = arguments.size() - 1;
    while (first > 0 && isWord(arguments.get(first - 1))) {
      first--;
    }
    if (first > 0 && first < arguments.size() - 1) {
      throw usage(
          spec,
          "An expression of several words needs quotes around it: found no image "
              + arguments.get(first)
              + "; try: scanformer locate "
              + String.join(" ", arguments.subList(0, first))
              + " \""
              + String.join(" ", arguments.subList(first, arguments.size()))
              + "\"");
    }
  }

  /** Whether an argument is no image by any of its forms. */
  private static boolean isWord(String argument) {
    return argument.matches("[\\p{L}\\p{N}'’,]+") && !isFile(argument);
  }

  /** By a File, as a Path cannot be made of every expression in every locale. */
  private static boolean isFile(String name) {
    return new File(name).exists();
  }

  private static CommandLine.ParameterException usage(CommandSpec spec, String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  /** The file of pairs; null where there is one expression. */
  Path batch() {
    return batch;
  }

  /** The images, at least one; none where there is a batch. */
  List<ImageSource> sources() {
    return sources;
  }

  String expression() {
    return expression;
  }
}
