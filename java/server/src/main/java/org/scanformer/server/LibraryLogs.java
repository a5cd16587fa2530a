package org.scanformer.server;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Keeps what the libraries log to what the server's owner must know. They tell of each start and of
 * each request that is no request, which would let strangers fill the log.
 */
final class LibraryLogs {
  // Held, as a logger that nobody holds forgets its level.
  private static final Logger JETTY = Logger.getLogger("org.eclipse.jetty");
  private static final List<Logger> JETTY_PARSERS =
      List.of(
          Logger.getLogger("org.eclipse.jetty.http"),
          Logger.getLogger("org.eclipse.jetty.util.HostPort"));
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  private LibraryLogs() {}

  static void quieten() {
    JETTY.setLevel(Level.WARNING);
    // They warn of what clients send, who are told by a status.
    JETTY_PARSERS.forEach(parser -> parser.setLevel(Level.SEVERE));
    // It logs a message that is none as a fault of its own; the client is told by a status.
    GRPC.setLevel(Level.OFF);
  }
}
