package org.scanformer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.scanformer.internal.engine.Engine;

/** Every one of several expressions in every one of several images, by a model. */
final class LocateAll {
  private final ScanFormer model;
  private final int images;
  private final List<String> expressions;

  /** Of each image with each expression, the expressions of an image together. */
  private final Request[] requests;

  private LocateAll(ScanFormer model, int images, List<String> expressions, Request[] requests) {
    this.model = model;
    this.images = images;
    this.expressions = expressions;
    this.requests = requests;
  }

  /** Checks that every expression can be located in every image. */
  static LocateAll of(
      ScanFormer model,
      List<Image> images,
      List<String> expressions,
      UnaryOperator<Request> options) {
    Objects.requireNonNull(options, "options");
    List<Image> pictures = Elements.of("images", images);
    List<String> texts = Elements.of("expressions", expressions);
    Engine engine = model.engine();
    engine.requireOutsideCalls();
    engine.requireOpen();
    for (int e = 0; e < texts.size(); e++) {
      String text = texts.get(e);
      check(place("Expression", e, texts.size()), () -> engine.requireReadable(text));
    }
    Request[] requests = new Request[Math.multiplyExact(pictures.size(), texts.size())];
    for (int r = 0; r < requests.length; r++) {
      int image = r / texts.size();
      int e = r % texts.size();
      Request plain = Request.of(pictures.get(image), texts.get(e));
      Request request = Objects.requireNonNull(options.apply(plain), "what options gives");
      String place =
          place("Image", image, pictures.size()) + place(", expression", e, texts.size());
      check(
          place,
          () -> {
            requireSameQuestion(plain, request);
            engine.requireFits(request);
          });
      requests[r] = request;
    }
    return new LocateAll(model, pictures.size(), texts, requests);
  }

  private static String place(String what, int index, int count) {
    return what + " " + index + " of " + count;
  }

  private static void check(String place, Runnable requirement) {
    try {
      requirement.run();
    } catch (ScanFormerException e) {
      throw new ScanFormerException(e.code(), place + ": " + e.getMessage(), e);
    }
  }

  private static void requireSameQuestion(Request plain, Request request) {
    if (request.image() != plain.image()
        || request.expression() != null
        || !request.text().equals(plain.text())) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The options give the request " + request + ", expected one of the same image and text");
    }
  }

  /** Answers them: [images][expressions]. */
  List<List<Location>> run(Schedule schedule) {
    Objects.requireNonNull(schedule, "schedule");
    int each = expressions.size();
    Location[] found = new Location[requests.length];
    // For a single image the texts are packed into its batches, which costs less. Of several only
    // a batch's expressions are encoded at a time.
    boolean encodes = images > 1;
    int chunk = encodes ? model.engine().maxBatch() : Math.max(1, each);
    for (int first = 0; first < each; first += chunk) {
      runChunk(first, Math.min(each, first + chunk), encodes, schedule, found);
    }
    List<List<Location>> byImage = new ArrayList<>(images);
    for (int i = 0; i < images; i++) {
      byImage.add(List.of(Arrays.copyOfRange(found, i * each, (i + 1) * each)));
    }
    return List.copyOf(byImage);
  }

  private void runChunk(int first, int end, boolean encodes, Schedule schedule, Location[] found) {
    List<Expression> encoded = new ArrayList<>();
    try {
      for (int e = first; e < end && encodes; e++) {
        encoded.add(model.encode(expressions.get(e)));
      }
      int each = expressions.size();
      List<Request> chunk = new ArrayList<>();
      for (int i = 0; i < images; i++) {
        for (int e = first; e < end; e++) {
          Request request = requests[i * each + e];
          chunk.add(encodes ? request.withExpression(encoded.get(e - first)) : request);
        }
      }
      List<Location> locations = model.locate(chunk, schedule);
      for (int r = 0; r < locations.size(); r++) {
        int image = r / (end - first);
        found[image * each + first + r % (end - first)] = locations.get(r);
      }
    } finally {
      encoded.forEach(Expression::close);
    }
  }
}
