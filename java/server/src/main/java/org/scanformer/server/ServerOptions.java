package org.scanformer.server;

import java.time.Duration;
import java.util.List;
import org.scanformer.ScanFormerOptions;

/**
 * How a server is set up. Immutable.
 *
 * @param models at least one
 * @param modelOptions how each is loaded; its metrics and batch size are the server's
 * @param maxBatch the most requests that run together
 * @param batchDelay how long a request waits for others while its model is free
 * @param address the address to listen on
 * @param httpPort 0 for any that is free
 * @param grpcPort 0 for any that is free; negative for none
 * @param tls null for none
 * @param token what requests must bring
 * @param hosts the names that requests over HTTP may call the server by; empty for any
 * @param allowedUrls what the URLs of images must begin with; empty to fetch none
 * @param limits what requests may cost
 */
public record ServerOptions(
    List<ModelSpec> models,
    ScanFormerOptions.Builder modelOptions,
    int maxBatch,
    Duration batchDelay,
    String address,
    int httpPort,
    int grpcPort,
    Tls tls,
    BearerToken token,
    List<String> hosts,
    List<String> allowedUrls,
    Limits limits) {
  /** Copies the lists. */
  public ServerOptions {
    models = List.copyOf(models);
    hosts = List.copyOf(hosts);
    allowedUrls = List.copyOf(allowedUrls);
  }
}
