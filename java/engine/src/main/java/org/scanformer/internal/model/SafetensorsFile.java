package org.scanformer.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * A safetensors file: 8 bytes of header length, a JSON header, and the tensors' bytes, which are
 * mapped into memory, not read. The header is checked against the file before anything is sized by
 * it. Any number of threads may read, but none while another closes the file.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** The header of a large model has about 100 KB. */
  static final long MAX_HEADER_BYTES = 16 << 20;

  private static final int CHUNK_BYTES = 1 << 22;

  private static final int BLOCK_ELEMENTS = 1 << 12;

  /** The types of elements that a model may have. */
  public enum Type {
    /** IEEE single precision. */
    F32(4),
    /** IEEE half precision. */
    F16(2),
    /** bfloat16. */
    BF16(2),
    /** Any other type; its tensors are only listed. */
    OTHER(0);

    /** Bytes of an element; 0 if not known. */
    final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }
  }

  /**
   * A tensor of the file.
   *
   * @param name its name in the file
   * @param type of its elements
   * @param shape its dimensions
   * @param begin its first byte in the file
   * @param end the first byte after it
   * @param elements their number
   */
  public record TensorInfo(
      String name, Type type, long[] shape, long begin, long end, long elements) {}

  private final Path file;
  private final FileChannel channel;
  private final Map<String, TensorInfo> tensors;

  private SafetensorsFile(Path file, FileChannel channel, Map<String, TensorInfo> tensors) {
    this.file = file;
    this.channel = channel;
    this.tensors = tensors;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws ScanFormerException BAD_MODEL naming the file, the tensor, what was found and what was
   *     expected
   */
  public static SafetensorsFile open(Path file) {
    return open(file, false);
  }

  /**
   * Opens a file that may also hold tensors of other types, such as a checkpoint's counters and
   * indices. They are listed with {@link Type#OTHER} and cannot be read.
   *
   * @throws ScanFormerException as {@link #open} does
   */
  public static SafetensorsFile openWithOtherTypes(Path file) {
    return open(file, true);
  }

  private static SafetensorsFile open(Path file, boolean otherTypes) {
    if (!Files.isRegularFile(file)) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, file + ": found no such file, expected one");
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      return new SafetensorsFile(file, channel, readHeader(file, channel, otherTypes));
    } catch (IOException e) {
      closeQuietly(channel);
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, file + ": could not be read: " + e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      closeQuietly(channel);
      throw new ScanFormerException(
          ErrorCode.OUT_OF_MEMORY,
          file + ": the JVM has not enough memory for its header (" + e.getMessage() + ")",
          e);
    } catch (RuntimeException | Error e) {
      closeQuietly(channel);
      throw e;
    }
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // The failure that led here is the one to report.
    }
  }

  private static ScanFormerException error(Path file, String message) {
    return new ScanFormerException(ErrorCode.BAD_MODEL, file + ": " + message);
  }

  private static Map<String, TensorInfo> readHeader(
      Path file, FileChannel channel, boolean otherTypes) throws IOException {
    long size = channel.size();
    String kind =
        FileKind.describe(
            readFully(file, channel, 0, (int) Math.min(size, FileKind.HEAD_BYTES)).array());
    if (kind != null) {
      throw error(file, "found " + kind);
    }
    if (size < Long.BYTES) {
      throw error(file, "found " + size + " bytes, expected at least 8, the length of the header");
    }
    long length = readFully(file, channel, 0, Long.BYTES).getLong();
    if (length < 0 || length > size - Long.BYTES) {
      throw error(
          file,
          "the header says that it is "
              + Long.toUnsignedString(length)
              + " bytes long, found "
              + (size - Long.BYTES)
              + " bytes after its length");
    }
    if (length > MAX_HEADER_BYTES) {
      throw error(
          file, "found a header of " + length + " bytes, expected at most " + MAX_HEADER_BYTES);
    }
    byte[] json = readFully(file, channel, Long.BYTES, (int) length).array();
    JsonNode header = JsonFiles.parseObject(file + ", header", json);
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals("__metadata__")) {
        tensors.put(
            entry.getKey(),
            SafetensorsHeader.tensor(
                file, entry.getKey(), entry.getValue(), Long.BYTES + length, size, otherTypes));
      }
    }
    SafetensorsHeader.requireNoOverlap(file, tensors, Long.BYTES + length, size);
    return tensors;
  }

  private static ByteBuffer readFully(Path file, FileChannel channel, long position, int bytes)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw error(file, "ends within its header");
      }
    }
    return buffer.flip();
  }

  /** The tensors by name, in the order of the header. */
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** The file's path. */
  public Path path() {
    return file;
  }

  /**
   * Reads elements as fp32.
   *
   * @param firstElement the first of them, row-major
   * @param destination filled from its position to its limit
   * @throws ScanFormerException BAD_MODEL when one is not finite, or the file has changed since it
   *     was opened
   */
  public void read(String name, long firstElement, FloatBuffer destination) {
    TensorInfo tensor = tensors.get(name);
    if (tensor == null || firstElement + destination.remaining() > tensor.elements) {
      throw new IllegalArgumentException(
          name + ": elements " + firstElement + " to " + (firstElement + destination.remaining()));
    }
    if (tensor.type == Type.OTHER) {
      throw error(
          file, "tensor \"" + name + "\" has another dtype than the expected F32, F16 or BF16");
    }
    long element = firstElement;
    while (destination.hasRemaining()) {
      int count = Math.min(destination.remaining(), CHUNK_BYTES / tensor.type.bytes);
      FloatBuffer part = destination.slice(destination.position(), count);
      try {
        ByteBuffer bytes =
            channel
                .map(
                    FileChannel.MapMode.READ_ONLY,
                    tensor.begin + element * tensor.type.bytes,
                    (long) count * tensor.type.bytes)
                .order(ByteOrder.LITTLE_ENDIAN);
        convert(tensor.type, bytes, part);
        // The JVM reports a lost page at the next return from native code: let that be here.
        Thread.yield();
      } catch (IOException | InternalError e) {
        // The JVM reports a mapped page that the file no longer has as an InternalError.
        throw new ScanFormerException(
            ErrorCode.BAD_MODEL,
            file + ": tensor \"" + name + "\" could not be read; was the file changed meanwhile?",
            e);
      }
      requireFinite(name, element, part);
      destination.position(destination.position() + count);
      element += count;
    }
  }

  private static void convert(Type type, ByteBuffer bytes, FloatBuffer to) {
    switch (type) {
      case F32 -> to.put(bytes.asFloatBuffer());
      case F16 -> {
        while (to.hasRemaining()) {
          to.put(halfToFloat(bytes.getShort()));
        }
      }
      case BF16 -> {
        while (to.hasRemaining()) {
          to.put(Float.intBitsToFloat(bytes.getShort() << 16));
        }
      }
      case OTHER -> throw new IllegalArgumentException("a type that cannot be read");
    }
  }

  /** IEEE half precision to single precision, exactly. */
  static float halfToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >> 10 & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      // Zero and subnormals: the fraction counts units of 2^-24.
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int bits =
        exponent == 31 ? 0x7f800000 | fraction << 13 : exponent - 15 + 127 << 23 | fraction << 13;
    return Float.intBitsToFloat(sign | bits);
  }

  private void requireFinite(String name, long firstElement, FloatBuffer values) {
    // From an array: as long as nothing is compiled, each access to a buffer is five calls.
    float[] block = new float[Math.min(BLOCK_ELEMENTS, values.limit())];
    for (int start = 0; start < values.limit(); start += block.length) {
      int count = Math.min(block.length, values.limit() - start);
      values.get(start, block, 0, count);
      // A finite number times zero is zero, any other makes the whole sum NaN: a loop without a
      // branch.
      float probe = 0;
      for (int i = 0; i < count; i++) {
        probe += block[i] * 0f;
      }
      if (probe != 0) {
        throw notFinite(name, firstElement + start, block);
      }
    }
  }

  private ScanFormerException notFinite(String name, long firstElement, float[] values) {
    int i = 0;
    while (Float.isFinite(values[i])) {
      i++;
    }
    return error(
        file,
        "tensor \""
            + name
            + "\": element "
            + (firstElement + i)
            + " is "
            + values[i]
            + ", expected a finite number");
  }

  @Override
  public void close() {
    closeQuietly(channel);
  }
}
