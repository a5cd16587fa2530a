package org.scanformer.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.model.FileKind;
import org.scanformer.internal.model.SafetensorsFile;

/**
 * The tensors of a checkpoint's directory in Hugging Face's format: of {@code model.safetensors},
 * or of the files that {@code model.safetensors.index.json} lists. Not safe for use by several
 * threads.
 */
final class CheckpointTensors implements AutoCloseable {
  private static final String FILE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final List<SafetensorsFile> files = new ArrayList<>();
  private final Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();

  private CheckpointTensors() {}

  /**
   * Opens a checkpoint.
   *
   * @throws ScanFormerException BAD_MODEL when a file is missing or of another kind, saying which
   */
  static CheckpointTensors open(Path directory) {
    Set<Path> paths =
        Files.isRegularFile(directory.resolve(FILE))
            ? Set.of(directory.resolve(FILE))
            : shards(directory);
    CheckpointTensors tensors = new CheckpointTensors();
    try {
      for (Path path : paths) {
        SafetensorsFile file = SafetensorsFile.openWithOtherTypes(path);
        tensors.files.add(file);
        for (String name : file.tensors().keySet()) {
          if (tensors.fileOf.put(name, file) != null) {
            throw error(directory.resolve(INDEX), "the tensor " + name + " is in several files");
          }
        }
      }
      return tensors;
    } catch (RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  private static Set<Path> shards(Path directory) {
    Path index = directory.resolve(INDEX);
    if (!Files.isRegularFile(index)) {
      throw error(directory.resolve(FILE), "no such file" + otherForm(directory));
    }
    JsonNode map;
    try {
      map = new ObjectMapper().readTree(index.toFile()).path("weight_map");
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, index + ": could not be read: " + e.getMessage(), e);
    }
    Set<Path> paths = new LinkedHashSet<>();
    for (JsonNode name : map) {
      String text = name.asText("");
      if (!text.matches("[\\w.-]+\\.safetensors")) {
        throw error(index, "found the file " + name + ", expected names of safetensors files");
      }
      paths.add(directory.resolve(text));
    }
    if (paths.isEmpty()) {
      throw error(index, "expected a \"weight_map\" with names of files, found none");
    }
    return paths;
  }

  /** What is there instead, with what to do. */
  private static String otherForm(Path directory) {
    String other = FileKind.otherCheckpoint(directory);
    return other == null ? "; expected it or " + INDEX : "; found " + other;
  }

  private static ScanFormerException error(Path file, String message) {
    return new ScanFormerException(ErrorCode.BAD_MODEL, file + ": " + message);
  }

  /** The names of all tensors, in the order of the files. */
  Set<String> names() {
    return fileOf.keySet();
  }

  /** A tensor's shape, or null if there is none of that name. */
  long[] shape(String name) {
    SafetensorsFile file = fileOf.get(name);
    return file == null ? null : file.tensors().get(name).shape();
  }

  /**
   * A tensor's elements, row-major.
   *
   * @throws ScanFormerException BAD_MODEL when they are not F32, F16 or BF16, or not finite
   */
  float[] read(String name) {
    SafetensorsFile file = fileOf.get(name);
    float[] data = new float[Math.toIntExact(file.tensors().get(name).elements())];
    file.read(name, 0, FloatBuffer.wrap(data));
    return data;
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
