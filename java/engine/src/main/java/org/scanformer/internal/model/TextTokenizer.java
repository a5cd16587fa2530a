package org.scanformer.internal.model;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.util.Utils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Turns expressions into token ids with a Hugging Face {@code tokenizer.json}. Thread-safe, except
 * that no call may run while it is closed.
 */
public final class TextTokenizer implements AutoCloseable {
  private static final long MAX_FILE_BYTES = 64 << 20;
  private static final int MAX_CHARACTERS = 10_000;

  static {
    // Without these the library reports its use to its vendor's server, and on a machine with a
    // CUDA
    // device it downloads a build for it, although its jar holds one for the CPU.
    setIfAbsent("OPT_OUT_TRACKING", "true");
    setIfAbsent("RUST_FLAVOR", "cpu");
  }

  private final Path file;
  private final HuggingFaceTokenizer tokenizer;
  private final int vocabSize;
  private final int specialTokens;

  private TextTokenizer(
      Path file, HuggingFaceTokenizer tokenizer, int vocabSize, int specialTokens) {
    this.file = file;
    this.tokenizer = tokenizer;
    this.vocabSize = vocabSize;
    this.specialTokens = specialTokens;
  }

  /**
   * Opens the file.
   *
   * @throws ScanFormerException BAD_MODEL when it is not a tokenizer's, UNSUPPORTED when the
   *     library cannot be loaded
   */
  public static TextTokenizer open(Path file, ModelConfig config) {
    loadLibrary();
    try {
      byte[] json = TokenizerJson.read(file, MAX_FILE_BYTES, config.vocabSize());
      Map<String, String> options =
          Map.of(
              "addSpecialTokens", "true",
              "truncation", "true",
              "maxLength", Integer.toString(config.maxTextLength()),
              "padding", "false");
      HuggingFaceTokenizer tokenizer =
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options);
      int specialTokens = tokenizer.encode("").getIds().length;
      return new TextTokenizer(file, tokenizer, config.vocabSize(), specialTokens);
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, file + ": could not be read: " + e.getMessage(), e);
    } catch (ScanFormerException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          file + ": expected a Hugging Face fast tokenizer, found: " + e.getMessage(),
          e);
    }
  }

  private static void setIfAbsent(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private static void loadLibrary() {
    try {
      LibUtils.checkStatus();
    } catch (LinkageError | RuntimeException e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "The tokenizers library could not be loaded: "
              + root
              + ". It is unpacked to a cache directory that must be writable ("
              + Utils.getEngineCacheDir("tokenizers")
              + "); choose another with the environment variable DJL_CACHE_DIR or"
              + " -DDJL_CACHE_DIR=DIRECTORY",
          e);
    }
  }

  /**
   * The ids of an expression: [CLS], its tokens, [SEP]; at most the model's maximum, the last one
   * [SEP].
   *
   * @throws ScanFormerException BAD_INPUT when it is blank or too long to be an expression
   */
  public int[] encode(String expression) {
    if (expression.length() > MAX_CHARACTERS) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The expression has "
              + expression.length()
              + " characters, expected at most "
              + MAX_CHARACTERS);
    }
    if (expression.isBlank()) {
      throw blank(expression);
    }
    Encoding encoding;
    try {
      encoding = tokenizer.encode(wellFormed(expression));
    } catch (RuntimeException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "The expression could not be tokenized: " + e.getMessage(), e);
    }
    long[] ids = encoding.getIds();
    if (ids.length <= specialTokens) {
      throw blank(expression);
    }
    int[] result = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabSize) {
        throw new ScanFormerException(
            ErrorCode.BAD_MODEL,
            file + ": gave the id " + ids[i] + ", expected less than vocab_size " + vocabSize);
      }
      result[i] = (int) ids[i];
    }
    return result;
  }

  private static ScanFormerException blank(String expression) {
    return new ScanFormerException(
        ErrorCode.BAD_INPUT,
        "The expression is blank: found "
            + expression.length()
            + " characters without a word, expected what to look for");
  }

  /** Half a surrogate pair has no UTF-8: it becomes a question mark. */
  private static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
