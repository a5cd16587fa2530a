package org.scanformer.internal.json;

import java.util.Locale;

/** The names of enum constants in JSON. */
public final class JsonNames {
  private JsonNames() {}

  /** The constant's name in lower case, with hyphens: {@code final-only}. */
  public static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
