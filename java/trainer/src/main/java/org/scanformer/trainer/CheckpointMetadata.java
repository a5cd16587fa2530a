package org.scanformer.trainer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a checkpoint says of the run that wrote it. No state. */
final class CheckpointMetadata {
  static final String OPTIONS = "options";
  static final String DATA = "data";

  static final String STEP = "step";
  static final String LAYOUT = "layout";
  static final String OPTIMIZER = "optimizer";

  private CheckpointMetadata() {}

  /** Steps that the run had taken when it was written; 0 if the file does not say so. */
  static long step(Path file) throws IOException {
    return read(file).path(STEP).asLong(0);
  }

  /**
   * Reads the metadata of a safetensors file.
   *
   * @return an object of strings, or a missing node if the file has none or is damaged, which who
   *     opens it will report
   */
  static JsonNode read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] head = in.readNBytes(Long.BYTES);
      long length =
          head.length < Long.BYTES
              ? -1
              : ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (length < 0 || length > Files.size(file)) {
        return MissingNode.getInstance();
      }
      byte[] header = in.readNBytes(Math.toIntExact(length));
      return new ObjectMapper().readTree(header).path("__metadata__");
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
