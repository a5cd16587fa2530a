package org.scanformer.spark;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.scanformer.Image;

/** A picture for tests, which the bundled model knows. */
final class Pictures {
  static final String STAR = "the yellow star";
  static final String TRIANGLE = "the red triangle on the right of the yellow star";

  private static final Path SCENE = Path.of("../cli/src/demo/scene.png");

  private Pictures() {}

  /** The bytes of a file. */
  static byte[] scene() {
    try {
      return Files.readAllBytes(SCENE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Decoded. */
  static Image image() {
    return Image.read(new ByteArrayInputStream(scene()));
  }

  /** Writes copies named 0.png, 1.png and so on. */
  static void write(Path directory, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Files.write(directory.resolve(i + ".png"), scene());
    }
  }
}
