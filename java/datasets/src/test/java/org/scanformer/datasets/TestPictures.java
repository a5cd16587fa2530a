package org.scanformer.datasets;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** What the tests of forms of data share. */
final class TestPictures {
  private TestPictures() {}

  /** Writes a black picture and creates its directory. */
  static void write(Path file, int width, int height) throws IOException {
    Files.createDirectories(file.getParent());
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(picture, file.toString().endsWith("png") ? "png" : "jpg", file.toFile());
  }

  /** The expressions of all pairs. */
  static List<String> expressions(ReferringDataset dataset) {
    return java.util.stream.IntStream.range(0, dataset.size())
        .mapToObj(i -> dataset.pair(i).expression())
        .toList();
  }

  /** The ids of all pairs. */
  static List<String> ids(ReferringDataset dataset) {
    return java.util.stream.IntStream.range(0, dataset.size())
        .mapToObj(i -> dataset.pair(i).id())
        .toList();
  }

  /** The bad records, each as its kind and id. */
  static List<String> bad(ReferringDataset dataset) {
    return dataset.badRecords().stream().map(bad -> bad.kind() + " " + bad.id()).toList();
  }

  /** What is told of the bad record of an id. */
  static String problem(ReferringDataset dataset, String id) {
    return dataset.badRecords().stream()
        .filter(bad -> bad.id().equals(id))
        .map(BadRecord::problem)
        .findFirst()
        .orElse("no bad record " + id + " in " + dataset.badRecords());
  }
}
