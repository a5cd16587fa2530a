package org.scanformer.internal.model;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/** The native tokenizers library, which defines what the ids are. */
final class NativeTokenizer implements AutoCloseable {
  static {
    // Without these the library reports its use to its vendor's server, and on a machine with a
    // CUDA device it downloads a build for it, although its jar holds one for the CPU.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("RUST_FLAVOR", "cpu");
  }

  private final HuggingFaceTokenizer tokenizer;

  /**
   * Loads a tokenizer.
   *
   * @param maxLength what ids are cut to, special ones included; 0 for no limit
   */
  NativeTokenizer(byte[] json, int maxLength) {
    Map<String, String> options =
        new HashMap<>(Map.of("addSpecialTokens", "true", "padding", "false"));
    if (maxLength > 0) {
      options.put("truncation", "true");
      options.put("maxLength", Integer.toString(maxLength));
    } else {
      options.put("truncation", "false");
    }
    try {
      tokenizer = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int[] ids(String text) {
    long[] ids = encode(text).getIds();
    int[] result = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      result[i] = Math.toIntExact(ids[i]);
    }
    return result;
  }

  Encoding encode(String text) {
    return tokenizer.encode(text);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
