package org.scanformer.reference;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The fast-tokenizer file of a random model: BERT's lower-casing WordPiece over whole words. */
final class RandomTokenizer {
  private RandomTokenizer() {}

  /**
   * The file.
   *
   * @param vocabSize the tokenizer's words are the first of {@link RandomExpression}
   * @param maxTextLength tokens that it cuts an expression to
   */
  static ObjectNode json(ObjectMapper json, int vocabSize, int maxTextLength) {
    ObjectNode tokenizer = json.createObjectNode().put("version", "1.0");
    tokenizer
        .putObject("truncation")
        .put("direction", "Right")
        .put("max_length", maxTextLength)
        .put("strategy", "LongestFirst")
        .put("stride", 0);
    tokenizer.putNull("padding");

    ArrayNode addedTokens = tokenizer.putArray("added_tokens");
    for (int id = 0; id < RandomExpression.SPECIAL_TOKENS; id++) {
      addedTokens
          .addObject()
          .put("id", id)
          .put("content", RandomExpression.word(id))
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    tokenizer
        .putObject("normalizer")
        .put("type", "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", true)
        .putNull("strip_accents")
        .put("lowercase", true);
    tokenizer.putObject("pre_tokenizer").put("type", "BertPreTokenizer");

    ObjectNode template = tokenizer.putObject("post_processor").put("type", "TemplateProcessing");
    ArrayNode single = template.putArray("single");
    addPiece(single, "SpecialToken", "[CLS]", 0);
    addPiece(single, "Sequence", "A", 0);
    addPiece(single, "SpecialToken", "[SEP]", 0);
    ArrayNode pair = template.putArray("pair");
    pair.addAll(single);
    addPiece(pair, "Sequence", "B", 1);
    addPiece(pair, "SpecialToken", "[SEP]", 1);
    ObjectNode specialTokens = template.putObject("special_tokens");
    for (int id : new int[] {RandomExpression.CLS, RandomExpression.SEP}) {
      String token = RandomExpression.word(id);
      ObjectNode specialToken = specialTokens.putObject(token).put("id", token);
      specialToken.putArray("ids").add(id);
      specialToken.putArray("tokens").add(token);
    }

    tokenizer
        .putObject("decoder")
        .put("type", "WordPiece")
        .put("prefix", "##")
        .put("cleanup", true);
    ObjectNode vocabulary =
        tokenizer
            .putObject("model")
            .put("type", "WordPiece")
            .put("unk_token", "[UNK]")
            .put("continuing_subword_prefix", "##")
            .put("max_input_chars_per_word", 100)
            .putObject("vocab");
    for (int id = 0; id < vocabSize; id++) {
      vocabulary.put(RandomExpression.word(id), id);
    }
    return tokenizer;
  }

  private static void addPiece(ArrayNode template, String kind, String id, int type) {
    template.addObject().putObject(kind).put("id", id).put("type_id", type);
  }
}
