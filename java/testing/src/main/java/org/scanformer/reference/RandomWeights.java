package org.scanformer.reference;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes the safetensors file of a random model; numbers are drawn in the order of the elements.
 */
final class RandomWeights {
  private static final int BUFFER_BYTES = 1 << 20;

  private RandomWeights() {}

  /** A tensor whose values are mean + std * a nearly normal random number. */
  record Tensor(String name, double mean, double std, int... shape) {
    long elements() {
      return Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact);
    }
  }

  /** Writes the tensors in their order. The same seed always gives the same bytes. */
  static void write(Path path, List<Tensor> tensors, RandomModel.Dtype dtype, long seed)
      throws IOException {
    ObjectNode header = new ObjectMapper().createObjectNode();
    long offset = 0;
    for (Tensor tensor : tensors) {
      ObjectNode entry = header.putObject(tensor.name).put("dtype", dtype.name());
      ArrayNode shape = entry.putArray("shape");
      Arrays.stream(tensor.shape).forEach(shape::add);
      long end = offset + tensor.elements() * dtype.bytes();
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    // Spaces fill the header up, so that the tensors start at a multiple of 8 bytes.
    String headerText = header.toString();
    byte[] headerBytes =
        (headerText + " ".repeat(-headerText.length() & 7)).getBytes(StandardCharsets.US_ASCII);

    SplittableRandom random = new SplittableRandom(seed);
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      writeFully(file, buffer.putLong(headerBytes.length));
      writeFully(file, ByteBuffer.wrap(headerBytes).position(headerBytes.length));
      for (Tensor tensor : tensors) {
        for (long i = tensor.elements(); i > 0; i--) {
          if (buffer.remaining() < dtype.bytes()) {
            writeFully(file, buffer);
          }
          float value = (float) (tensor.mean + tensor.std * nearlyNormal(random));
          switch (dtype) {
            case F32 -> buffer.putFloat(value);
            case F16 -> buffer.putShort(HalfPrecision.doubleToHalf(value));
            case BF16 -> buffer.putShort(HalfPrecision.floatToBfloat16(value));
          }
        }
      }
      writeFully(file, buffer);
    }
  }

  /** Writes what was put into the buffer and empties it. */
  private static void writeFully(FileChannel file, ByteBuffer buffer) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      file.write(buffer);
    }
    buffer.clear();
  }

  /**
   * The sum of four uniform numbers (the 16-bit fields of one draw), of mean 0 and variance 1: bell
   * shaped within 3.5, and fast enough for a hundred million weights.
   */
  private static double nearlyNormal(SplittableRandom random) {
    long bits = random.nextLong();
    long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
    return (sum / 65535.0 - 2) * Math.sqrt(3);
  }
}
