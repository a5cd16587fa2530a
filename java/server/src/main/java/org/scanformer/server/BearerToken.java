package org.scanformer.server;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** The secret that requests must bring, or none. Immutable. */
public final class BearerToken {
  /** Every request is let through. */
  public static final BearerToken NONE = new BearerToken(null);

  private static final String SCHEME = "Bearer ";

  private final byte[] expected;

  private BearerToken(byte[] expected) {
    this.expected = expected;
  }

  /**
   * A token of at least 16 characters without spaces, so that it cannot be guessed.
   *
   * @throws IllegalArgumentException when it is another; the message does not hold it
   */
  public static BearerToken of(String token) {
    if (!token.matches("[!-~]{16,1024}")) {
      throw new IllegalArgumentException(
          "The token must be 16 to 1024 printable ASCII characters without spaces, found "
              + token.length()
              + " characters");
    }
    return new BearerToken(token.getBytes(StandardCharsets.US_ASCII));
  }

  /** Whether there is one. */
  public boolean isRequired() {
    return expected != null;
  }

  /**
   * Checks a request, in a time that does not tell how much of the token was right.
   *
   * @param authorization the value of its Authorization; null for none
   * @throws ServiceException UNAUTHORIZED
   */
  public void check(String authorization) {
    if (expected == null) {
      return;
    }
    String given =
        authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
            ? authorization.substring(SCHEME.length()).strip()
            : "";
    if (!MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.UTF_8))) {
      throw new ServiceException(
          FailureKind.UNAUTHORIZED,
          given.isEmpty()
              ? "This server needs a token: send 'Authorization: Bearer TOKEN'"
              : "The token is wrong");
    }
  }
}
