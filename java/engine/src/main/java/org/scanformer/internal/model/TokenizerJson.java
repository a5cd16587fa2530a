package org.scanformer.internal.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * A tokenizer.json that is not trusted: it is read and rewritten with only the known fields of its
 * format. The native tokenizers library ends the process on some files that break the format, so it
 * never sees the original.
 */
final class TokenizerJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final Set<String> PLAIN_NORMALIZERS =
      Set.of("Lowercase", "NFC", "NFD", "NFKC", "NFKD", "StripAccents");
  private static final Set<String> PLAIN_PRE_TOKENIZERS =
      Set.of("BertPreTokenizer", "Whitespace", "WhitespaceSplit");
  private static final Set<String> PUNCTUATION_BEHAVIORS =
      Set.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");
  private static final int MAX_WORD = 1_000_000;

  private final Path file;
  private final int vocabSize;

  private TokenizerJson(Path file, int vocabSize) {
    this.file = file;
    this.vocabSize = vocabSize;
  }

  /**
   * Reads a WordPiece tokenizer, without what only decoding, padding and truncation need.
   *
   * @param vocabSize what every id is less than
   * @return JSON in ASCII
   * @throws ScanFormerException BAD_MODEL naming the field, what was found and what was expected
   */
  static byte[] read(Path file, long maxBytes, int vocabSize) {
    JsonNode root = JsonFiles.readObject(file, maxBytes);
    TokenizerJson reader = new TokenizerJson(file, vocabSize);
    ObjectNode written = MAPPER.createObjectNode();
    written.put("version", "1.0").putNull("truncation").putNull("padding");
    written.set("added_tokens", reader.addedTokens(root));
    written.set("normalizer", reader.normalizer(root.path("normalizer"), "normalizer"));
    written.set("pre_tokenizer", reader.preTokenizer(root.path("pre_tokenizer"), "pre_tokenizer"));
    written.set("post_processor", reader.postProcessor(root.path("post_processor")));
    written.putNull("decoder");
    written.set("model", reader.model(root.path("model")));
    try {
      return MAPPER.writeValueAsString(written).getBytes(StandardCharsets.US_ASCII);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of JSON could not be written", e);
    }
  }

  private ScanFormerException error(String field, JsonNode found, String expected) {
    return new ScanFormerException(
        ErrorCode.BAD_MODEL,
        file + ": " + field + ": expected " + expected + ", found " + JsonFiles.describe(found));
  }

  // ---- Values ----

  private String text(JsonNode node, String field) {
    if (!node.isTextual() || node.textValue().isEmpty()) {
      throw error(field, node, "a text");
    }
    return node.textValue();
  }

  private int integer(JsonNode node, String field, int low, int high) {
    if (!node.isInt() || node.intValue() < low || node.intValue() > high) {
      throw error(field, node, "a whole number of " + low + " to " + high);
    }
    return node.intValue();
  }

  private int id(JsonNode node, String field) {
    return integer(node, field, 0, vocabSize - 1);
  }

  private boolean flag(JsonNode object, String name, String field, boolean absent) {
    JsonNode node = object.path(name);
    if (node.isMissingNode()) {
      return absent;
    }
    if (!node.isBoolean()) {
      throw error(field + "." + name, node, "true or false");
    }
    return node.booleanValue();
  }

  private JsonNode object(JsonNode node, String field) {
    if (!node.isObject()) {
      throw error(field, node, "an object");
    }
    return node;
  }

  private JsonNode array(JsonNode node, String field) {
    if (!node.isArray()) {
      throw error(field, node, "a list");
    }
    return node;
  }

  private static boolean isAbsent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }

  private ArrayNode each(JsonNode list, String field, BiFunction<JsonNode, String, JsonNode> read) {
    ArrayNode written = MAPPER.createArrayNode();
    int index = 0;
    for (JsonNode element : array(list, field)) {
      written.add(read.apply(element, field + "[" + index + "]"));
      index++;
    }
    return written;
  }

  private static ObjectNode typed(String type) {
    return MAPPER.createObjectNode().put("type", type);
  }

  // ---- Parts of the file ----

  private JsonNode addedTokens(JsonNode root) {
    JsonNode tokens = root.path("added_tokens");
    if (isAbsent(tokens)) {
      return MAPPER.createArrayNode();
    }
    return each(
        tokens,
        "added_tokens",
        (token, field) -> {
          object(token, field);
          ObjectNode written = MAPPER.createObjectNode();
          written.put("id", id(token.path("id"), field + ".id"));
          written.put("content", text(token.path("content"), field + ".content"));
          for (String name : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
            written.put(name, flag(token, name, field, false));
          }
          return written.put("special", flag(token, "special", field, false));
        });
  }

  private JsonNode normalizer(JsonNode node, String field) {
    if (isAbsent(node)) {
      return MAPPER.nullNode();
    }
    String type = text(object(node, field).path("type"), field + ".type");
    ObjectNode written = typed(type);
    if (type.equals("BertNormalizer")) {
      JsonNode accents = node.path("strip_accents");
      if (isAbsent(accents)) {
        written.putNull("strip_accents");
      } else {
        written.put("strip_accents", flag(node, "strip_accents", field, false));
      }
      return written
          .put("clean_text", flag(node, "clean_text", field, true))
          .put("handle_chinese_chars", flag(node, "handle_chinese_chars", field, true))
          .put("lowercase", flag(node, "lowercase", field, true));
    }
    if (type.equals("Strip")) {
      return written
          .put("strip_left", flag(node, "strip_left", field, true))
          .put("strip_right", flag(node, "strip_right", field, true));
    }
    if (type.equals("Sequence")) {
      String list = field + ".normalizers";
      written.set("normalizers", each(node.path("normalizers"), list, this::normalizer));
      return written;
    }
    if (!PLAIN_NORMALIZERS.contains(type)) {
      throw error(
          field + ".type",
          node.path("type"),
          "BertNormalizer, Strip, Sequence or one of " + PLAIN_NORMALIZERS);
    }
    return written;
  }

  private JsonNode preTokenizer(JsonNode node, String field) {
    if (isAbsent(node)) {
      return MAPPER.nullNode();
    }
    String type = text(object(node, field).path("type"), field + ".type");
    ObjectNode written = typed(type);
    if (type.equals("Punctuation")) {
      String behavior = node.path("behavior").asText("Isolated");
      if (!PUNCTUATION_BEHAVIORS.contains(behavior)) {
        throw error(field + ".behavior", node.path("behavior"), "one of " + PUNCTUATION_BEHAVIORS);
      }
      return written.put("behavior", behavior);
    }
    if (type.equals("Digits")) {
      return written.put("individual_digits", flag(node, "individual_digits", field, false));
    }
    if (type.equals("Sequence")) {
      String list = field + ".pretokenizers";
      written.set("pretokenizers", each(node.path("pretokenizers"), list, this::preTokenizer));
      return written;
    }
    if (!PLAIN_PRE_TOKENIZERS.contains(type)) {
      throw error(
          field + ".type",
          node.path("type"),
          "Punctuation, Digits, Sequence or one of " + PLAIN_PRE_TOKENIZERS);
    }
    return written;
  }

  private JsonNode postProcessor(JsonNode node) {
    String field = "post_processor";
    String type = text(object(node, field).path("type"), field + ".type");
    ObjectNode written = typed(type);
    if (type.equals("BertProcessing")) {
      for (String name : new String[] {"sep", "cls"}) {
        JsonNode pair = array(node.path(name), field + "." + name);
        if (pair.size() != 2) {
          throw error(field + "." + name, pair, "a token and its id");
        }
        written
            .putArray(name)
            .add(text(pair.get(0), field + "." + name))
            .add(id(pair.get(1), field + "." + name));
      }
      return written;
    }
    if (!type.equals("TemplateProcessing")) {
      throw error(field + ".type", node.path("type"), "TemplateProcessing or BertProcessing");
    }
    JsonNode special = object(node.path("special_tokens"), field + ".special_tokens");
    ObjectNode tokens = MAPPER.createObjectNode();
    for (Map.Entry<String, JsonNode> token : special.properties()) {
      tokens.set(
          token.getKey(),
          specialToken(token.getKey(), token.getValue(), field + ".special_tokens"));
    }
    BiFunction<JsonNode, String, JsonNode> piece =
        (element, at) -> templatePiece(element, at, tokens);
    written.set("single", each(node.path("single"), field + ".single", piece));
    JsonNode pair = node.path("pair");
    written.set(
        "pair", isAbsent(pair) ? MAPPER.createArrayNode() : each(pair, field + ".pair", piece));
    written.set("special_tokens", tokens);
    return written;
  }

  private ObjectNode specialToken(String name, JsonNode node, String in) {
    String field = in + "." + name;
    object(node, field);
    if (!text(node.path("id"), field + ".id").equals(name)) {
      throw error(field + ".id", node.path("id"), "its own name");
    }
    ObjectNode written = MAPPER.createObjectNode().put("id", name);
    JsonNode ids = node.path("ids");
    JsonNode texts = node.path("tokens");
    written.set(
        "ids",
        each(ids, field + ".ids", (id, at) -> MAPPER.getNodeFactory().numberNode(id(id, at))));
    written.set(
        "tokens",
        each(texts, field + ".tokens", (t, at) -> MAPPER.getNodeFactory().textNode(text(t, at))));
    if (ids.size() != texts.size()) {
      throw error(field + ".tokens", texts, "as many as ids: " + ids.size());
    }
    return written;
  }

  private JsonNode templatePiece(JsonNode node, String field, ObjectNode specialTokens) {
    if (!node.isObject() || node.size() != 1) {
      throw error(field, node, "SpecialToken or Sequence");
    }
    String kind = node.fieldNames().next();
    JsonNode piece = object(node.path(kind), field + "." + kind);
    JsonNode id = piece.path("id");
    String name = text(id, field + ".id");
    boolean known =
        kind.equals("SpecialToken")
            ? specialTokens.has(name)
            : kind.equals("Sequence") && (name.equals("A") || name.equals("B"));
    if (!known) {
      throw error(field, node, "a SpecialToken of special_tokens, or the Sequence A or B");
    }
    ObjectNode written = MAPPER.createObjectNode();
    written
        .putObject(kind)
        .put("id", name)
        .put("type_id", integer(piece.path("type_id"), field + ".type_id", 0, 1));
    return written;
  }

  private JsonNode model(JsonNode node) {
    object(node, "model");
    // Files in early versions of the format lack it.
    JsonNode type = node.path("type");
    if (!type.isMissingNode() && !"WordPiece".equals(type.textValue())) {
      throw error("model.type", type, "WordPiece");
    }
    ObjectNode written = typed("WordPiece");
    String unknown = text(node.path("unk_token"), "model.unk_token");
    JsonNode prefix = node.path("continuing_subword_prefix");
    if (!prefix.isTextual()) {
      throw error("model.continuing_subword_prefix", prefix, "a text");
    }
    JsonNode longest = node.path("max_input_chars_per_word");
    written
        .put("unk_token", unknown)
        .put("continuing_subword_prefix", prefix.textValue())
        .put(
            "max_input_chars_per_word",
            integer(longest, "model.max_input_chars_per_word", 1, MAX_WORD));
    ObjectNode vocabulary = written.putObject("vocab");
    JsonNode words = object(node.path("vocab"), "model.vocab");
    for (Map.Entry<String, JsonNode> word : words.properties()) {
      vocabulary.put(word.getKey(), id(word.getValue(), "model.vocab." + word.getKey()));
    }
    if (!vocabulary.has(unknown)) {
      throw error("model.unk_token", node.path("unk_token"), "a token of the vocabulary");
    }
    return written;
  }
}
