package org.scanformer.server.http;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.scanformer.server.Admission;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/**
 * Fetches images from the places that the server's owner allows, and from nowhere else.
 * Redirections are not followed, as they could lead anywhere. Thread-safe.
 */
final class ImageUrls {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  private final List<URI> allowed;
  private final int maxBytes;
  private HttpClient client;

  /**
   * @param allowed what a URL must begin with, each http or https with a path that ends with a
   *     slash
   * @param maxBytes the most bytes of an image
   * @throws IllegalArgumentException when one is not like that
   */
  ImageUrls(List<String> allowed, int maxBytes) {
    this.allowed = prefixes(allowed);
    this.maxBytes = maxBytes;
  }

  /**
   * Reads what URLs must begin with.
   *
   * @throws IllegalArgumentException when one is not like that
   */
  static List<URI> prefixes(List<String> allowed) {
    return allowed.stream().map(ImageUrls::prefix).toList();
  }

  private static URI prefix(String text) {
    URI uri = parse(text);
    if (uri == null || !uri.getRawPath().endsWith("/") || uri.getRawQuery() != null) {
      throw new IllegalArgumentException(
          "An allowed URL must be like https://images.example.org/shop/, with a slash at its end,"
              + " found '"
              + text
              + "'");
    }
    return uri;
  }

  /** A URL that means the same to whoever reads it; null where it may not. */
  private static URI parse(String text) {
    try {
      URI uri = new URI(text);
      boolean plain =
          uri.getHost() != null
              && uri.getRawUserInfo() == null
              && uri.getRawFragment() == null
              && ("http".equalsIgnoreCase(uri.getScheme())
                  || "https".equalsIgnoreCase(uri.getScheme()));
      // An encoded dot or slash could leave the allowed path at the server that is asked.
      String path = plain ? uri.getRawPath() : "";
      boolean straight =
          uri.normalize().equals(uri)
              && !path.contains("\\")
              && !path.matches("(?i).*(%2e|%2f|%5c|//|/\\.\\.?(/|$)).*");
      return plain && straight ? uri : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }

  /**
   * Fetches an image.
   *
   * @param ticket counts its bytes
   * @param deadline the {@link System#nanoTime()} at which it fails
   * @throws ServiceException FORBIDDEN when it is not allowed; nothing was fetched then
   */
  CompletableFuture<byte[]> fetch(String url, Admission.Ticket ticket, long deadline) {
    URI uri = parse(url);
    if (uri == null || allowed.stream().noneMatch(prefix -> isBelow(prefix, uri))) {
      throw ServiceException.of(
          FailureKind.FORBIDDEN,
          "This server fetches no image from '%s'; send the image itself",
          url);
    }
    Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(left).GET().build();
    return client()
        .sendAsync(request, info -> new BoundedBody(ticket, maxBytes))
        .handle(
            (response, failure) -> {
              if (failure != null) {
                throw ServiceException.badRequest(
                    "The image at '%s' could not be fetched: %s", url, failure.getMessage());
              }
              if (response.statusCode() != 200) {
                throw ServiceException.badRequest(
                    "The image at '%s' could not be fetched: its server answered %d",
                    url, response.statusCode());
              }
              return response.body();
            });
  }

  private static boolean isBelow(URI prefix, URI uri) {
    return prefix.getScheme().equalsIgnoreCase(uri.getScheme())
        && prefix.getHost().equalsIgnoreCase(uri.getHost())
        && prefix.getPort() == uri.getPort()
        && uri.getRawPath().startsWith(prefix.getRawPath());
  }

  private synchronized HttpClient client() {
    if (client == null) {
      client =
          HttpClient.newBuilder()
              .connectTimeout(CONNECT)
              .followRedirects(HttpClient.Redirect.NEVER)
              .build();
    }
    return client;
  }

  /** Collects a body up to a limit. */
  private static final class BoundedBody implements HttpResponse.BodySubscriber<byte[]> {
    private final Admission.Ticket ticket;
    private final int maxBytes;
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private Flow.Subscription subscription;

    private BoundedBody(Admission.Ticket ticket, int maxBytes) {
      this.ticket = ticket;
      this.maxBytes = maxBytes;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      int more = buffers.stream().mapToInt(ByteBuffer::remaining).sum();
      try {
        if (more > maxBytes - read.size()) {
          throw ServiceException.badRequest("it has more than %d bytes", maxBytes);
        }
        ticket.reserve(more);
      } catch (ServiceException e) {
        subscription.cancel();
        body.completeExceptionally(e);
        return;
      }
      for (ByteBuffer buffer : buffers) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        read.writeBytes(bytes);
      }
      subscription.request(1);
    }

    @Override
    public void onError(Throwable failure) {
      body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      body.complete(read.toByteArray());
    }
  }
}
