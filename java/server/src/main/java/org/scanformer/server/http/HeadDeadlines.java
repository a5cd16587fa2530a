package org.scanformer.server.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Closes connections that take too long to send the head of a request, or to agree on TLS before.
 * Jetty's own time-out is between bytes, which who sends a byte now and then never meets.
 * Thread-safe.
 */
final class HeadDeadlines implements Connection.Listener {
  private static final long PERIOD_MILLIS = 500;

  private final Scheduler scheduler;
  private final long limitNanos;
  private final Map<Connection, Progress> connections = new ConcurrentHashMap<>();

  /** What closes connections that have not agreed on TLS yet. */
  private final Map<Connection, Scheduler.Task> handshakes = new ConcurrentHashMap<>();

  /** What was seen of a connection at the last look. Used by the scheduler's thread only. */
  private static final class Progress {
    private long heads;
    private long bytes;
    private long since;
    private boolean begun;
  }

  HeadDeadlines(Scheduler scheduler, Duration limit) {
    this.scheduler = scheduler;
    this.limitNanos = limit.toNanos();
  }

  void start() {
    scheduler.schedule(this::look, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Override
  public void onOpened(Connection connection) {
    // Of a connection with TLS, the one within it is looked at.
    if (connection instanceof SslConnection tls) {
      handshakes.put(
          tls,
          scheduler.schedule(() -> tls.getEndPoint().close(), limitNanos, TimeUnit.NANOSECONDS));
      tls.addHandshakeListener(
          new SslHandshakeListener() {
            @Override
            public void handshakeSucceeded(Event event) {
              endHandshake(tls);
            }
          });
    } else {
      connections.put(connection, new Progress());
    }
  }

  @Override
  public void onClosed(Connection connection) {
    connections.remove(connection);
    endHandshake(connection);
  }

  private void endHandshake(Connection connection) {
    Scheduler.Task tooSlow = handshakes.remove(connection);
    if (tooSlow != null) {
      tooSlow.cancel();
    }
  }

  private void look() {
    long now = System.nanoTime();
    connections.forEach((connection, progress) -> look(connection, progress, now));
    start();
  }

  private void look(Connection connection, Progress progress, long now) {
    boolean inRequest = connection.getMessagesIn() != connection.getMessagesOut();
    if (inRequest || connection.getMessagesIn() != progress.heads) {
      progress.heads = connection.getMessagesIn();
      progress.bytes = connection.getBytesIn();
      progress.begun = false;
    } else if (!progress.begun) {
      progress.begun = connection.getBytesIn() != progress.bytes;
      progress.since = now;
    } else if (now - progress.since > limitNanos) {
      connection.getEndPoint().close();
    }
  }
}
