package org.scanformer.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.scanformer.server.ServiceException;
import org.scanformer.server.oip.Datatype;
import org.scanformer.server.oip.Tensor;
import org.scanformer.server.oip.TensorMetadata;

/** Tensors as the protocol writes them in JSON, with their elements or with bytes that follow. */
final class TensorJson {
  static final String BINARY_SIZE = "binary_data_size";

  private TensorJson() {}

  /**
   * Reads an input tensor.
   *
   * @param binary what follows the JSON; the tensor's bytes are taken from its start
   * @throws ServiceException BAD_REQUEST naming the tensor
   */
  static Tensor read(JsonNode json, ByteBuffer binary) {
    String name = text(json, "name");
    Datatype datatype = datatype(name, text(json, "datatype"));
    long[] shape = shape(name, json.path("shape"));
    JsonNode size = json.path("parameters").path(BINARY_SIZE);
    if (size.isMissingNode()) {
      return elements(name, datatype, shape, json.path("data"));
    }
    if (!size.canConvertToExactIntegral()
        || !size.canConvertToInt()
        || size.intValue() < 0
        || size.intValue() > binary.remaining()) {
      throw ServiceException.badRequest(
          "The tensor '%s' has a %s of %s, and %d bytes are left after the JSON",
          name, BINARY_SIZE, size, binary.remaining());
    }
    ByteBuffer own = binary.slice(binary.position(), size.intValue());
    binary.position(binary.position() + size.intValue());
    return Tensor.parse(name, datatype, shape, own);
  }

  private static String text(JsonNode json, String field) {
    JsonNode value = json.path(field);
    if (!value.isTextual()) {
      throw ServiceException.badRequest(
          "A tensor's field '%s' must be text, found %s", field, value.getNodeType());
    }
    return value.textValue();
  }

  /** The type of a name, which is one of those that models here have. */
  static Datatype datatype(String tensor, String name) {
    try {
      return Datatype.valueOf(name);
    } catch (IllegalArgumentException e) {
      throw ServiceException.badRequest(
          "The tensor '%s' is of the type '%s', expected one of %s",
          tensor, name, Arrays.toString(Datatype.values()));
    }
  }

  private static long[] shape(String name, JsonNode json) {
    long[] shape = new long[json.size()];
    boolean isShape = json.isArray();
    for (int i = 0; isShape && i < shape.length; i++) {
      JsonNode size = json.get(i);
      isShape = size.canConvertToExactIntegral() && size.canConvertToLong();
      shape[i] = size.longValue();
    }
    if (!isShape) {
      throw ServiceException.badRequest(
          "The tensor '%s' has the shape %s, expected an array of whole numbers",
          name, json.isMissingNode() ? "null" : json);
    }
    return shape;
  }

  private static Tensor elements(String name, Datatype datatype, long[] shape, JsonNode data) {
    if (!data.isArray()) {
      throw ServiceException.badRequest(
          "The tensor '%s' has no data: expected an array, or the parameter %s", name, BINARY_SIZE);
    }
    List<JsonNode> flat = new ArrayList<>();
    flatten(data, flat);
    return switch (datatype) {
      case BYTES ->
          Tensor.ofStrings(name, shape, flat.stream().map(each -> string(name, each)).toList());
      case UINT8 -> Tensor.ofRaw(name, datatype, shape, bytes(name, flat));
      default -> throw ServiceException.badRequest("No input is of the type %s", datatype);
    };
  }

  /** The protocol allows nested arrays; the reader bounds their depth. */
  private static void flatten(JsonNode data, List<JsonNode> flat) {
    for (JsonNode each : data) {
      if (each.isArray()) {
        flatten(each, flat);
      } else {
        flat.add(each);
      }
    }
  }

  /** An element of BYTES: text as it is, an image file in base64, as JSON has no bytes. */
  private static byte[] string(String name, JsonNode json) {
    if (!json.isTextual()) {
      throw ServiceException.badRequest(
          "An element of '%s' must be text, found %s", name, json.getNodeType());
    }
    if (!name.equals(TensorMetadata.IMAGE)) {
      return json.textValue().getBytes(StandardCharsets.UTF_8);
    }
    return Base64Text.decode("An element of '" + name + "'", json.textValue());
  }

  private static ByteBuffer bytes(String name, List<JsonNode> flat) {
    ByteBuffer bytes = ByteBuffer.allocate(flat.size());
    for (JsonNode each : flat) {
      if (!each.canConvertToExactIntegral()
          || !each.canConvertToInt()
          || each.intValue() < 0
          || each.intValue() > 255) {
        throw ServiceException.badRequest(
            "An element of '%s' must be a whole number from 0 to 255, found %s", name, each);
      }
      bytes.put((byte) each.intValue());
    }
    return bytes.flip();
  }

  /** An output tensor; where its bytes follow, they say so. */
  static Map<String, Object> write(Tensor tensor, ByteBuffer wire) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", tensor.name());
    json.put("datatype", tensor.datatype().name());
    json.put("shape", tensor.shape());
    if (wire != null) {
      json.put("parameters", Map.of(BINARY_SIZE, wire.remaining()));
    } else {
      json.put("data", data(tensor));
    }
    return json;
  }

  private static List<?> data(Tensor tensor) {
    if (tensor.datatype() == Datatype.BYTES) {
      return tensor.strings().stream()
          .map(string -> new String(string, StandardCharsets.UTF_8))
          .toList();
    }
    ByteBuffer raw = tensor.raw();
    int from = raw.position();
    int count = raw.remaining() / tensor.datatype().size();
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                switch (tensor.datatype()) {
                  case BOOL -> (Object) (raw.get(from + i) != 0);
                  case FP32 -> raw.getFloat(from + 4 * i);
                  default -> raw.get(from + i) & 0xFF;
                })
        .toList();
  }
}
