package org.scanformer.server.http;

import java.util.List;
import java.util.Locale;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.HostPort;
import org.scanformer.server.BearerToken;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/**
 * Keeps out requests that a page of another site makes in the browser of who may use this server,
 * and those without the token. Thread-safe.
 */
final class Guard {
  private final List<String> hosts;
  private final BearerToken token;

  /**
   * @param hosts the names that requests may call this server by, without ports; empty for any
   * @param token what requests must bring
   */
  Guard(List<String> hosts, BearerToken token) {
    this.hosts = hosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
    this.token = token;
  }

  /**
   * Checks the names of host and origin.
   *
   * @throws ServiceException FORBIDDEN
   */
  void checkSite(HttpFields headers) {
    String host = headers.get(HttpHeader.HOST);
    // A page whose own name was made to lead to this server would send that name.
    if (!hosts.isEmpty() && (host == null || !hosts.contains(name(host)))) {
      throw ServiceException.of(
          FailureKind.FORBIDDEN,
          "%s: expected one of %s; --allow-host adds a name",
          host == null ? "The request has no Host" : "This server is not called '" + host + "'",
          hosts);
    }
    String origin = headers.get(HttpHeader.ORIGIN);
    if (origin != null && !origin.replaceFirst("^https?://", "").equalsIgnoreCase(host)) {
      throw new ServiceException(
          FailureKind.FORBIDDEN, "Pages of '" + origin + "' may not use this server");
    }
  }

  private static String name(String host) {
    try {
      return new HostPort(host).getHost().toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException e) {
      return host;
    }
  }

  /**
   * Checks the token.
   *
   * @throws ServiceException UNAUTHORIZED
   */
  void checkToken(HttpFields headers) {
    token.check(headers.get(HttpHeader.AUTHORIZATION));
  }
}
