package org.scanformer.internal.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.regex.Pattern;

/** What is wrong with JSON, for those who have the file and not the program. No state. */
public final class JsonFault {
  /** What the parser adds for programmers: which of its features would take the text. */
  private static final Pattern ADVICE =
      Pattern.compile(
          ": enable `.*|\\s*\\((?:not recognized as one|consider enabling) .*|, from `[^`]*`",
          Pattern.DOTALL);

  private JsonFault() {}

  /** The fault, without its place. */
  public static String describe(JsonProcessingException fault) {
    return ADVICE.matcher(fault.getOriginalMessage()).replaceAll("");
  }
}
