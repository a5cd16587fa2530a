package org.scanformer.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc;
import org.scanformer.server.grpc.inference.ModelInferRequest;
import org.scanformer.server.grpc.inference.OpenInferenceProto;

/** The file of the protocol has the names and numbers of the specification. */
class ProtocolTest {
  private static String fields(String message) {
    Descriptors.Descriptor type = OpenInferenceProto.getDescriptor().findMessageTypeByName(message);
    return type.getFields().stream()
        .map(field -> field.getNumber() + " " + field.getName())
        .collect(Collectors.joining(", "));
  }

  @Test
  void theNumbersAreTheSpecifications() {
    assertEquals("inference", OpenInferenceProto.getDescriptor().getPackage());
    assertEquals(
        "1 model_name, 2 model_version, 3 id, 4 parameters, 5 inputs, 6 outputs,"
            + " 7 raw_input_contents",
        fields("ModelInferRequest"));
    assertEquals(
        "1 model_name, 2 model_version, 3 id, 4 parameters, 5 outputs, 6 raw_output_contents",
        fields("ModelInferResponse"));
    assertEquals(
        "1 name, 2 versions, 3 platform, 4 inputs, 5 outputs, 6 properties",
        fields("ModelMetadataResponse"));
    assertEquals("1 name, 2 version, 3 extensions", fields("ServerMetadataResponse"));
    assertEquals(
        "1 bool_param, 2 int64_param, 3 string_param, 4 double_param, 5 uint64_param",
        fields("InferParameter"));
    assertEquals(
        "1 bool_contents, 2 int_contents, 3 int64_contents, 4 uint_contents, 5 uint64_contents,"
            + " 6 fp32_contents, 7 fp64_contents, 8 bytes_contents",
        fields("InferTensorContents"));
    assertEquals(
        List.of(
            "inference.GRPCInferenceService/ServerLive",
            "inference.GRPCInferenceService/ServerReady",
            "inference.GRPCInferenceService/ModelReady",
            "inference.GRPCInferenceService/ServerMetadata",
            "inference.GRPCInferenceService/ModelMetadata",
            "inference.GRPCInferenceService/ModelInfer"),
        GRPCInferenceServiceGrpc.getServiceDescriptor().getMethods().stream()
            .map(method -> method.getFullMethodName())
            .toList());
  }

  @Test
  void aMessageOfAnotherClientIsRead() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeString(1, "shapes");
    out.writeByteArray(5, new byte[] {0x0a, 1, 'a', 0x12, 5, 'B', 'Y', 'T', 'E', 'S', 0x1a, 1, 3});
    out.writeByteArray(7, new byte[] {1, 2});
    out.flush();
    ModelInferRequest read = ModelInferRequest.parseFrom(bytes.toByteArray());
    assertEquals("shapes", read.getModelName());
    assertEquals("BYTES", read.getInputs(0).getDatatype());
    assertEquals(3, read.getInputs(0).getShape(0));
    assertEquals(2, read.getRawInputContents(0).size());
  }
}
