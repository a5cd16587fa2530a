package org.scanformer;

import java.io.IOException;
import java.io.InputStream;

/**
 * A model in a jar of its own, for {@link ScanFormer#load()}. Found by {@link
 * java.util.ServiceLoader}. Implementations are thread-safe.
 */
public interface ModelProvider {
  /** Names the model in messages. */
  String name();

  /**
   * Opens a file of the model directory; the caller closes it.
   *
   * @param file {@code config.json}, {@code model.safetensors} or {@code tokenizer.json}
   */
  InputStream open(String file) throws IOException;
}
