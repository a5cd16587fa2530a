package org.scanformer.internal.model;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The tensors of a model and their shapes. The names of encoder and embeddings are those of Hugging
 * Face's ViLT.
 */
public final class TensorNames {
  /** The optional head that tells how likely a patch is one of the object's. */
  public static final String CANDIDATE_HEAD = "candidate_head";

  private TensorNames() {}

  /** Name to shape, in the order of use. */
  public static Map<String, long[]> shapes(ModelConfig config) {
    long c = config.hiddenSize();
    long patch = config.patchSize();
    long grid = config.positionGrid();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    String text = "embeddings.text_embeddings.";
    shapes.put(text + "word_embeddings.weight", new long[] {config.vocabSize(), c});
    shapes.put(text + "position_embeddings.weight", new long[] {config.maxTextLength(), c});
    shapes.put(text + "token_type_embeddings.weight", new long[] {config.typeVocabSize(), c});
    norm(shapes, text + "LayerNorm", c);
    shapes.put("embeddings.cls_token", new long[] {1, 1, c});
    shapes.put("embeddings.position_embeddings", new long[] {1, grid * grid + 1, c});
    shapes.put(
        "embeddings.patch_embeddings.projection.weight",
        new long[] {c, config.numChannels(), patch, patch});
    shapes.put("embeddings.patch_embeddings.projection.bias", new long[] {c});
    shapes.put(
        "embeddings.token_type_embeddings.weight", new long[] {config.modalityTypeVocabSize(), c});
    shapes.put("embeddings.scale_embeddings.weight", new long[] {config.numScales(), c});
    shapes.put("embeddings.constant_token", new long[] {1, 1, c});
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      String layer = "encoder.layer." + i + ".";
      norm(shapes, layer + "layernorm_before", c);
      linear(shapes, layer + "attention.attention.query", c, c);
      linear(shapes, layer + "attention.attention.key", c, c);
      linear(shapes, layer + "attention.attention.value", c, c);
      linear(shapes, layer + "attention.output.dense", c, c);
      norm(shapes, layer + "layernorm_after", c);
      linear(shapes, layer + "intermediate.dense", config.intermediateSize(), c);
      linear(shapes, layer + "output.dense", c, config.intermediateSize());
    }
    norm(shapes, "layernorm", c);
    norm(shapes, "selection_head.layernorm", c);
    linear(shapes, "selection_head.dense", c, c);
    linear(shapes, "selection_head.out_proj", 4, c);
    linear(shapes, "box_head.layers.0", c, c);
    linear(shapes, "box_head.layers.1", c, c);
    linear(shapes, "box_head.layers.2", 4, c);
    if (config.scoreHead()) {
      linear(shapes, "score_head", 1, c);
    }
    return shapes;
  }

  /** Name to shape of the tensors that a model may have beside those, all or none of them. */
  public static Map<String, long[]> optionalShapes(ModelConfig config) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    linear(shapes, CANDIDATE_HEAD, 1, config.hiddenSize());
    return shapes;
  }

  private static void norm(Map<String, long[]> shapes, String name, long size) {
    shapes.put(name + ".weight", new long[] {size});
    shapes.put(name + ".bias", new long[] {size});
  }

  private static void linear(Map<String, long[]> shapes, String name, long out, long in) {
    shapes.put(name + ".weight", new long[] {out, in});
    shapes.put(name + ".bias", new long[] {out});
  }
}
