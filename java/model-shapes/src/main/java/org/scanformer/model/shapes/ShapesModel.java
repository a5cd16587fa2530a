package org.scanformer.model.shapes;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import org.scanformer.ModelProvider;

/** Provides the model files in this package. Immutable and thread-safe. */
public final class ShapesModel implements ModelProvider {
  /** For the service loader. */
  public ShapesModel() {}

  @Override
  public String name() {
    return "scanformer-model-shapes";
  }

  @Override
  public InputStream open(String file) throws IOException {
    InputStream in = ShapesModel.class.getResourceAsStream(file);
    if (in == null) {
      throw new FileNotFoundException(name() + " has no file " + file);
    }
    return in;
  }
}
