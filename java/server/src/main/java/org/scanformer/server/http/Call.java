package org.scanformer.server.http;

import java.util.Map;
import org.eclipse.jetty.http.HttpFields;
import org.scanformer.server.Admission;

/**
 * A request that was received whole.
 *
 * @param headers its head
 * @param path the values of the route's variables
 * @param query the first value of each parameter
 * @param body empty where the route reads none
 * @param ticket counts what it holds; closed by who made it
 * @param deadline the {@link System#nanoTime()} at which it is answered or fails
 */
record Call(
    HttpFields headers,
    Map<String, String> path,
    Map<String, String> query,
    byte[] body,
    Admission.Ticket ticket,
    long deadline) {}
