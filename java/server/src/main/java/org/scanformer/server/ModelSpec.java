package org.scanformer.server;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.scanformer.ModelProvider;
import org.scanformer.Models;

/**
 * A model to serve.
 *
 * @param name what requests call it
 * @param version a number of at least 1, as text; a request that names none gets the greatest
 * @param directory null for a bundled model
 * @param bundled null for one in a directory
 */
public record ModelSpec(String name, String version, Path directory, ModelProvider bundled) {
  private static final Pattern NAMED = Pattern.compile("(?:([^=/]*)=)?(.+)");
  private static final Pattern NAME = Pattern.compile("([A-Za-z0-9_.-]+)(?::([1-9][0-9]{0,8}))?");

  /** What is served where nothing is named: the bundled model of drawn shapes. */
  public static final ModelSpec BUNDLED = parse("shapes");

  /**
   * Reads {@code [NAME[:VERSION]=]DIR}, where the directory may also be the name of a bundled
   * model, one of {@link Models#byName()}; {@code ./photos} is a directory of such a name. The name
   * is by default that of the directory, and the version 1.
   *
   * @throws IllegalArgumentException saying what was found and what was expected
   */
  public static ModelSpec parse(String text) {
    Matcher named = NAMED.matcher(text);
    if (!named.matches()) {
      throw new IllegalArgumentException(
          "expected [NAME[:VERSION]=]DIR or the name of a bundled model, found '" + text + "'");
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
    ModelProvider bundled = Models.byName().get(named.group(2));
    return new ModelSpec(parts.group(1), version, bundled == null ? directory : null, bundled);
  }
}
