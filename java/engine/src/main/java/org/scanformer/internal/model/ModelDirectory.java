package org.scanformer.internal.model;

import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * A model's three files, checked against each other: {@code config.json}, {@code model.safetensors}
 * with exactly the tensors of that configuration, and the candidate head's or not (a leading
 * "vilt." of a name is dropped), and {@code tokenizer.json}. Not safe for use by several threads.
 */
public final class ModelDirectory implements AutoCloseable {
  private static final String PREFIX = "vilt.";
  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final int NAMES_IN_MESSAGE = 5;

  private final Path directory;
  private final ModelConfig config;
  private final SafetensorsFile file;

  /** Names in the file by those without prefix. */
  private final Map<String, String> fileNames;

  private ModelDirectory(
      Path directory, ModelConfig config, SafetensorsFile file, Map<String, String> fileNames) {
    this.directory = directory;
    this.config = config;
    this.file = file;
    this.fileNames = fileNames;
  }

  /**
   * Opens a directory and checks it; reads no weights.
   *
   * @throws ScanFormerException BAD_MODEL naming the file, the field or tensor, what was found and
   *     what was expected
   */
  public static ModelDirectory open(Path directory) {
    for (String name : List.of("config.json", WEIGHTS, "tokenizer.json")) {
      if (!Files.isRegularFile(directory.resolve(name))) {
        throw new ScanFormerException(
            ErrorCode.BAD_MODEL,
            directory
                + ": found "
                + (Files.isDirectory(directory)
                    ? "no file " + name + (name.equals(WEIGHTS) ? otherWeights(directory) : "")
                    : Files.exists(directory) ? "a file" : "nothing")
                + ", expected a model directory with config.json, model.safetensors and"
                + " tokenizer.json");
      }
    }
    ModelConfig config = ModelConfig.read(directory.resolve("config.json"));
    SafetensorsFile file = SafetensorsFile.open(directory.resolve(WEIGHTS));
    try {
      return new ModelDirectory(directory, config, file, checkTensors(config, file));
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /** What weights are there instead, with what to do about it. */
  private static String otherWeights(Path directory) {
    if (Files.exists(directory.resolve(INDEX))) {
      return " but "
          + INDEX
          + ", of a checkpoint in several files: save the model in one file, in Python with"
          + " model.save_pretrained(DIR, max_shard_size=\"100GB\")";
    }
    String other = FileKind.otherCheckpoint(directory);
    return other == null ? "" : " but " + other;
  }

  private static Map<String, String> checkTensors(ModelConfig config, SafetensorsFile file) {
    Map<String, String> names = new HashMap<>();
    for (String name : file.tensors().keySet()) {
      String plain = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
      if (names.put(plain, name) != null) {
        throw error(file, "tensor \"" + plain + "\" is there with and without \"vilt.\"");
      }
    }
    Map<String, long[]> shapes = TensorNames.shapes(config);
    Map<String, long[]> optional = TensorNames.optionalShapes(config);
    if (optional.keySet().stream().anyMatch(names::containsKey)) {
      shapes.putAll(optional);
    }
    List<String> missing = shapes.keySet().stream().filter(n -> !names.containsKey(n)).toList();
    if (!missing.isEmpty()) {
      throw error(
          file,
          "found no tensor "
              + some(missing)
              + ", expected "
              + shapes.size()
              + " tensors for the configuration");
    }
    List<String> extra = new ArrayList<>(names.keySet());
    extra.removeAll(shapes.keySet());
    extra.sort(null);
    if (!extra.isEmpty()) {
      throw error(
          file, "found the unknown tensor " + some(extra) + ", expected none beyond the model's");
    }
    shapes.forEach(
        (name, shape) -> {
          long[] found = file.tensors().get(names.get(name)).shape();
          if (!Arrays.equals(found, shape)) {
            throw error(
                file,
                "tensor \""
                    + name
                    + "\" has the shape "
                    + Arrays.toString(found)
                    + ", expected "
                    + Arrays.toString(shape));
          }
        });
    return names;
  }

  private static String some(List<String> names) {
    StringBuilder text = new StringBuilder();
    for (String name : names.subList(0, Math.min(NAMES_IN_MESSAGE, names.size()))) {
      text.append(text.isEmpty() ? "\"" : ", \"").append(name).append('"');
    }
    if (names.size() > NAMES_IN_MESSAGE) {
      text.append(" and ").append(names.size() - NAMES_IN_MESSAGE).append(" more");
    }
    return text.toString();
  }

  private static ScanFormerException error(SafetensorsFile file, String message) {
    return new ScanFormerException(ErrorCode.BAD_MODEL, file.path() + ": " + message);
  }

  /** The configuration. */
  public ModelConfig config() {
    return config;
  }

  /** Whether it has the optional {@link TensorNames#CANDIDATE_HEAD}. */
  public boolean hasCandidateHead() {
    return fileNames.containsKey(TensorNames.CANDIDATE_HEAD + ".weight");
  }

  /** Number of weights. */
  public long parameterCount() {
    return file.tensors().values().stream().mapToLong(SafetensorsFile.TensorInfo::elements).sum();
  }

  /** Reads elements of a tensor as fp32; see {@link SafetensorsFile#read}. */
  public void read(String name, long firstElement, FloatBuffer destination) {
    file.read(fileNames.get(name), firstElement, destination);
  }

  /** Opens the tokenizer; it outlives this directory. */
  public TextTokenizer openTokenizer() {
    return TextTokenizer.open(directory.resolve("tokenizer.json"), config);
  }

  @Override
  public void close() {
    file.close();
  }
}
