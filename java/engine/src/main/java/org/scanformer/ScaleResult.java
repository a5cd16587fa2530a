package org.scanformer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;
import org.scanformer.internal.json.JsonFields;

/**
 * What happened at one scale. Immutable, so it is thread-safe.
 *
 * @param scale 0 is the coarsest
 * @param mask the grid of this scale and its selected patches
 * @param box the box after this scale; null where the schedule gives none (see {@link Schedule})
 * @param score the score of that box, 0 to 1, as {@link Location#score()}; NaN where there is no
 *     box or the model has no score head
 * @param found whether there is a box, and the object is taken to be there; as {@link
 *     Location#found()}
 * @param nanos time spent on this scale, nanoseconds; the second half of the encoder is in it under
 *     {@link Schedule#PER_SCALE} only. Requests of one batch share it. On a GPU under {@link
 *     Schedule#FINAL_ONLY} the host does not wait for the finest scale, whose time is then part of
 *     {@link Timings#finalPass()}; 0 in a call of {@linkplain SessionOptions#oneGraph() one graph}.
 */
public record ScaleResult(
    int scale, PatchMask mask, NormalizedBox box, float score, boolean found, long nanos) {

  /** A scale's result from the form of {@link #toMap()}, as {@link Location#fromMap}. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static ScaleResult fromMap(Map<String, ?> json) {
    return read(new JsonFields("ScaleResult", json));
  }

  @SuppressWarnings("unchecked")
  static ScaleResult read(JsonFields json) {
    return new ScaleResult(
        json.integer("scale"),
        PatchMask.fromMap((Map<String, ?>) json.fields()),
        Location.box(json),
        (float) json.numberOrNaN("score"),
        json.fields().get("found") != null && json.flag("found"),
        json.nanos("ms"));
  }

  /** The result as it is in JSON; see {@link Location}. */
  @JsonValue
  public Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("scale", scale);
    json.putAll(mask.toMap());
    json.put("box_cxcywh", box == null ? null : box.toList());
    json.put("score", Float.isNaN(score) ? null : (Float) score);
    json.put("found", box == null ? null : (Boolean) found);
    json.put("ms", nanos / 1e6);
    return json;
  }
}
