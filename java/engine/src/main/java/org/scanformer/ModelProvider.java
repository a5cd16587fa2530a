package org.scanformer;

import java.io.IOException;
import java.io.InputStream;

/**
 * A model that is not in a directory, such as one in a jar of its own. {@link ScanFormer#load()}
 * finds it by {@link java.util.ServiceLoader}; {@link ScanFormer#load(ModelProvider)} takes any.
 * Implementations are thread-safe.
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
