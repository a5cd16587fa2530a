package org.scanformer;

import java.util.Objects;

/** One image and one expression to locate in it. Immutable, so it is thread-safe. */
public final class Request {
  private final Image image;
  private final String text;
  private final Expression expression;
  private final SelectionPolicy selection;
  private final float foundThreshold;
  private final int candidates;

  private Request(
      Image image,
      String text,
      Expression expression,
      SelectionPolicy selection,
      float foundThreshold,
      int candidates) {
    this.image = Objects.requireNonNull(image, "image");
    this.text = text;
    this.expression = expression;
    this.selection = Objects.requireNonNull(selection, "selection");
    this.foundThreshold = foundThreshold;
    this.candidates = candidates;
  }

  /** A request with the expression as text, which is encoded in the call. */
  public static Request of(Image image, String text) {
    return new Request(
        image,
        Objects.requireNonNull(text, "text"),
        null,
        SelectionPolicy.checkpoint(),
        Float.NaN,
        0);
  }

  /** A request with an expression that was encoded by the model to be called. */
  public static Request of(Image image, Expression expression) {
    Objects.requireNonNull(expression, "expression");
    return new Request(
        image, expression.text(), expression, SelectionPolicy.checkpoint(), Float.NaN, 0);
  }

  /** The same request under another selection policy. */
  public Request withSelection(SelectionPolicy policy) {
    return new Request(image, text, expression, policy, foundThreshold, candidates);
  }

  /**
   * The same request with a threshold of its own for {@link Location#found()}. A model without a
   * score head refuses it with BAD_INPUT.
   *
   * @param score the least score of an object that is there, 0 to 1
   */
  public Request withFoundThreshold(double score) {
    float threshold = LocateOptions.Builder.share("foundThreshold", score);
    return new Request(image, text, expression, selection, threshold, candidates);
  }

  /**
   * The same request, whose answer also has {@link Location#candidates()}. A model without the
   * tensor {@code candidate_head.weight} refuses it with BAD_INPUT.
   *
   * @param most the most candidates, 0 or more
   */
  public Request withCandidates(int most) {
    int number = LocateOptions.Builder.candidateNumber(most);
    return new Request(image, text, expression, selection, foundThreshold, number);
  }

  /** The same request with its text encoded. */
  Request withExpression(Expression encoded) {
    return new Request(image, text, encoded, selection, foundThreshold, candidates);
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

  /** The least score of an object that is there; NaN for the model's own threshold. */
  public float foundThreshold() {
    return foundThreshold;
  }

  /** The most candidates of the answer. Default 0. */
  public int candidates() {
    return candidates;
  }

  @Override
  public String toString() {
    return "\"" + text + "\" in " + image + ", selection " + selection;
  }
}
