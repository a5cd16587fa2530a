package org.scanformer.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.datasets.ShapesDataset;

/** The tokenizer of the drawn scenes' words, as a Hugging Face fast tokenizer (BERT WordPiece). */
final class ShapesTokenizer {
  private static final List<String> SPECIAL = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");

  private ShapesTokenizer() {}

  /** Every token; its index is its id. */
  static List<String> vocabulary() {
    List<String> tokens = new ArrayList<>(SPECIAL);
    tokens.addAll(ShapesDataset.vocabulary());
    return tokens;
  }

  /** Writes {@code tokenizer.json}. */
  static void write(Path file, int maxLength) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode().put("version", "1.0");
    root.putObject("truncation")
        .put("direction", "Right")
        .put("max_length", maxLength)
        .put("strategy", "LongestFirst")
        .put("stride", 0);
    root.putNull("padding");
    var added = root.putArray("added_tokens");
    for (int i = 0; i < SPECIAL.size(); i++) {
      added
          .addObject()
          .put("id", i)
          .put("content", SPECIAL.get(i))
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    root.putObject("normalizer")
        .put("type", "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", true)
        .putNull("strip_accents")
        .put("lowercase", true);
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    root.putObject("post_processor")
        .put("type", "BertProcessing")
        .<ObjectNode>set("sep", mapper.createArrayNode().add("[SEP]").add(3))
        .set("cls", mapper.createArrayNode().add("[CLS]").add(2));
    root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
    ObjectNode model =
        root.putObject("model")
            .put("type", "WordPiece")
            .put("unk_token", "[UNK]")
            .put("continuing_subword_prefix", "##")
            .put("max_input_chars_per_word", 100);
    ObjectNode vocabulary = model.putObject("vocab");
    List<String> tokens = vocabulary();
    for (int i = 0; i < tokens.size(); i++) {
      vocabulary.put(tokens.get(i), i);
    }
    Files.write(file, mapper.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
  }
}
