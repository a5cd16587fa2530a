package org.scanformer.trainer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A configuration that trains in no time. */
final class TinyModel {
  private TinyModel() {}

  /** Writes config.json for the scenes' words. */
  static Path writeConfig(Path directory) throws IOException {
    Path file = directory.resolve("tiny.json");
    Files.writeString(
        file,
        """
        {"model_type": "scanformer", "format_version": 1, "hidden_size": 32,
         "num_hidden_layers": 3, "encoder1_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 64, "hidden_act": "gelu", "layer_norm_eps": 1e-6,
         "text_layer_norm_eps": 1e-12, "patch_size": 8, "num_channels": 3, "coarse_grid": 3,
         "num_scales": 3, "resize": "aspect", "image_mean": [0.5, 0.5, 0.5],
         "image_std": [0.5, 0.5, 0.5], "position_grid": 7, "vocab_size": %d,
         "max_text_length": 16, "type_vocab_size": 2, "modality_type_vocab_size": 2,
         "selection_threshold": 0.5, "score_head": true}
        """
            .formatted(ShapesTokenizer.vocabulary(false).size()));
    return file;
  }
}
