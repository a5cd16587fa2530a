package org.scanformer.server.http;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.jetty.http.HttpStatus;
import org.scanformer.server.FailureKind;
import org.scanformer.server.Json;
import org.scanformer.server.ServiceException;

/**
 * What is sent back.
 *
 * @param status the HTTP status
 * @param type the body's media type
 * @param body not changed afterwards
 * @param headers further ones
 */
record Reply(int status, String type, byte[] body, Map<String, String> headers) {
  static final String JSON = "application/json";
  static final String OCTETS = "application/octet-stream";
  private static final String PROBLEM = "application/problem+json";
  private static final Map<String, String> RETRY = Map.of("Retry-After", "1");
  private static final Map<String, String> CHALLENGE =
      Map.of("WWW-Authenticate", "Bearer realm=\"scanformer\"");

  /** Success. */
  static Reply ok(String type, byte[] body) {
    return new Reply(HttpStatus.OK_200, type, body, Map.of());
  }

  /** Success with an object. */
  static Reply json(Object value) {
    return ok(JSON, Json.write(value));
  }

  /** Success with text. */
  static Reply text(String type, String text) {
    return ok(type, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Success without a body. */
  static Reply empty() {
    return ok("text/plain", new byte[0]);
  }

  /**
   * A failure, as RFC 9457 describes it. The field {@code error} repeats the detail for clients of
   * the Open Inference Protocol, and {@code code} is the model's own code.
   */
  static Reply problem(ServiceException failure) {
    int status = status(failure.kind());
    Map<String, String> headers =
        switch (failure.kind()) {
          case OVERLOADED, UNAVAILABLE -> RETRY;
          case UNAUTHORIZED -> CHALLENGE;
          default -> Map.of();
        };
    String code = failure.code() == null ? failure.kind().name() : failure.code().name();
    return problem(status, code, failure.getMessage(), headers);
  }

  /** A failure that is only known by its status. */
  static Reply problem(int status, String detail) {
    return problem(status, null, detail, Map.of());
  }

  private static Reply problem(
      int status, String code, String detail, Map<String, String> headers) {
    Map<String, Object> problem = new LinkedHashMap<>();
    problem.put("type", "about:blank");
    problem.put("title", HttpStatus.getMessage(status));
    problem.put("status", status);
    problem.put("detail", detail);
    if (code != null) {
      problem.put("code", code);
    }
    problem.put("error", detail);
    return new Reply(status, PROBLEM, Json.write(problem), headers);
  }

  private static int status(FailureKind kind) {
    return switch (kind) {
      case BAD_REQUEST -> HttpStatus.BAD_REQUEST_400;
      case UNAUTHORIZED -> HttpStatus.UNAUTHORIZED_401;
      case FORBIDDEN -> HttpStatus.FORBIDDEN_403;
      case NOT_FOUND -> HttpStatus.NOT_FOUND_404;
      case METHOD_NOT_ALLOWED -> HttpStatus.METHOD_NOT_ALLOWED_405;
      case TOO_SLOW -> HttpStatus.REQUEST_TIMEOUT_408;
      case TOO_LARGE -> HttpStatus.PAYLOAD_TOO_LARGE_413;
      case UNSUPPORTED_TYPE -> HttpStatus.UNSUPPORTED_MEDIA_TYPE_415;
      case OVERLOADED -> HttpStatus.TOO_MANY_REQUESTS_429;
      case UNAVAILABLE -> HttpStatus.SERVICE_UNAVAILABLE_503;
      case DEADLINE -> HttpStatus.GATEWAY_TIMEOUT_504;
      case INTERNAL -> HttpStatus.INTERNAL_SERVER_ERROR_500;
    };
  }
}
