package org.scanformer.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.scanformer.server.Json;
import org.scanformer.server.Models;
import org.scanformer.server.ServedModel;
import org.scanformer.server.ServerState;
import org.scanformer.server.ServiceException;
import org.scanformer.server.oip.Inference;
import org.scanformer.server.oip.InferenceRequest;
import org.scanformer.server.oip.Tensor;
import org.scanformer.server.oip.TensorMetadata;

/** The Open Inference Protocol over HTTP, with its extension for binary tensors. */
final class InferenceEndpoints {
  /** Where the JSON of a body ends and the bytes of its tensors begin. */
  static final String JSON_LENGTH = "Inference-Header-Content-Length";

  private static final String BINARY = "binary_data";
  private static final String ALL_BINARY = "binary_data_output";

  private final Models models;
  private final ServerState state;
  private final Inference inference;

  InferenceEndpoints(Models models, ServerState state, Inference inference) {
    this.models = models;
    this.state = state;
    this.inference = inference;
  }

  void addTo(Routes routes) {
    routes.open("/v2/health/live", Endpoint.of(call -> Reply.json(Map.of("live", true))));
    routes.open("/v2/health/ready", Endpoint.of(call -> ready("ready", state.isReady())));
    routes.get("/v2", Endpoint.of(call -> server()));
    for (String path : List.of("/v2/models/{model}", "/v2/models/{model}/versions/{version}")) {
      routes.get(path, Endpoint.of(call -> metadata(model(call))));
      routes.open(path + "/ready", Endpoint.of(call -> modelReady(model(call))));
      routes.post(path + "/infer", this::infer);
    }
  }

  private ServedModel model(Call call) {
    return models.get(call.path().get("model"), call.path().get("version"));
  }

  private static Reply ready(String field, boolean ready) {
    return new Reply(ready ? 200 : 503, Reply.JSON, Json.write(Map.of(field, ready)), Map.of());
  }

  private Reply modelReady(ServedModel model) {
    boolean ready = model.isReady() && !state.isDraining();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", model.name());
    json.put("ready", ready);
    return new Reply(ready ? 200 : 503, Reply.JSON, Json.write(json), Map.of());
  }

  private Reply server() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", ServerState.NAME);
    json.put("version", state.version());
    json.put("extensions", ServerState.EXTENSIONS);
    // Not of the protocol: what the page offers.
    json.put("models", models.all().stream().map(InferenceEndpoints::named).toList());
    return Reply.json(json);
  }

  private static Map<String, String> named(ServedModel model) {
    Map<String, String> json = new LinkedHashMap<>();
    json.put("name", model.name());
    json.put("version", model.version());
    return json;
  }

  private Reply metadata(ServedModel model) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", model.name());
    json.put("versions", models.versions(model.name()));
    json.put("platform", ServerState.PLATFORM);
    json.put("inputs", TensorMetadata.inputs());
    json.put("outputs", TensorMetadata.outputs(model));
    return Reply.json(json);
  }

  private CompletableFuture<Reply> infer(Call call) {
    ServedModel model = model(call);
    byte[] body = call.body();
    int jsonLength = jsonLength(call);
    // The JSON's texts, and the tensors' elements.
    call.ticket().reserve(body.length + 2L * jsonLength);
    JsonNode json = Json.readObject(body, 0, jsonLength, call.ticket());
    ByteBuffer binary = ByteBuffer.wrap(body, jsonLength, body.length - jsonLength);
    List<Tensor> inputs = new ArrayList<>();
    array(json, "inputs").forEach(input -> inputs.add(TensorJson.read(input, binary)));
    if (binary.hasRemaining()) {
      throw ServiceException.badRequest(
          "%d bytes are left after the tensors' own", binary.remaining());
    }
    Map<String, Object> parameters = parameters(json.path("parameters"));
    Map<String, Boolean> binaries = new LinkedHashMap<>();
    boolean allBinary = Boolean.TRUE.equals(parameters.get(ALL_BINARY));
    for (JsonNode output : array(json, "outputs")) {
      if (!output.path("name").isTextual()) {
        throw ServiceException.badRequest(
            "An output must be an object with the text 'name', found %s", output);
      }
      JsonNode own = output.path("parameters").path(BINARY);
      binaries.put(
          output.path("name").textValue(), own.isBoolean() ? own.booleanValue() : allBinary);
    }
    InferenceRequest request =
        new InferenceRequest(
            json.path("id").asText(""), parameters, inputs, List.copyOf(binaries.keySet()));
    return inference
        .infer(model, request, call.ticket(), call.deadline())
        .thenApply(
            outputs ->
                reply(model, request, outputs, name -> binaries.getOrDefault(name, allBinary)));
  }

  private static int jsonLength(Call call) {
    String length = call.headers().get(JSON_LENGTH);
    if (length == null) {
      return call.body().length;
    }
    if (!length.matches("[0-9]{1,9}") || Integer.parseInt(length) > call.body().length) {
      throw ServiceException.badRequest(
          "%s must be 0 to the body's %d bytes, found '%s'",
          JSON_LENGTH, call.body().length, length);
    }
    return Integer.parseInt(length);
  }

  private static JsonNode array(JsonNode json, String field) {
    JsonNode value = json.path(field);
    if (!value.isArray() && !value.isMissingNode() && !value.isNull()) {
      throw ServiceException.badRequest(
          "The field '%s' must be an array, found %s", field, value.getNodeType());
    }
    return value;
  }

  private static Map<String, Object> parameters(JsonNode json) {
    if (!json.isObject() && !json.isMissingNode() && !json.isNull()) {
      throw ServiceException.badRequest(
          "The field 'parameters' must be an object, found %s", json.getNodeType());
    }
    Map<String, Object> parameters = new HashMap<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      JsonNode value = field.getValue();
      if (value.isBoolean()) {
        parameters.put(field.getKey(), value.booleanValue());
      } else if (value.isNumber()) {
        parameters.put(field.getKey(), value.numberValue());
      } else if (value.isTextual()) {
        parameters.put(field.getKey(), value.textValue());
      } else {
        throw ServiceException.badRequest(
            "The parameter '%s' must be text, a number or a boolean, found %s",
            field.getKey(), value.getNodeType());
      }
    }
    return parameters;
  }

  private static Reply reply(
      ServedModel model,
      InferenceRequest request,
      List<Tensor> outputs,
      Predicate<String> isBinary) {
    List<Map<String, Object>> described = new ArrayList<>();
    List<ByteBuffer> binary = new ArrayList<>();
    for (Tensor output : outputs) {
      ByteBuffer wire = isBinary.test(output.name()) ? output.toWire() : null;
      described.add(TensorJson.write(output, wire));
      if (wire != null) {
        binary.add(wire);
      }
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model_name", model.name());
    json.put("model_version", model.version());
    if (!request.id().isEmpty()) {
      json.put("id", request.id());
    }
    json.put("outputs", described);
    byte[] head = Json.write(json);
    if (binary.isEmpty()) {
      return Reply.ok(Reply.JSON, head);
    }
    int size = head.length + binary.stream().mapToInt(ByteBuffer::remaining).sum();
    ByteBuffer body = ByteBuffer.allocate(size).put(head);
    binary.forEach(body::put);
    return new Reply(
        200, Reply.OCTETS, body.array(), Map.of(JSON_LENGTH, String.valueOf(head.length)));
  }
}
