package org.scanformer.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the {@code added_tokens} of a tokenizer.json. */
final class AddedTokenJson {
  private static final int MAX_CONTENT = 256;

  private static final Set<String> FIELDS =
      Set.of("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");

  private final JsonFields fields;
  private final Map<String, Integer> vocabulary;
  private final int vocabSize;
  private final BertNormalizer normalizer;

  private AddedTokenJson(
      JsonFields fields,
      Map<String, Integer> vocabulary,
      int vocabSize,
      BertNormalizer normalizer) {
    this.fields = fields;
    this.vocabulary = vocabulary;
    this.vocabSize = vocabSize;
    this.normalizer = normalizer;
  }

  static List<AddedToken> read(
      JsonFields fields,
      JsonNode tokens,
      Map<String, Integer> vocabulary,
      int vocabSize,
      BertNormalizer normalizer) {
    if (tokens.isMissingNode() || tokens.isNull()) {
      return List.of();
    }
    return new AddedTokenJson(fields, vocabulary, vocabSize, normalizer)
        .tokens(fields.array(tokens, "added_tokens"));
  }

  private List<AddedToken> tokens(JsonNode list) {
    List<AddedToken> tokens = new ArrayList<>();
    Set<String> contents = new HashSet<>();
    Map<Integer, String> contentOf = new HashMap<>();
    int nextId = vocabulary.size();
    for (JsonNode node : list) {
      String field = "added_tokens[" + tokens.size() + "]";
      AddedToken token = token(node, field);
      if (!contents.add(token.content())) {
        throw fields.error(field + ".content", node.path("content"), "a content of its own");
      }
      // The library numbers the tokens itself and ignores other ids in the file.
      Integer known = vocabulary.get(token.content());
      int assigned = known == null ? nextId : known;
      if (token.id() != assigned) {
        throw fields.error(
            field + ".id",
            node.path("id"),
            known == null
                ? assigned + ", the next after those of the vocabulary"
                : assigned + " as in the vocabulary");
      }
      if (contentOf.putIfAbsent(token.id(), token.content()) != null) {
        throw fields.error(field + ".id", node.path("id"), "an id of its own");
      }
      nextId = Math.max(nextId, token.id() + 1);
      tokens.add(token);
    }
    return tokens;
  }

  private AddedToken token(JsonNode node, String field) {
    fields.requireKnown(fields.object(node, field), field, FIELDS);
    JsonNode content = node.path("content");
    AddedToken token =
        new AddedToken(
            fields.integer(node.path("id"), field + ".id", 0, vocabSize - 1),
            fields.text(content, field + ".content"),
            fields.flag(node, field, "single_word", false),
            fields.flag(node, field, "lstrip", false),
            fields.flag(node, field, "rstrip", false),
            fields.flag(node, field, "normalized", false),
            fields.flag(node, field, "special", false));
    if (token.content().length() > MAX_CONTENT) {
      throw fields.error(field + ".content", content, "at most " + MAX_CONTENT + " characters");
    }
    if (token.normalized() && normalizer.normalize(token.content()).isEmpty()) {
      throw fields.error(
          field + ".content", content, "a text of which the normalizer leaves something");
    }
    return token;
  }
}
