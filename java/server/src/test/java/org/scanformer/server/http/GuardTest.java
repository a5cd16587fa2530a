package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.server.BearerToken;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

class GuardTest {
  private static final String SECRET = "0123456789abcdef";

  private final Guard guard = new Guard(List.of("localhost", "[::1]"), BearerToken.of(SECRET));

  private static HttpFields headers(String host, String origin, String authorization) {
    HttpFields.Mutable headers = HttpFields.build();
    if (host != null) {
      headers.put("Host", host);
    }
    if (origin != null) {
      headers.put("Origin", origin);
    }
    if (authorization != null) {
      headers.put("Authorization", authorization);
    }
    return headers;
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:8080,",
    "LOCALHOST,",
    "[::1]:80,",
    "localhost:8080,http://localhost:8080",
    "localhost,https://localhost"
  })
  void letsOwnPagesIn(String host, String origin) {
    assertDoesNotThrow(() -> guard.checkSite(headers(host, origin, null)));
  }

  @ParameterizedTest
  @CsvSource({
    ",",
    "evil.example,",
    "localhost.evil.example:8080,",
    "localhost:8080,http://evil.example",
    "localhost:8080,null",
    "localhost:8080,http://localhost:9090",
    "a:b:c,"
  })
  void keepsOthersOut(String host, String origin) {
    ServiceException refusal =
        assertThrows(ServiceException.class, () -> guard.checkSite(headers(host, origin, null)));
    assertEquals(FailureKind.FORBIDDEN, refusal.kind());
  }

  @Test
  void tellsThatTheHostIsMissing() {
    ServiceException refusal =
        assertThrows(ServiceException.class, () -> guard.checkSite(headers(null, null, null)));
    assertEquals(
        "The request has no Host: expected one of [localhost, [::1]]; --allow-host adds a name",
        refusal.getMessage());
  }

  @Test
  void asksForTheToken() {
    assertDoesNotThrow(() -> guard.checkToken(headers(null, null, "Bearer " + SECRET)));
    assertDoesNotThrow(() -> guard.checkToken(headers(null, null, "bearer " + SECRET)));
    for (String wrong : new String[] {null, "", SECRET, "Basic " + SECRET, "Bearer x" + SECRET}) {
      ServiceException refusal =
          assertThrows(ServiceException.class, () -> guard.checkToken(headers(null, null, wrong)));
      assertEquals(FailureKind.UNAUTHORIZED, refusal.kind());
      assertFalse(refusal.getMessage().contains(SECRET));
    }
  }

  @Test
  void aTokenThatCanBeGuessedIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> BearerToken.of("secret"));
    assertThrows(IllegalArgumentException.class, () -> BearerToken.of("0123456789 abcdef"));
  }
}
