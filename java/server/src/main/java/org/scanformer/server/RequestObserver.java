package org.scanformer.server;

/** Sees every request once it is answered. Thread-safe, and quick: it runs within the request. */
@FunctionalInterface
public interface RequestObserver {
  /** Sees nothing. */
  RequestObserver NONE = (protocol, method, route, status, nanos) -> {};

  /**
   * A request was answered, or refused.
   *
   * @param protocol http or grpc
   * @param method of HTTP; for gRPC the name of the procedure
   * @param route the template of the path, which holds nothing of the request; "none" where no
   *     route was found
   * @param status the protocol's own
   * @param nanos from the head to the reply
   */
  void answered(String protocol, String method, String route, String status, long nanos);

  /** Tells this one, then another one. */
  default RequestObserver and(RequestObserver other) {
    return (protocol, method, route, status, nanos) -> {
      answered(protocol, method, route, status, nanos);
      other.answered(protocol, method, route, status, nanos);
    };
  }
}
