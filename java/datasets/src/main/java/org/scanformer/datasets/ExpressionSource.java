package org.scanformer.datasets;

import java.util.Locale;

/** Where the expressions of data come from. */
public enum ExpressionSource {
  /** The data: its texts, and categories that a single object of an image has. */
  OWN,
  /** The boxes: what is true of them by place, size, colour and category. */
  BOXES,
  /** Both. */
  BOTH;

  /** The name on the command line, such as "boxes". */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
