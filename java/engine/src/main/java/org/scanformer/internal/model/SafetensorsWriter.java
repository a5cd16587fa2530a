package org.scanformer.internal.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.scanformer.internal.files.AtomicFiles;

/**
 * Writes F32 tensors as a safetensors file, all or nothing. Not safe for use by several threads.
 */
public final class SafetensorsWriter {
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, float[]> values = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  /** Adds a tensor; values are row-major and not copied. */
  public SafetensorsWriter tensor(String name, float[] data, long... shape) {
    shapes.put(name, shape);
    values.put(name, data);
    return this;
  }

  /** Adds an entry to the header's metadata. */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /** Writes or replaces a file, as {@link AtomicFiles} does. */
  public void write(Path file) throws IOException {
    ObjectNode header = new ObjectMapper().createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode node = header.putObject("__metadata__");
      metadata.forEach(node::put);
    }
    long offset = 0;
    for (Map.Entry<String, float[]> entry : values.entrySet()) {
      ObjectNode node = header.putObject(entry.getKey());
      node.put("dtype", "F32");
      var shape = node.putArray("shape");
      for (long side : shapes.get(entry.getKey())) {
        shape.add(side);
      }
      long end = offset + 4L * entry.getValue().length;
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    String text = header.toString();
    // The data begins at a multiple of eight bytes.
    byte[] json = (text + " ".repeat((8 - text.length() % 8) % 8)).getBytes(StandardCharsets.UTF_8);
    AtomicFiles.write(
        file,
        channel -> {
          ByteBuffer head = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
          AtomicFiles.writeFully(channel, head.putLong(json.length).put(json).flip());
          for (float[] data : values.values()) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * data.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(data);
            AtomicFiles.writeFully(channel, bytes);
          }
        });
  }
}
