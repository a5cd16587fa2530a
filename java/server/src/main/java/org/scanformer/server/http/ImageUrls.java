package org.scanformer.server.http;

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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.scanformer.server.Admission;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/**
 * Fetches images from the places that the server's owner allows, and from nowhere else.
 * Redirections are not followed, as they could lead anywhere. Thread-safe.
 */
final class ImageUrls {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /**
   * What some servers take for a way out of the allowed path: segments of dots, with what is cut
   * off them, and encoded dots, slashes, semicolons and control characters, also encoded twice or
   * in more bytes than they need.
   */
  private static final Pattern CROOKED =
      Pattern.compile(
          "//|\\\\|/\\.+(;|/|%20|$)|%(2e|2f|5c|3b|[01][0-9a-f]|7f|25[0-9a-f]{2}|c[01]|[ef]0%80)",
          Pattern.CASE_INSENSITIVE);

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
      boolean straight =
          plain
              && uri.normalize().equals(uri)
              && text.chars().allMatch(c -> c < 0x7F)
              && !CROOKED.matcher(uri.getRawPath()).find();
      return straight ? uri : null;
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
    HttpRequest request = HttpRequest.newBuilder(uri).GET().build();
    CompletableFuture<HttpResponse<byte[]>> sent =
        client().sendAsync(request, info -> new BoundedBody(ticket, maxBytes));
    // The client's own limit ends with the response's head, and leaves the body to take forever.
    return sent.copy()
        .orTimeout(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)
        .handle(
            (response, failure) -> {
              // Closes the connection of one that has not ended.
              sent.cancel(true);
              if (failure != null) {
                throw failure(url, failure);
              }
              if (response.statusCode() != 200) {
                throw ServiceException.badRequest(
                    "The image at '%s' could not be fetched: its server answered %d",
                    url, response.statusCode());
              }
              return response.body();
            });
  }

  /** What is not the URL's fault, such as that no memory is left, stays what it is. */
  private static ServiceException failure(String url, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      boolean isTold =
          cause instanceof ServiceException
              || cause instanceof TimeoutException
              || cause instanceof OutOfMemoryError;
      ServiceException told = isTold ? ServiceException.of(cause) : null;
      if (told != null && told.kind() != FailureKind.BAD_REQUEST) {
        return told;
      }
    }
    return ServiceException.badRequest(
        "The image at '%s' could not be fetched: %s", url, failure.getMessage());
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
    private final int maxBytes;
    private final CountedBytes read;
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private Flow.Subscription subscription;

    private BoundedBody(Admission.Ticket ticket, int maxBytes) {
      this.maxBytes = maxBytes;
      read = new CountedBytes(ticket, maxBytes);
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
        buffers.forEach(read::add);
      } catch (ServiceException | OutOfMemoryError e) {
        subscription.cancel();
        body.completeExceptionally(e);
        return;
      }
      subscription.request(1);
    }

    @Override
    public void onError(Throwable failure) {
      body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      body.complete(read.take());
    }
  }
}
