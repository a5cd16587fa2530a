package org.scanformer.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.scanformer.Models;

/** Knows what people give as a model that is none, and what to do with it. No state. */
final class ForeignModel {
  private static final long MAX_CONFIG_BYTES = 1 << 20;

  private ForeignModel() {}

  /** What to do with a path that is not a model directory; null where that is not known. */
  static String advice(Path path) {
    try {
      if (!Files.exists(path)) {
        return path.getNameCount() > 1 ? null : bundled();
      }
      if (!Files.isDirectory(path)) {
        return isOnnx(path) ? onnx() : "Give the model's directory, not one of its files";
      }
      if (Files.isRegularFile(path.resolve("model").resolve("config.json"))) {
        return "This is the directory of a training run; its model is " + path.resolve("model");
      }
      try (DirectoryStream<Path> files = Files.newDirectoryStream(path, "*.onnx")) {
        if (files.iterator().hasNext()) {
          return onnx();
        }
      }
      return ofType(path, modelType(path.resolve("config.json")));
    } catch (IOException e) {
      // What the model's own reader says is all that can be said.
      return null;
    }
  }

  /** For who meant one of them. */
  private static String bundled() {
    return "The bundled models are " + String.join(" and ", Models.byName().keySet());
  }

  private static boolean isOnnx(Path file) {
    return file.toString().endsWith(".onnx");
  }

  private static String onnx() {
    return "Models in ONNX's format cannot be converted, as ScanFormer selects patches between its"
        + " layers: train one (java/trainer/README.md), or leave --model out for the bundled one";
  }

  private static String ofType(Path path, String type) {
    if (type == null || type.equals("scanformer")) {
      return null;
    }
    return type.equals("vilt")
        ? "This is a ViLT checkpoint, which gives no boxes and selects no patches. Train a model that"
            + " starts from it: java -jar scanformer-trainer.jar --init "
            + path
            + " --out run --data …, and then use run/model"
        : "This is a checkpoint of the type \""
            + type
            + "\", which cannot be converted: train a model (java/trainer/README.md), or leave"
            + " --model out for the bundled one";
  }

  /** The field that Hugging Face's checkpoints have too; null where there is none. */
  private static String modelType(Path config) throws IOException {
    if (!Files.isRegularFile(config) || Files.size(config) > MAX_CONFIG_BYTES) {
      return null;
    }
    return new ObjectMapper().readTree(config.toFile()).path("model_type").textValue();
  }
}
