package org.scanformer;

import java.util.Objects;

/** One image and one expression to locate in it. Immutable, so it is thread-safe. */
public final class Request {
  private final Image image;
  private final String text;
  private final Expression expression;
  private final SelectionPolicy selection;

  private Request(Image image, String text, Expression expression, SelectionPolicy selection) {
    this.image = Objects.requireNonNull(image, "image");
    this.text = text;
    this.expression = expression;
    this.selection = Objects.requireNonNull(selection, "selection");
  }

  /** A request with the expression as text, which is encoded in the call. */
  public static Request of(Image image, String text) {
    return new Request(
        image, Objects.requireNonNull(text, "text"), null, SelectionPolicy.checkpoint());
  }

  /** A request with an expression that was encoded by the model to be called. */
  public static Request of(Image image, Expression expression) {
    Objects.requireNonNull(expression, "expression");
    return new Request(image, expression.text(), expression, SelectionPolicy.checkpoint());
  }

  /** The same request under another selection policy. */
  public Request withSelection(SelectionPolicy policy) {
    return new Request(image, text, expression, policy);
  }

  /** The image. */
  public Image image() {
    return image;
  }

  /** The expression as text. */
  public String text() {
    return text;
  }

  /** The encoded expression, or null when the request has only text. */
  public Expression expression() {
    return expression;
  }

  /** The selection policy. */
  public SelectionPolicy selection() {
    return selection;
  }
}
