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
      if (arguments.isEmpty() || isFile(last)) {
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
      throw new CliException("The expression is blank, expected what to look for");
    }
    try {
      sources = ImageSource.find(names);
    } catch (CliException e) {
      throw arguments.size() > 2 && text == null
          ? new CliException(
              e.getMessage() + ". An expression of several words needs quotes around it")
          : e;
    }
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
