package org.scanformer.server.grpc;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.server.ServiceException;
import org.scanformer.server.grpc.inference.InferParameter;
import org.scanformer.server.grpc.inference.InferTensorContents;
import org.scanformer.server.grpc.inference.ModelInferRequest;
import org.scanformer.server.grpc.inference.ModelInferResponse;
import org.scanformer.server.grpc.inference.ModelMetadataResponse;
import org.scanformer.server.oip.Datatype;
import org.scanformer.server.oip.Tensor;
import org.scanformer.server.oip.TensorMetadata;

/** Tensors and parameters in the protocol's messages. No state. */
final class ProtoTensors {
  private ProtoTensors() {}

  /**
   * Reads an input tensor.
   *
   * @param raw its bytes; null where the message holds its elements
   */
  static Tensor read(ModelInferRequest.InferInputTensor input, ByteString raw) {
    String name = input.getName();
    Datatype datatype = datatype(name, input.getDatatype());
    long[] shape = input.getShapeList().stream().mapToLong(Long::longValue).toArray();
    if (raw != null) {
      if (input.hasContents()) {
        throw ServiceException.badRequest(
            "The tensor '%s' has contents as well as raw_input_contents", name);
      }
      return Tensor.parse(name, datatype, shape, ByteBuffer.wrap(raw.toByteArray()));
    }
    InferTensorContents contents = input.getContents();
    return switch (datatype) {
      case BYTES ->
          Tensor.ofStrings(
              name,
              shape,
              contents.getBytesContentsList().stream().map(ByteString::toByteArray).toList());
      case UINT8 ->
          Tensor.ofRaw(name, datatype, shape, bytes(name, contents.getUintContentsList()));
      default -> throw ServiceException.badRequest("No input is of the type %s", datatype);
    };
  }

  private static Datatype datatype(String tensor, String name) {
    try {
      return Datatype.valueOf(name);
    } catch (IllegalArgumentException e) {
      throw ServiceException.badRequest(
          "The tensor '%s' is of the type '%s', expected one of %s",
          tensor, name, Arrays.toString(Datatype.values()));
    }
  }

  private static ByteBuffer bytes(String name, List<Integer> elements) {
    ByteBuffer bytes = ByteBuffer.allocate(elements.size());
    for (int element : elements) {
      if (element < 0 || element > 255) {
        throw ServiceException.badRequest(
            "An element of '%s' must be 0 to 255, found %s",
            name, Integer.toUnsignedString(element));
      }
      bytes.put((byte) element);
    }
    return bytes.flip();
  }

  static Map<String, Object> parameters(Map<String, InferParameter> parameters) {
    Map<String, Object> read = new HashMap<>();
    parameters.forEach(
        (name, value) -> {
          switch (value.getParameterChoiceCase()) {
            case BOOL_PARAM -> read.put(name, value.getBoolParam());
            case INT64_PARAM -> read.put(name, value.getInt64Param());
            case STRING_PARAM -> read.put(name, value.getStringParam());
            case DOUBLE_PARAM -> read.put(name, value.getDoubleParam());
            case UINT64_PARAM -> read.put(name, value.getUint64Param());
            case PARAMETERCHOICE_NOT_SET ->
                throw ServiceException.badRequest("The parameter '%s' has no value", name);
          }
        });
    return read;
  }

  /** Adds an output tensor, with its elements as the request's were. */
  static void write(ModelInferResponse.Builder response, Tensor tensor, boolean raw) {
    ModelInferResponse.InferOutputTensor.Builder output =
        response.addOutputsBuilder().setName(tensor.name()).setDatatype(tensor.datatype().name());
    Arrays.stream(tensor.shape()).forEach(output::addShape);
    if (raw) {
      response.addRawOutputContents(ByteString.copyFrom(tensor.toWire()));
    } else {
      output.setContents(contents(tensor));
    }
  }

  private static InferTensorContents contents(Tensor tensor) {
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    if (tensor.datatype() == Datatype.BYTES) {
      tensor.strings().forEach(string -> contents.addBytesContents(ByteString.copyFrom(string)));
      return contents.build();
    }
    ByteBuffer raw = tensor.toWire().order(tensor.raw().order());
    while (raw.hasRemaining()) {
      switch (tensor.datatype()) {
        case BOOL -> contents.addBoolContents(raw.get() != 0);
        case FP32 -> contents.addFp32Contents(raw.getFloat());
        default -> contents.addUintContents(raw.get() & 0xFF);
      }
    }
    return contents.build();
  }

  static ModelMetadataResponse.TensorMetadata metadata(TensorMetadata tensor) {
    return ModelMetadataResponse.TensorMetadata.newBuilder()
        .setName(tensor.name())
        .setDatatype(tensor.datatype().name())
        .addAllShape(tensor.shape())
        .build();
  }
}
