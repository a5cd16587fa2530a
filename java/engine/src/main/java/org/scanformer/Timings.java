package org.scanformer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;
import org.scanformer.internal.json.JsonFields;

/**
 * Where the time of a call went, in nanoseconds. Requests of one batch share these times; those of
 * the scales are in {@link ScaleResult#nanos()}. Immutable, so it is thread-safe.
 *
 * @param pyramid building the image pyramids
 * @param finalPass the second half of the encoder over all tokens, under {@link
 *     Schedule#FINAL_ONLY}; else 0, also in a call of {@linkplain SessionOptions#oneGraph() one
 *     graph}
 * @param total from the start of the batch's work on the device to its answer
 */
public record Timings(long pyramid, long finalPass, long total) {

  /** Timings from the form of {@link #toMap()}, as {@link Location#fromMap}. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Timings fromMap(Map<String, ?> json) {
    return read(new JsonFields("Timings", json));
  }

  static Timings read(JsonFields json) {
    return new Timings(json.nanos("pyramid"), json.nanos("final"), json.nanos("total"));
  }

  /**
   * The timings as they are in JSON, in milliseconds: {@code pyramid}, {@code final}, {@code
   * total}.
   */
  @JsonValue
  public Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("pyramid", pyramid / 1e6);
    json.put("final", finalPass / 1e6);
    json.put("total", total / 1e6);
    return json;
  }
}
