package org.scanformer.cli;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.scanformer.internal.model.SafetensorsFile;
import org.scanformer.internal.model.SafetensorsWriter;

/** The example model without its score head. */
final class ScorelessModel {
  private ScorelessModel() {}

  /** Writes it into a new directory of this one, and returns that. */
  static Path writeInto(Path directory) throws IOException {
    Path from = Path.of(CommandLineRun.MODEL);
    Path to = Files.createDirectory(directory.resolve("scoreless"));
    Files.copy(from.resolve("tokenizer.json"), to.resolve("tokenizer.json"));
    String config = Files.readString(from.resolve("config.json"));
    Files.writeString(
        to.resolve("config.json"),
        config.replaceFirst("\"score_head\" ?: true", "\"score_head\": false"));
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(from.resolve("model.safetensors"))) {
      file.tensors()
          .forEach(
              (name, tensor) -> {
                if (!name.startsWith("score_head.")) {
                  float[] data = new float[Math.toIntExact(tensor.elements())];
                  file.read(name, 0, FloatBuffer.wrap(data));
                  writer.tensor(name, data, tensor.shape());
                }
              });
    }
    writer.write(to.resolve("model.safetensors"));
    return to;
  }
}
