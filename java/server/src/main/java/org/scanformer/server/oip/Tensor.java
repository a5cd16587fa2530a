package org.scanformer.server.oip;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scanformer.server.ServiceException;

/**
 * A named tensor. Its elements are row-major. Not changed after it is made.
 *
 * @param name unique among a request's inputs or outputs
 * @param datatype the type of its elements
 * @param shape the size of each dimension
 * @param raw the elements, little-endian, from the position on; null for BYTES
 * @param strings the elements of BYTES; null for the other types
 */
public record Tensor(
    String name, Datatype datatype, long[] shape, ByteBuffer raw, List<byte[]> strings) {
  private static final int MAX_DIMENSIONS = 8;

  /** More would only wait for each other, and are better sent as several requests. */
  static final int MAX_STRINGS = 256;

  /**
   * A tensor of a fixed element size.
   *
   * @throws ServiceException BAD_REQUEST when the bytes are not those of the shape
   */
  public static Tensor ofRaw(String name, Datatype datatype, long[] shape, ByteBuffer raw) {
    long expected = elements(name, shape) * datatype.size();
    if (raw.remaining() != expected) {
      throw ServiceException.badRequest(
          "The tensor '%s' of shape %s has %d bytes, expected %d",
          name, Arrays.toString(shape), raw.remaining(), expected);
    }
    return new Tensor(name, datatype, shape, raw.order(ByteOrder.LITTLE_ENDIAN), null);
  }

  /**
   * A tensor of BYTES.
   *
   * @throws ServiceException BAD_REQUEST when there are not as many as the shape says, or too many
   */
  public static Tensor ofStrings(String name, long[] shape, List<byte[]> strings) {
    long expected = strings(name, shape);
    if (strings.size() != expected) {
      throw ServiceException.badRequest(
          "The tensor '%s' of shape %s has %d elements, expected %d",
          name, Arrays.toString(shape), strings.size(), expected);
    }
    return new Tensor(name, Datatype.BYTES, shape, null, strings);
  }

  /**
   * A tensor from its bytes on the wire, in which an element of BYTES follows its length of four
   * bytes.
   *
   * @throws ServiceException BAD_REQUEST when they are not those of the shape
   */
  public static Tensor parse(String name, Datatype datatype, long[] shape, ByteBuffer wire) {
    if (datatype != Datatype.BYTES) {
      return ofRaw(name, datatype, shape, wire);
    }
    ByteBuffer rest = wire.slice().order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> strings = new ArrayList<>();
    long expected = strings(name, shape);
    while (rest.hasRemaining()) {
      if (strings.size() == expected) {
        throw ServiceException.badRequest(
            "The tensor '%s' of shape %s has %d bytes after its %d elements",
            name, Arrays.toString(shape), rest.remaining(), expected);
      }
      int length = rest.remaining() < 4 ? -1 : rest.getInt();
      if (length < 0 || length > rest.remaining()) {
        throw ServiceException.badRequest(
            "The tensor '%s' ends within its element %d", name, strings.size());
      }
      byte[] string = new byte[length];
      rest.get(string);
      strings.add(string);
    }
    return ofStrings(name, shape, strings);
  }

  /** The bytes on the wire; see {@link #parse}. New with each call, or a view. */
  public ByteBuffer toWire() {
    if (datatype != Datatype.BYTES) {
      return raw.duplicate();
    }
    int size = strings.stream().mapToInt(string -> 4 + string.length).sum();
    ByteBuffer wire = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    strings.forEach(string -> wire.putInt(string.length).put(string));
    return wire.flip();
  }

  /** An element of BYTES as text. */
  String text(int index) {
    return new String(strings.get(index), StandardCharsets.UTF_8);
  }

  /** How many elements a tensor of BYTES has. */
  private static long strings(String name, long[] shape) {
    long elements = elements(name, shape);
    if (elements > MAX_STRINGS) {
      throw ServiceException.badRequest(
          "The tensor '%s' has the shape %s, expected at most %d elements",
          name, Arrays.toString(shape), MAX_STRINGS);
    }
    return elements;
  }

  private static long elements(String name, long[] shape) {
    if (shape.length < 1 || shape.length > MAX_DIMENSIONS) {
      throw ServiceException.badRequest(
          "The tensor '%s' has %d dimensions, expected 1 to %d",
          name, shape.length, MAX_DIMENSIONS);
    }
    long elements = 1;
    for (long size : shape) {
      // Below 2^31 each and in all, so that nothing overflows.
      if (size < 0 || size > Integer.MAX_VALUE || elements * size > Integer.MAX_VALUE) {
        throw ServiceException.badRequest(
            "The tensor '%s' has the shape %s, expected sizes of at least 0 and at most %d elements",
            name, Arrays.toString(shape), Integer.MAX_VALUE);
      }
      elements *= size;
    }
    return elements;
  }
}
