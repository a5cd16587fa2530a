package org.scanformer;

import java.util.List;

/**
 * Finds what expressions refer to in images: what {@link ScanFormer}, {@link Session} and {@link
 * Batcher} have in common. Code that takes a locator works with each of them, and in its tests with
 * a fake:
 *
 * <pre>{@code
 * Locator fake = request -> Location.of(request.image(), new Box(10, 20, 30, 40), 0.9);
 * }</pre>
 *
 * <p>Whether several threads may call one, and which calls run together, is up to the
 * implementation.
 */
@FunctionalInterface
public interface Locator {
  /**
   * Answers one request.
   *
   * @throws ScanFormerException whose code says what to do
   * @throws IllegalStateException when the locator is closed, or is called where it may not be
   */
  Location locate(Request request);

  /** Locates what an expression refers to. */
  default Location locate(Image image, String expression) {
    return locate(Request.of(image, expression));
  }

  /** Locates what an encoded expression refers to. */
  default Location locate(Image image, Expression expression) {
    return locate(Request.of(image, expression));
  }

  /** Answers requests in their order; by default one after another. */
  default List<Location> locate(List<Request> requests) {
    return requests.stream().map(this::locate).toList();
  }
}
