package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import javax.imageio.ImageIO;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** What the fuzz tests of datasets share: a directory, and the properties that they check. */
final class DatasetFuzz {
  /** How long a fuzz test goes on in the run that is part of every build. */
  static final String DURATION = "7s";

  private static final ObjectMapper JSON = new ObjectMapper();

  private DatasetFuzz() {}

  /** Writes the picture that records name. */
  static void writeImage(Path directory) throws IOException {
    File file = directory.resolve("a.jpg").toFile();
    ImageIO.write(new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB), "jpg", file);
  }

  static void write(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] json(Object value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whatever the file: it is refused with a message, or all pairs are usable. */
  static void assertReadOrRefused(Supplier<ReferringDataset> open) {
    ReferringDataset dataset;
    try {
      dataset = open.get();
    } catch (ScanFormerException e) {
      assertEquals(ErrorCode.BAD_INPUT, e.code());
      assertFalse(e.getMessage().isBlank());
      return;
    }
    for (BadRecord bad : dataset.badRecords()) {
      assertFalse(bad.problem().isBlank());
      assertTrue(bad.problem().length() < 2000, bad::problem);
    }
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < dataset.size(); i++) {
      ReferringPair pair = dataset.pair(i);
      assertTrue(ids.add(pair.id()), pair::id);
      assertFalse(pair.expression().isBlank());
      for (Box box : pair.targets()) {
        assertTrue(box.x() >= 0 && box.x() + box.width() <= pair.image().width() + 1e-9);
        assertTrue(box.y() >= 0 && box.y() + box.height() <= pair.image().height() + 1e-9);
        assertTrue(box.width() > 0 && box.height() > 0);
      }
    }
  }
}
