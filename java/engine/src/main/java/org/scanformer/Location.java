package org.scanformer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.internal.json.JsonFields;
import org.scanformer.internal.json.JsonNames;

/**
 * The answer to one request. Immutable, so it is thread-safe.
 *
 * <p>In JSON, as Jackson 2 and 3 write and read it without configuration and as the command line
 * prints it, an answer is an object (here shortened to one scale):
 *
 * <pre>{@code
 * {"found": true, "score": 0.93,
 *  "box": {"x": 96.1, "y": 40.2, "width": 51.7, "height": 50.9},
 *  "box_cxcywh": [0.51, 0.27, 0.22, 0.21],
 *  "candidates": [{"score": 0.88, "box": {"x": 96.0, "y": 40.3, "width": 51.8, "height": 50.8},
 *                  "box_cxcywh": [0.51, 0.27, 0.22, 0.21]}],
 *  "unknown_words": [{"word": "cirlce", "suggestions": ["circle"]}], "truncated": false,
 *  "backend": "cpu", "precision": "fp32", "schedule": "final-only",
 *  "scales": [{"scale": 0, "rows": 2, "cols": 3, "selected": 6, "total": 6, "mask": "111111",
 *              "box_cxcywh": null, "score": null, "found": null, "ms": 1.02}],
 *  "timings_ms": {"pyramid": 0.31, "final": 0.88, "total": 3.4}}
 * }</pre>
 *
 * <p>{@code box} is in pixels from the top left corner; {@code box_cxcywh} is its centre and size
 * relative to the image. A score is null where there is none, and so are the box, the score and
 * {@code found} of a scale that the schedule gives no box for. A mask is row-major.
 *
 * @param box where the object is, in pixels; it may reach beyond the image, see {@link Box#clip}
 * @param normalizedBox the same, relative to the image
 * @param score how sure the model is, 0 to 1; NaN where the model has no score head. With a model
 *     that was trained to say that an object is absent, this is the probability that the object is
 *     there and that the box fits it with an IoU of at least ½. Otherwise it is the IoU that the
 *     model predicts for its box, if the object is there.
 * @param found whether the object is taken to be there: true if the score reaches the request's
 *     {@linkplain Request#withFoundThreshold threshold}, or else the model's {@code
 *     found_threshold}. A model without either always finds something. The box and the score are
 *     given in any case.
 * @param candidates if the {@linkplain Request#withCandidates request} asks for them, where else
 *     the object may be: the boxes that the patches of the last scale give, those of the best
 *     scores first, without any whose IoU with a better one is at least ½. The first is normally
 *     the answer's own object, given here with a score that can be compared with the others'; a
 *     second high score may mean that the expression fits two objects. Empty too if no patch of
 *     that scale was selected.
 * @param unknownWords as {@link Expression#unknownWords()}
 * @param truncated as {@link Expression#truncated()}
 * @param schedule the schedule that was run
 * @param backend the device family that it ran on
 * @param precision the precision that it ran in
 * @param scales one entry a scale, from the coarsest on
 * @param timings where the time went
 */
public record Location(
    Box box,
    NormalizedBox normalizedBox,
    float score,
    boolean found,
    List<Candidate> candidates,
    List<UnknownWord> unknownWords,
    boolean truncated,
    Schedule schedule,
    BackendKind backend,
    Precision precision,
    List<ScaleResult> scales,
    Timings timings) {
  /** Copies the lists. */
  public Location {
    candidates = List.copyOf(candidates);
    unknownWords = List.copyOf(unknownWords);
    scales = List.copyOf(scales);
  }

  /**
   * An answer made by hand, for an application's fake {@link Locator}: a found box, without scales
   * and times.
   *
   * @param image what the box is in
   * @param score 0 to 1, or NaN
   */
  public static Location of(Image image, Box box, double score) {
    return new Location(
        box,
        NormalizedBox.of(box, image.width(), image.height()),
        (float) score,
        true,
        List.of(),
        List.of(),
        false,
        Schedule.FINAL_ONLY,
        BackendKind.CPU,
        Precision.FP32,
        List.of(),
        new Timings(0, 0, 0));
  }

  /**
   * An answer from the form of {@link #toMap()}, as a JSON mapper reads it. Fields that an answer
   * does not have are ignored.
   *
   * @throws ScanFormerException BAD_INPUT naming the field, what was found and what was expected
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Location fromMap(Map<String, ?> json) {
    JsonFields fields = new JsonFields("Location", json);
    return new Location(
        pixels(fields.object("box")),
        box(fields),
        (float) fields.numberOrNaN("score"),
        fields.flag("found"),
        fields.objects("candidates", Candidate::read),
        fields.objects(
            "unknown_words", word -> new UnknownWord(word.text("word"), word.texts("suggestions"))),
        fields.flag("truncated"),
        fields.constant("schedule", Schedule.class),
        fields.constant("backend", BackendKind.class),
        fields.constant("precision", Precision.class),
        fields.objects("scales", ScaleResult::read),
        Timings.read(fields.object("timings_ms")));
  }

  /** A box in pixels. */
  static Box pixels(JsonFields box) {
    return new Box(box.number("x"), box.number("y"), box.number("width"), box.number("height"));
  }

  /** The relative box of an answer, a scale or a candidate; null where there is none. */
  static NormalizedBox box(JsonFields json) {
    return json.numbers("box_cxcywh").map(NormalizedBox::fromList).orElse(null);
  }

  /**
   * The answer as it is in JSON, for any mapper: maps, lists, texts, numbers and booleans in the
   * shape that this class describes. New with each call.
   */
  @JsonValue
  public Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("found", found);
    json.put("score", Float.isNaN(score) ? null : (Float) score);
    json.put("box", toMap(box));
    json.put("box_cxcywh", normalizedBox.toList());
    json.put("candidates", candidates.stream().map(Candidate::toMap).toList());
    json.put("unknown_words", unknownWords.stream().map(Location::toMap).toList());
    json.put("truncated", truncated);
    json.put("backend", JsonNames.of(backend));
    json.put("precision", JsonNames.of(precision));
    json.put("schedule", JsonNames.of(schedule));
    json.put("scales", scales.stream().map(ScaleResult::toMap).toList());
    json.put("timings_ms", timings.toMap());
    return json;
  }

  static Map<String, Object> toMap(Box box) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("x", box.x());
    json.put("y", box.y());
    json.put("width", box.width());
    json.put("height", box.height());
    return json;
  }

  private static Map<String, Object> toMap(UnknownWord word) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("word", word.word());
    json.put("suggestions", word.suggestions());
    return json;
  }
}
