package org.scanformer.model.photos;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import org.scanformer.ModelProvider;

/** Provides the model files in this package. Immutable and thread-safe. */
public final class PhotosModel implements ModelProvider {
  /** For the service loader. */
  public PhotosModel() {}

  @Override
  public String name() {
    return "scanformer-model-photos";
  }

  @Override
  public InputStream open(String file) throws IOException {
    InputStream in = PhotosModel.class.getResourceAsStream(file);
    if (in == null) {
      throw new FileNotFoundException(name() + " has no file " + file);
    }
    return in;
  }
}
