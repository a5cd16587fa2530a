package org.scanformer.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.model.SafetensorsFile.TensorInfo;
import org.scanformer.internal.model.SafetensorsFile.Type;

/** Checks the entries of a safetensors file's header. No state. */
final class SafetensorsHeader {
  private SafetensorsHeader() {}

  /**
   * Checks an entry of the header against the file.
   *
   * @param otherTypes whether types that cannot be read are taken
   */
  static TensorInfo tensor(
      Path file, String name, JsonNode node, long dataStart, long fileSize, boolean otherTypes) {
    String at = "tensor \"" + name + "\": ";
    JsonNode dtype = node.path("dtype");
    Type type =
        Arrays.stream(Type.values())
            .filter(t -> t != Type.OTHER && t.name().equals(dtype.asText()))
            .findFirst()
            .orElse(Type.OTHER);
    if (type == Type.OTHER && !(otherTypes && dtype.isTextual())) {
      throw error(
          file,
          at
              + "the dtype is "
              + JsonFiles.describe(dtype)
              + ", expected \"F32\", \"F16\" or \"BF16\"");
    }
    JsonNode dimensions = node.path("shape");
    if (!dimensions.isArray()) {
      throw error(
          file,
          at
              + "the shape is "
              + JsonFiles.describe(dimensions)
              + ", expected an array of integers");
    }
    long[] shape = new long[dimensions.size()];
    long elements = 1;
    for (int i = 0; i < shape.length; i++) {
      JsonNode dimension = dimensions.get(i);
      if (!dimension.isIntegralNumber()
          || !dimension.canConvertToLong()
          || dimension.longValue() < 0) {
        throw error(
            file,
            at
                + "the shape is "
                + JsonFiles.describe(dimensions)
                + ", expected integers of 0 or more");
      }
      shape[i] = dimension.longValue();
      try {
        elements = Math.multiplyExact(elements, shape[i]);
      } catch (ArithmeticException e) {
        throw error(
            file,
            at + "the shape " + JsonFiles.describe(dimensions) + " has more than 2^63 elements");
      }
    }
    JsonNode offsets = node.path("data_offsets");
    long dataSize = fileSize - dataStart;
    boolean integers =
        offsets.isArray()
            && offsets.size() == 2
            && offsets.get(0).canConvertToLong()
            && offsets.get(1).canConvertToLong()
            && offsets.get(0).isIntegralNumber()
            && offsets.get(1).isIntegralNumber();
    long begin = integers ? offsets.get(0).longValue() : -1;
    long end = integers ? offsets.get(1).longValue() : -1;
    if (begin < 0 || end < begin || end > dataSize) {
      throw error(
          file,
          at
              + "the data_offsets are "
              + JsonFiles.describe(offsets)
              + ", expected two rising numbers within the file's "
              + dataSize
              + " bytes of data");
    }
    if (type != Type.OTHER
        && (elements > (end - begin) / type.bytes || elements * type.bytes != end - begin)) {
      throw error(
          file,
          at
              + "the data_offsets "
              + JsonFiles.describe(offsets)
              + " hold "
              + (end - begin)
              + " bytes, expected those of "
              + elements
              + " elements of "
              + type);
    }
    return new TensorInfo(name, type, shape, dataStart + begin, dataStart + end, elements);
  }

  /** The format requires tensors to cover the data without overlaps and without holes. */
  static void requireNoOverlap(
      Path file, Map<String, TensorInfo> tensors, long dataStart, long fileSize) {
    List<TensorInfo> sorted = new ArrayList<>(tensors.values());
    sorted.sort(Comparator.comparingLong(TensorInfo::begin).thenComparing(TensorInfo::end));
    long covered = dataStart;
    String before = "the header";
    for (TensorInfo tensor : sorted) {
      if (tensor.begin() < covered) {
        throw error(
            file,
            "tensor \""
                + tensor.name()
                + "\" overlaps "
                + before
                + " by "
                + (covered - tensor.begin())
                + " bytes");
      }
      if (tensor.begin() > covered) {
        throw error(
            file,
            "found "
                + (tensor.begin() - covered)
                + " bytes between "
                + before
                + " and tensor \""
                + tensor.name()
                + "\" that belong to no tensor");
      }
      covered = tensor.end();
      before = "tensor \"" + tensor.name() + "\"";
    }
    if (covered < fileSize) {
      throw error(
          file,
          "found " + (fileSize - covered) + " bytes after " + before + " that belong to no tensor");
    }
  }

  private static ScanFormerException error(Path file, String message) {
    return new ScanFormerException(ErrorCode.BAD_MODEL, file + ": " + message);
  }
}
