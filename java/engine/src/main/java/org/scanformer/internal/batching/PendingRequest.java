package org.scanformer.internal.batching;

import java.util.concurrent.CompletableFuture;
import org.scanformer.Location;
import org.scanformer.Request;

/**
 * A request on its way to its answer. Thread-safe.
 *
 * @param request what is to be located
 * @param since the {@link QueueClock#nanoTime()} at which it was submitted
 * @param answer completed once, by whoever is first
 */
record PendingRequest(Request request, long since, CompletableFuture<Location> answer) {}
