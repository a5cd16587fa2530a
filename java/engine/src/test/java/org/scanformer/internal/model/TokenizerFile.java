package org.scanformer.internal.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/** A tokenizer.json of BERT's kind, changed by tests. */
final class TokenizerFile {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  final ObjectNode root = MAPPER.createObjectNode();
  final ObjectNode normalizer;
  final ObjectNode model;
  final ObjectNode vocabulary;
  private final ArrayNode addedTokens;
  private int nextId;

  /** A file with [UNK], [CLS] and [SEP] as ids 0 to 2 and the words after them. */
  TokenizerFile(Collection<String> words, String prefix) {
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    addedTokens = root.putArray("added_tokens");
    normalizer =
        root.putObject("normalizer")
            .put("type", "BertNormalizer")
            .put("clean_text", true)
            .put("handle_chinese_chars", true)
            .putNull("strip_accents")
            .put("lowercase", true);
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    root.putObject("post_processor")
        .put("type", "BertProcessing")
        .<ObjectNode>set("cls", MAPPER.createArrayNode().add("[CLS]").add(1))
        .set("sep", MAPPER.createArrayNode().add("[SEP]").add(2));
    root.putNull("decoder");
    model =
        root.putObject("model")
            .put("type", "WordPiece")
            .put("unk_token", "[UNK]")
            .put("continuing_subword_prefix", prefix)
            .put("max_input_chars_per_word", 100);
    vocabulary = model.putObject("vocab");
    for (String word : new String[] {"[UNK]", "[CLS]", "[SEP]"}) {
      vocabulary.put(word, nextId++);
    }
    for (String word : words) {
      if (!vocabulary.has(word)) {
        vocabulary.put(word, nextId++);
      }
    }
  }

  /** What every id is less than. */
  int vocabSize() {
    return nextId;
  }

  /** Adds a token with the id that it has in the vocabulary, or the next one. */
  ObjectNode add(String content) {
    int id = vocabulary.has(content) ? vocabulary.path(content).intValue() : nextId++;
    return addedTokens
        .addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", false);
  }

  byte[] json() {
    try {
      return MAPPER.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  TextTokenizer open(Path directory, int maxLength) throws IOException {
    Path file = directory.resolve("tokenizer.json");
    Files.write(file, json());
    return TokenizerJson.read(file, vocabSize(), maxLength);
  }
}
