package org.scanformer.server;

import java.time.Duration;

/**
 * What requests and connections may cost. Immutable.
 *
 * @param bodyBytes the most bytes of a request's body
 * @param pixels the most pixels of an image
 * @param requests the most requests that are in work at a time; more are refused
 * @param memoryBytes the most bytes of bodies and decoded images of all requests in work
 * @param connections the most open connections over HTTP; more wait to be accepted
 * @param headerTime the most time to send a request's head, and for the handshake of TLS before it
 * @param bodyTime the most time to send a request's body, and to take its answer
 * @param requestTime the most time to answer a request; one that asks for less has less
 * @param drainTime the most time that requests in work may take when the server stops
 */
public record Limits(
    int bodyBytes,
    long pixels,
    int requests,
    long memoryBytes,
    int connections,
    Duration headerTime,
    Duration bodyTime,
    Duration requestTime,
    Duration drainTime) {
  /** The defaults, with a third of the largest Java heap for bodies and images. */
  public static Limits defaults() {
    return new Limits(
        20 << 20,
        40_000_000,
        64,
        Runtime.getRuntime().maxMemory() / 3,
        4096,
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        Duration.ofSeconds(30));
  }
}
