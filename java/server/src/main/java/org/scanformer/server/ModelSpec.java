package org.scanformer.server;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model to serve.
 *
 * @param name what requests call it
 * @param version a number of at least 1, as text; a request that names none gets the greatest
 * @param directory null for the bundled model
 */
public record ModelSpec(String name, String version, Path directory) {
  /** The bundled model. */
  public static final ModelSpec BUNDLED = new ModelSpec("shapes", "1", null);

  private static final Pattern NAMED = Pattern.compile("(?:([^=/]*)=)?(.+)");
  private static final Pattern NAME = Pattern.compile("([A-Za-z0-9_.-]+)(?::([1-9][0-9]{0,8}))?");

  /**
   * Reads {@code [NAME[:VERSION]=]DIR}. The name is by default that of the directory, and the
   * version 1.
   *
   * @throws IllegalArgumentException saying what was found and what was expected
   */
  public static ModelSpec parse(String text) {
    Matcher named = NAMED.matcher(text);
    if (!named.matches()) {
      throw new IllegalArgumentException("expected [NAME[:VERSION]=]DIR, found '" + text + "'");
    }
    Path directory = Path.of(named.group(2));
    Path last = directory.toAbsolutePath().normalize().getFileName();
    String name = named.group(1) != null ? named.group(1) : last == null ? "" : last.toString();
    Matcher parts = NAME.matcher(name);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "expected a name of letters, digits, '_', '.' and '-', and perhaps ':' and a version"
              + " of at least 1, found '"
              + name
              + "' in '"
              + text
              + "'");
    }
    String version = parts.group(2) == null ? "1" : parts.group(2);
    return new ModelSpec(parts.group(1), version, directory);
  }
}
