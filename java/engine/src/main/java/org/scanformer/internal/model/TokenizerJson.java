package org.scanformer.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.scanformer.ScanFormerException;

/**
 * Reads a tokenizer.json that is not trusted. A field that this reader does not know is refused, as
 * it could change the ids.
 */
final class TokenizerJson {
  private static final long MAX_FILE_BYTES = 16 << 20;
  private static final int MAX_WORD = 1000;

  private static final Set<String> FIELDS =
      Set.of(
          "version",
          "truncation",
          "padding",
          "added_tokens",
          "normalizer",
          "pre_tokenizer",
          "post_processor",
          "decoder",
          "model");

  private final JsonFields fields;
  private final int vocabSize;
  private final int maxLength;

  private TokenizerJson(JsonFields fields, int vocabSize, int maxLength) {
    this.fields = fields;
    this.vocabSize = vocabSize;
    this.maxLength = maxLength;
  }

  /**
   * Reads a tokenizer of BERT's kind.
   *
   * @param vocabSize what every id is less than
   * @param maxLength what ids are cut to, special ones included
   * @throws ScanFormerException BAD_MODEL naming the field, what was found and what was expected
   */
  static TextTokenizer read(Path file, int vocabSize, int maxLength) {
    JsonNode root = JsonFiles.readObject(file, MAX_FILE_BYTES);
    return new TokenizerJson(new JsonFields(file.toString()), vocabSize, maxLength).tokenizer(root);
  }

  private TextTokenizer tokenizer(JsonNode root) {
    JsonNode version = root.path("version");
    if (!version.isMissingNode() && !"1.0".equals(version.textValue())) {
      throw fields.error("version", version, "\"1.0\"");
    }
    // First, as it says what kind of tokenizer a file of another kind is.
    JsonNode model = root.path("model");
    fields.requireType(model, "model", "WordPiece");
    fields.requireKnown(root, "", FIELDS);
    Map<String, Integer> vocabulary = vocabulary(model);
    WordPiece wordPiece = wordPiece(model, vocabulary);
    BertNormalizer normalizer = normalizer(root.path("normalizer"));
    JsonNode preTokenizer = root.path("pre_tokenizer");
    fields.requireType(preTokenizer, "pre_tokenizer", "BertPreTokenizer");
    fields.requireKnown(preTokenizer, "pre_tokenizer", Set.of("type"));
    List<AddedToken> tokens =
        AddedTokenJson.read(fields, root.path("added_tokens"), vocabulary, vocabSize, normalizer);
    return new TextTokenizer(
        normalizer,
        new AddedTokens(
            tokens.stream().filter(token -> !token.normalized()).toList(),
            UnaryOperator.identity()),
        new AddedTokens(
            tokens.stream().filter(AddedToken::normalized).toList(), normalizer::normalize),
        wordPiece,
        spelling(model, vocabulary, tokens, normalizer),
        PostProcessorJson.read(fields, root.path("post_processor"), vocabSize, maxLength),
        maxLength);
  }

  /** Words may be suggested, but not added tokens such as [SEP]. */
  private static Spelling spelling(
      JsonNode model,
      Map<String, Integer> vocabulary,
      List<AddedToken> tokens,
      BertNormalizer normalizer) {
    Set<String> words = new HashSet<>(vocabulary.keySet());
    tokens.forEach(token -> words.remove(token.content()));
    String prefix = model.path("continuing_subword_prefix").textValue();
    return new Spelling(normalizer::normalize, words, prefix);
  }

  private BertNormalizer normalizer(JsonNode node) {
    String field = "normalizer";
    fields.requireType(node, field, "BertNormalizer");
    fields.requireKnown(
        node,
        field,
        Set.of("type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"));
    boolean lowercase = fields.flag(node, field, "lowercase", true);
    boolean stripAccents =
        node.path("strip_accents").isNull()
            ? lowercase
            : fields.flag(node, field, "strip_accents", lowercase);
    return new BertNormalizer(
        fields.flag(node, field, "clean_text", true),
        fields.flag(node, field, "handle_chinese_chars", true),
        stripAccents,
        lowercase);
  }

  private Map<String, Integer> vocabulary(JsonNode model) {
    Map<String, Integer> vocabulary = new HashMap<>();
    for (Map.Entry<String, JsonNode> word :
        fields.object(model.path("vocab"), "model.vocab").properties()) {
      JsonNode id = word.getValue();
      if (!id.isInt() || id.intValue() < 0 || id.intValue() >= vocabSize) {
        throw fields.error(
            "model.vocab." + JsonFields.shortened(word.getKey()),
            id,
            "a whole number of 0 to " + (vocabSize - 1));
      }
      vocabulary.put(word.getKey(), id.intValue());
    }
    return vocabulary;
  }

  private WordPiece wordPiece(JsonNode model, Map<String, Integer> vocabulary) {
    fields.requireKnown(
        model,
        "model",
        Set.of(
            "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"));
    JsonNode unknown = model.path("unk_token");
    if (!vocabulary.containsKey(fields.text(unknown, "model.unk_token"))) {
      throw fields.error("model.unk_token", unknown, "a token of the vocabulary");
    }
    JsonNode prefix = model.path("continuing_subword_prefix");
    String prefixField = "model.continuing_subword_prefix";
    if (!prefix.isTextual()) {
      throw fields.error(prefixField, prefix, "a text");
    }
    return new WordPiece(
        vocabulary,
        unknown.textValue(),
        fields.wellFormed(prefix.textValue(), prefixField),
        fields.integer(
            model.path("max_input_chars_per_word"), "model.max_input_chars_per_word", 1, MAX_WORD));
  }
}
