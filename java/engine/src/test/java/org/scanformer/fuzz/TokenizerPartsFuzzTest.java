package org.scanformer.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ErrorCode;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;
import org.scanformer.reference.RandomModel;

/**
 * Tokenizers put together of parts, right and wrong: bytes by themselves seldom get past the JSON.
 */
@Tag("fuzz")
class TokenizerPartsFuzzTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final long MAX_SECONDS = 3;
  private static final String[] TEXTS = {
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "the",
    "##e",
    "a",
    "A",
    "\u0301",
    "\u00e9",
    "\u0130",
    " ",
    "\t",
    "",
    "\u7ea2",
    "\ud83d\ude00",
    "##",
    "\u0000",
    "of the",
    "x".repeat(300),
    "\ufffd"
  };
  private static final String[] NORMALIZERS = {
    "BertNormalizer", "BertNormalizer", "BertNormalizer", "Sequence", "NFKD", "Replace", "Lowercase"
  };
  private static final String[] PRE_TOKENIZERS = {
    "BertPreTokenizer", "BertPreTokenizer", "BertPreTokenizer", "ByteLevel", "Split", "Sequence"
  };
  private static final String[] POST_PROCESSORS = {
    "BertProcessing", "TemplateProcessing", "TemplateProcessing", "ByteLevel", "RobertaProcessing"
  };
  private static final String[] MODELS = {
    "WordPiece", "WordPiece", "WordPiece", "WordPiece", "BPE", "Unigram", "WordLevel"
  };

  @TempDir private static Path directory;
  private static ModelConfig config;

  @BeforeAll
  static void readConfig() throws IOException {
    RandomModel.tiny().write(directory);
    config = ModelConfig.read(directory.resolve("config.json"));
    Files.deleteIfExists(directory.resolve("model.safetensors"));
  }

  @FuzzTest(maxDuration = Duration.OF_A_RUN)
  void readsOrRefuses(FuzzedDataProvider data) {
    byte[] json = tokenizer(data).toString().getBytes(StandardCharsets.UTF_8);
    StringBuilder text = new StringBuilder("the");
    for (int i = data.consumeInt(0, 20); i > 0; i--) {
      text.append(text(data));
    }
    text.append(data.consumeRemainingAsString());
    text.setLength(Math.min(text.length(), 10_000));
    // Not the time on the clock, which depends on what else the machine does.
    long start = THREADS.getCurrentThreadCpuTime();
    Inputs.withFile(
        json,
        path ->
            Inputs.assertTakenOrRefused(
                Set.of(ErrorCode.BAD_MODEL), () -> encode(path, text.toString())));
    long seconds = TimeUnit.NANOSECONDS.toSeconds(THREADS.getCurrentThreadCpuTime() - start);
    assertTrue(seconds < MAX_SECONDS, () -> "took " + seconds + " s");
  }

  private static void encode(Path file, String text) {
    TextTokenizer tokenizer = TextTokenizer.open(file, config);
    Inputs.assertTakenOrRefused(
        Set.of(ErrorCode.BAD_INPUT),
        () -> {
          assertInRange(tokenizer.encode(text));
          assertInRange(tokenizer.tokenize(text).ids());
        });
  }

  private static void assertInRange(int[] ids) {
    assertTrue(ids.length <= config.maxTextLength());
    for (int id : ids) {
      assertTrue(0 <= id && id < config.vocabSize(), () -> "id " + id);
    }
  }

  // ---- Parts ----

  private static String text(FuzzedDataProvider data) {
    return data.consumeInt(0, 4) == 4 ? data.consumeString(12) : data.pickValue(TEXTS);
  }

  /** Never where the data has ended: the parts are right by default. */
  private static boolean seldom(FuzzedDataProvider data, int times) {
    return data.consumeInt(0, times) == times;
  }

  private static int id(FuzzedDataProvider data) {
    return seldom(data, 30) ? data.consumeInt() : data.consumeInt(0, 40);
  }

  private static void flag(FuzzedDataProvider data, ObjectNode node, String name) {
    switch (data.consumeInt(0, 20)) {
      case 20 -> node.putNull(name);
      case 19 -> node.put(name, 1);
      case 18 -> {}
      default -> node.put(name, data.consumeBoolean());
    }
  }

  private static ObjectNode tokenizer(FuzzedDataProvider data) {
    ObjectNode root = MAPPER.createObjectNode();
    ObjectNode normalizer = root.putObject("normalizer");
    normalizer.put("type", data.pickValue(NORMALIZERS));
    for (String name :
        new String[] {"clean_text", "handle_chinese_chars", "strip_accents", "lowercase"}) {
      flag(data, normalizer, name);
    }
    root.putObject("pre_tokenizer").put("type", data.pickValue(PRE_TOKENIZERS));
    ObjectNode vocabulary = model(data, root.putObject("model"));
    addedTokens(data, root.putArray("added_tokens"), vocabulary);
    postProcessor(data, root.putObject("post_processor"));
    if (seldom(data, 20)) {
      root.put(text(data), text(data));
    }
    return root;
  }

  private static ObjectNode model(FuzzedDataProvider data, ObjectNode model) {
    model
        .put("type", data.pickValue(MODELS))
        .put("unk_token", seldom(data, 10) ? text(data) : "[UNK]")
        .put("continuing_subword_prefix", seldom(data, 3) ? text(data) : "##")
        .put("max_input_chars_per_word", seldom(data, 3) ? data.consumeInt() : 100);
    ObjectNode vocabulary = model.putObject("vocab").put("[UNK]", 0);
    for (int i = data.consumeInt(0, 20); i > 0; i--) {
      vocabulary.put(text(data), id(data));
    }
    return vocabulary;
  }

  private static void addedTokens(FuzzedDataProvider data, ArrayNode list, ObjectNode vocabulary) {
    int next = vocabulary.size();
    for (int i = data.consumeInt(0, 6); i > 0; i--) {
      String content = text(data);
      ObjectNode token = list.addObject().put("content", content);
      boolean right = !seldom(data, 8);
      int known = vocabulary.has(content) ? vocabulary.path(content).intValue() : next++;
      token.put("id", right ? known : id(data));
      for (String name :
          new String[] {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
        flag(data, token, name);
      }
    }
  }

  private static void postProcessor(FuzzedDataProvider data, ObjectNode node) {
    String type = data.pickValue(POST_PROCESSORS);
    node.put("type", type);
    if (!type.equals("TemplateProcessing")) {
      node.putArray("cls").add(text(data)).add(id(data));
      node.putArray("sep").add(text(data)).add(id(data));
      return;
    }
    ObjectNode special = node.putObject("special_tokens");
    for (int i = data.consumeInt(0, 3); i > 0; i--) {
      String name = text(data);
      ObjectNode token = special.putObject(name).put("id", name);
      ArrayNode ids = token.putArray("ids");
      ArrayNode tokens = token.putArray("tokens");
      for (int k = data.consumeInt(0, 20); k > 0; k--) {
        ids.add(id(data));
        tokens.add(name + "x");
      }
    }
    ArrayNode single = node.putArray("single");
    for (int i = data.consumeInt(0, 4); i > 0; i--) {
      boolean sequence = data.consumeBoolean();
      single
          .addObject()
          .putObject(sequence ? "Sequence" : "SpecialToken")
          .put("id", sequence ? (seldom(data, 5) ? "B" : "A") : text(data))
          .put("type_id", seldom(data, 20) ? 2 : 0);
    }
  }
}
