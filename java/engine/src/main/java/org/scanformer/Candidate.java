package org.scanformer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;
import org.scanformer.internal.json.JsonFields;

/**
 * An object that may be the one that an expression refers to: see {@link Location#candidates()}.
 * Immutable, so it is thread-safe.
 *
 * @param box where it is, in pixels
 * @param normalizedBox the same, relative to the image
 * @param score how likely a patch of it is one of the object that is asked for, 0 to 1. It ranks
 *     the candidates of one answer; it is not calibrated, and not to be compared with {@link
 *     Location#score()}.
 */
public record Candidate(Box box, NormalizedBox normalizedBox, float score) {
  /** A candidate from the form of {@link #toMap()}. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Candidate fromMap(Map<String, ?> json) {
    return read(new JsonFields("Candidate", json));
  }

  static Candidate read(JsonFields json) {
    return new Candidate(
        Location.pixels(json.object("box")), Location.box(json), (float) json.number("score"));
  }

  /** The candidate as it is in JSON; see {@link Location}. */
  @JsonValue
  public Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("score", score);
    json.put("box", Location.toMap(box));
    json.put("box_cxcywh", normalizedBox.toList());
    return json;
  }
}
