package org.scanformer.server.http;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import org.scanformer.server.ServiceException;

/** Image files as JSON holds them. No state. */
final class Base64Text {
  private Base64Text() {}

  /**
   * The bytes of a text in base64.
   *
   * @param what it is, to begin a message with
   * @throws ServiceException BAD_REQUEST saying where it is none
   */
  static byte[] decode(String what, String text) {
    try {
      return Base64.getDecoder().decode(text.getBytes(StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException e) {
      throw ServiceException.badRequest(
          "%s must be an image file in base64, without line breaks: %s", what, fault(text, e));
    }
  }

  private static String fault(String text, IllegalArgumentException e) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
          && "+/=".indexOf(c) < 0) {
        return String.format(
            Locale.ROOT,
            "found %s at %d, expected letters, digits, '+' and '/'",
            c > ' ' && c < 0x7F ? "'" + c + "'" : String.format(Locale.ROOT, "U+%04X", (int) c),
            i);
      }
    }
    return e.getMessage();
  }
}
