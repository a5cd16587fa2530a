package org.scanformer.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A module's dependencies at run time, as Maven listed them in the build. */
final class DependencyList {
  private static final Pattern LINE =
      Pattern.compile("([\\w.-]+):([\\w.-]+):jar:\\S+:(compile|runtime)\\b.*");

  private DependencyList() {}

  /** Each as "group:artifact". */
  static List<String> of(String module) throws IOException {
    Path file = BuiltJar.REPOSITORY.resolve(module).resolve("target/dependencies.txt");
    try (Stream<String> lines = Files.lines(file)) {
      List<String> found =
          lines
              .map(String::strip)
              .map(LINE::matcher)
              .filter(Matcher::matches)
              .map(match -> match.group(1) + ":" + match.group(2))
              .distinct()
              .collect(Collectors.toList());
      if (found.isEmpty()) {
        throw new AssertionError("no dependency in " + file);
      }
      return found;
    }
  }
}
