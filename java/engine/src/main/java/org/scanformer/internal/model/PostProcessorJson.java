package org.scanformer.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Reads from the {@code post_processor} of a tokenizer.json what is added to a single text. */
final class PostProcessorJson {
  private static final String FIELD = "post_processor";

  private final JsonFields fields;
  private final int vocabSize;
  private final int maxLength;

  private PostProcessorJson(JsonFields fields, int vocabSize, int maxLength) {
    this.fields = fields;
    this.vocabSize = vocabSize;
    this.maxLength = maxLength;
  }

  /** The special ids; they leave room for at least one more. */
  static TextTokenizer.SpecialIds read(
      JsonFields fields, JsonNode node, int vocabSize, int maxLength) {
    PostProcessorJson reader = new PostProcessorJson(fields, vocabSize, maxLength);
    JsonNode type = fields.object(node, FIELD).path("type");
    TextTokenizer.SpecialIds ids;
    if ("TemplateProcessing".equals(type.textValue())) {
      ids = reader.template(node);
    } else if ("BertProcessing".equals(type.textValue())) {
      ids = reader.bert(node);
    } else {
      throw fields.error(FIELD + ".type", type, "TemplateProcessing or BertProcessing");
    }
    reader.requireRoom(ids.count());
    return ids;
  }

  private void requireRoom(int specialTokens) {
    if (specialTokens >= maxLength) {
      throw fields.error(
          FIELD,
          "at least " + specialTokens + " special tokens",
          "fewer than the model's max_text_length, " + maxLength);
    }
  }

  private TextTokenizer.SpecialIds bert(JsonNode node) {
    fields.requireKnown(node, FIELD, Set.of("type", "sep", "cls"));
    return new TextTokenizer.SpecialIds(pairId(node, "cls"), pairId(node, "sep"));
  }

  private int[] pairId(JsonNode node, String name) {
    String field = FIELD + "." + name;
    JsonNode pair = fields.array(node.path(name), field);
    if (pair.size() != 2) {
      throw fields.error(field, pair, "a token and its id");
    }
    fields.text(pair.get(0), field + "[0]");
    return new int[] {id(pair.get(1), field + "[1]")};
  }

  private int id(JsonNode node, String field) {
    return fields.integer(node, field, 0, vocabSize - 1);
  }

  private TextTokenizer.SpecialIds template(JsonNode node) {
    fields.requireKnown(node, FIELD, Set.of("type", "single", "pair", "special_tokens"));
    Map<String, int[]> idsOf = specialTokens(node.path("special_tokens"));
    String field = FIELD + ".single";
    IntList before = new IntList();
    IntList after = new IntList();
    boolean text = false;
    int index = 0;
    for (JsonNode piece : fields.array(node.path("single"), field)) {
      String at = field + "[" + index++ + "]";
      if (!piece.isObject() || piece.size() != 1) {
        throw fields.error(at, piece, "SpecialToken or Sequence");
      }
      String kind = piece.fieldNames().next();
      String name = pieceName(piece, kind, at);
      if (kind.equals("SpecialToken") && idsOf.containsKey(name)) {
        (text ? after : before).addAll(idsOf.get(name));
        // At once, as a long list that is named many times would fill the heap.
        requireRoom(before.size() + after.size());
      } else if (kind.equals("Sequence") && name.equals("A") && !text) {
        text = true;
      } else {
        throw fields.error(at, piece, "a SpecialToken of special_tokens, or once the Sequence A");
      }
    }
    if (!text) {
      throw fields.error(field, node.path("single"), "the Sequence A among its pieces");
    }
    return new TextTokenizer.SpecialIds(before.toArray(), after.toArray());
  }

  private String pieceName(JsonNode piece, String kind, String field) {
    String at = field + "." + JsonFields.shortened(kind);
    JsonNode value = fields.object(piece.path(kind), at);
    fields.requireKnown(value, at, Set.of("id", "type_id"));
    // Which of two texts it belongs to: no matter where there is one.
    fields.integer(value.path("type_id"), at + ".type_id", 0, 1);
    return fields.text(value.path("id"), at + ".id");
  }

  private Map<String, int[]> specialTokens(JsonNode node) {
    String field = FIELD + ".special_tokens";
    Map<String, int[]> idsOf = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : fields.object(node, field).properties()) {
      String at = field + "." + JsonFields.shortened(entry.getKey());
      JsonNode token = fields.object(entry.getValue(), at);
      fields.requireKnown(token, at, Set.of("id", "ids", "tokens"));
      if (!fields.text(token.path("id"), at + ".id").equals(entry.getKey())) {
        throw fields.error(at + ".id", token.path("id"), "its own name");
      }
      IntList ids = new IntList();
      for (JsonNode id : fields.array(token.path("ids"), at + ".ids")) {
        ids.add(id(id, at + ".ids[" + ids.size() + "]"));
      }
      JsonNode texts = fields.array(token.path("tokens"), at + ".tokens");
      if (texts.size() != ids.size()) {
        throw fields.error(at + ".tokens", texts, "as many as ids: " + ids.size());
      }
      idsOf.put(entry.getKey(), ids.toArray());
    }
    return idsOf;
  }
}
