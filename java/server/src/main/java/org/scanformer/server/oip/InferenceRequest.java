package org.scanformer.server.oip;

import java.util.List;
import java.util.Map;

/**
 * A request of the protocol. Immutable.
 *
 * @param id given back with the response; empty for none
 * @param parameters texts, numbers and booleans, by name
 * @param inputs the input tensors
 * @param outputs the names of the outputs that are wanted; empty for all
 */
public record InferenceRequest(
    String id, Map<String, Object> parameters, List<Tensor> inputs, List<String> outputs) {
  /** Copies the collections. */
  public InferenceRequest {
    parameters = Map.copyOf(parameters);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
