package org.scanformer.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.datasets.ShapesDataset;

/** The tokenizer of the drawn scenes' words, as a Hugging Face fast tokenizer (BERT WordPiece). */
final class ShapesTokenizer {
  /** Tokens that are not text, by their ids. */
  static final List<String> SPECIAL = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");

  private ShapesTokenizer() {}

  /**
   * Every token; its index is its id.
   *
   * @param varied whether to include the words of varied scenes
   */
  static List<String> vocabulary(boolean varied) {
    List<String> tokens = new ArrayList<>(SPECIAL);
    tokens.addAll(varied ? ShapesDataset.variedVocabulary() : ShapesDataset.vocabulary());
    return tokens;
  }

  /** Writes {@code tokenizer.json} with the words of scenes that are not varied. */
  static void write(Path file, int maxLength) throws IOException {
    write(file, maxLength, vocabulary(false));
  }

  /**
   * Writes another model's tokenizer with the words that it lacks, after its own.
   *
   * @return the number of its tokens
   */
  static int extend(Path from, Path file, int maxLength, List<String> words) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    if (!(mapper.readTree(from.toFile()) instanceof ObjectNode root)
        || !(root.path("model").path("vocab") instanceof ObjectNode vocabulary)) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, from + ": expected a tokenizer with a vocabulary of words");
    }
    int next = 0;
    for (JsonNode id : vocabulary) {
      next = Math.max(next, id.asInt() + 1);
    }
    for (String word : words) {
      if (!vocabulary.has(word)) {
        vocabulary.put(word, next++);
      }
    }
    if (root.path("truncation") instanceof ObjectNode truncation) {
      truncation.put("max_length", maxLength);
    }
    RunFiles.write(file, mapper.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
    return next;
  }

  /**
   * Writes {@code tokenizer.json}.
   *
   * @param tokens by id, the special ones first
   */
  static void write(Path file, int maxLength, List<String> tokens) throws IOException {
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
    for (int i = 0; i < tokens.size(); i++) {
      vocabulary.put(tokens.get(i), i);
    }
    RunFiles.write(file, mapper.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
  }
}
