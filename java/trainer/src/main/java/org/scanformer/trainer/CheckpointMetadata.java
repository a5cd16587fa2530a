package org.scanformer.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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

  private CheckpointMetadata() {}

  /**
   * Reads the metadata of a safetensors file that has been opened before, so its header is sound.
   *
   * @return an object of strings, or a missing node if the file has none
   */
  static JsonNode read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      ByteBuffer length = ByteBuffer.wrap(in.readNBytes(Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
      byte[] header = in.readNBytes(Math.toIntExact(length.getLong()));
      return new ObjectMapper().readTree(header).path("__metadata__");
    }
  }
}
