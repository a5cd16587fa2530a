package org.scanformer.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ErrorCode;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;
import org.scanformer.reference.RandomModel;

@Tag("fuzz")
class TokenizerFuzzTest {
  @TempDir private static Path directory;
  private static ModelConfig config;

  @BeforeAll
  static void readConfig() throws IOException {
    RandomModel.tiny().write(directory);
    config = ModelConfig.read(directory.resolve("config.json"));
    Files.deleteIfExists(directory.resolve("model.safetensors"));
  }

  @FuzzTest(maxDuration = Duration.OF_A_RUN)
  void readsOrRefuses(byte[] bytes) {
    Inputs.withFile(
        bytes,
        path ->
            Inputs.assertTakenOrRefused(
                Set.of(ErrorCode.BAD_MODEL, ErrorCode.BAD_INPUT),
                () -> {
                  TextTokenizer tokenizer = TextTokenizer.open(path, config);
                  String text = "the red star left of the Circle, 3\u00e9\ud83d\ude00";
                  assertInRange(tokenizer.encode(text));
                  assertInRange(tokenizer.tokenize(text).ids());
                }));
  }

  private static void assertInRange(int[] ids) {
    assertTrue(ids.length <= config.maxTextLength());
    for (int id : ids) {
      assertTrue(0 <= id && id < config.vocabSize(), () -> "id " + id);
    }
  }
}
