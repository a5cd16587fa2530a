package org.scanformer.server.oip;

import java.util.List;
import java.util.Map;
import org.scanformer.server.ServiceException;

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
  private static final int MAX_ID_LENGTH = 1024;

  /** Copies the collections, and refuses an id that would make the response a large one. */
  public InferenceRequest {
    if (id.length() > MAX_ID_LENGTH) {
      throw ServiceException.badRequest(
          "The id has %d characters, at most %d are allowed", id.length(), MAX_ID_LENGTH);
    }
    parameters = Map.copyOf(parameters);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
