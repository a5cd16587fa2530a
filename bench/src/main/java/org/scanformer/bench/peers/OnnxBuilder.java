package org.scanformer.bench.peers;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.internal.model.SafetensorsFile;

/**
 * Collects an ONNX graph. Values are known by their names. Weights stay where they are, in the
 * model's safetensors file, to which the graph points: it is small whatever the model's size. Not
 * safe for use by several threads.
 */
final class OnnxBuilder {
  /** The domain of ONNX Runtime's own operators. */
  static final String MICROSOFT = "com.microsoft";

  /** The first operator set with Gelu is 20. */
  private static final int OPERATOR_SET = 20;

  private static final int IR_VERSION = 9;

  private final SafetensorsFile file;
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("scanformer");

  /** Values of the weights asked for so far, by name of the tensor. */
  private final Map<String, String> weights = new HashMap<>();

  private int values;

  OnnxBuilder(SafetensorsFile file) {
    this.file = file;
  }

  /** Adds an input of fp32. */
  String input(String name, long... shape) {
    return input(name, TensorProto.DataType.FLOAT, shape);
  }

  /** Adds an input. */
  String input(String name, TensorProto.DataType type, long... shape) {
    graph.addInput(value(name, type, shape));
    return name;
  }

  /** Makes a value of fp32 an output. */
  void output(String name, String value, long... shape) {
    graph.addNode(NodeProto.newBuilder().setOpType("Identity").addInput(value).addOutput(name));
    graph.addOutput(value(name, TensorProto.DataType.FLOAT, shape));
  }

  private static ValueInfoProto value(String name, TensorProto.DataType type, long... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (long dimension : shape) {
      dimensions.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dimension));
    }
    TypeProto.Tensor tensor =
        TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(dimensions).build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  /** A tensor of the model as fp32, in its shape. */
  String weight(String name) {
    return weights.computeIfAbsent(name, this::addWeight);
  }

  private String addWeight(String name) {
    SafetensorsFile.TensorInfo info = info(name);
    int bytes = info.type() == SafetensorsFile.Type.F32 ? Float.BYTES : Short.BYTES;
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(dataType(info.type()).getNumber())
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", file.path().getFileName().toString()))
            .addExternalData(entry("offset", Long.toString(info.begin())))
            .addExternalData(entry("length", Long.toString(info.elements() * bytes)));
    for (long dimension : info.shape()) {
      tensor.addDims(dimension);
    }
    graph.addInitializer(tensor);
    if (info.type() == SafetensorsFile.Type.F32) {
      return name;
    }
    // Of constants only, so it is done once, when the graph is loaded.
    return node("Cast", List.of(name), integer("to", TensorProto.DataType.FLOAT.getNumber()));
  }

  /** Reads a tensor of the model, for constants that are computed from it. */
  float[] read(String name) {
    SafetensorsFile.TensorInfo info = info(name);
    float[] elements = new float[Math.toIntExact(info.elements())];
    file.read(info.name(), 0, FloatBuffer.wrap(elements));
    return elements;
  }

  private SafetensorsFile.TensorInfo info(String name) {
    SafetensorsFile.TensorInfo info = file.tensors().get(name);
    return info != null ? info : file.tensors().get("vilt." + name);
  }

  private static TensorProto.DataType dataType(SafetensorsFile.Type type) {
    return switch (type) {
      case F32 -> TensorProto.DataType.FLOAT;
      case F16 -> TensorProto.DataType.FLOAT16;
      case BF16 -> TensorProto.DataType.BFLOAT16;
      case OTHER -> throw new IllegalArgumentException("A model has no tensors of this type");
    };
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  /** Adds a constant of fp32. */
  String constant(float[] elements, long... shape) {
    ByteBuffer bytes = littleEndian(elements.length * Float.BYTES);
    bytes.asFloatBuffer().put(elements);
    return constant(TensorProto.DataType.FLOAT, bytes, shape);
  }

  /** Adds a list of integers, as shapes and indices are. */
  String constant(long... elements) {
    ByteBuffer bytes = littleEndian(elements.length * Long.BYTES);
    bytes.asLongBuffer().put(elements);
    return constant(TensorProto.DataType.INT64, bytes, elements.length);
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private String constant(TensorProto.DataType type, ByteBuffer bytes, long... shape) {
    String name = "constant." + values++;
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.getNumber())
            .setRawData(ByteString.copyFrom(bytes));
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    graph.addInitializer(tensor);
    return name;
  }

  /** Adds an operation of one output, which is returned. */
  String node(String operator, List<String> inputs, AttributeProto... attributes) {
    return nodes("", operator, inputs, 1, attributes).get(0);
  }

  /**
   * Adds an operation.
   *
   * @param inputs values; an empty name for an optional one that is left out
   * @return its outputs
   */
  List<String> nodes(
      String domain,
      String operator,
      List<String> inputs,
      int outputs,
      AttributeProto... attributes) {
    NodeProto.Builder node =
        NodeProto.newBuilder().setDomain(domain).setOpType(operator).addAllInput(inputs);
    for (AttributeProto attribute : attributes) {
      node.addAttribute(attribute);
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < outputs; i++) {
      names.add(operator + "." + values++);
    }
    graph.addNode(node.addAllOutput(names));
    return names;
  }

  /** An attribute that is an integer. */
  static AttributeProto integer(String name, long value) {
    return attribute(name, AttributeProto.AttributeType.INT).setI(value).build();
  }

  /** An attribute that is a list of integers. */
  static AttributeProto integers(String name, long... elements) {
    AttributeProto.Builder attribute = attribute(name, AttributeProto.AttributeType.INTS);
    for (long element : elements) {
      attribute.addInts(element);
    }
    return attribute.build();
  }

  /** An attribute that is a number. */
  static AttributeProto real(String name, double value) {
    return attribute(name, AttributeProto.AttributeType.FLOAT).setF((float) value).build();
  }

  private static AttributeProto.Builder attribute(String name, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  /** The model file's bytes. */
  byte[] build() {
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPERATOR_SET))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(MICROSOFT).setVersion(1))
        .setGraph(graph)
        .build()
        .toByteArray();
  }
}
