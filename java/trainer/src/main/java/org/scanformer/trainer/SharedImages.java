package org.scanformer.trainer;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.scanformer.datasets.ReferringDataset;

/**
 * Images that are held out and trained on too: what is chosen on them does not fit other images.
 */
final class SharedImages {
  private SharedImages() {}

  /**
   * Tells of each held-out set how many of its images are in any of the sets to train on.
   *
   * @param training sets of images in files, as are those that are held out
   */
  static void tell(
      List<ReferringDataset> training, List<ReferringDataset> heldOut, PrintWriter err) {
    Set<Path> trained = new HashSet<>();
    training.forEach(dataset -> trained.addAll(images(dataset)));
    for (ReferringDataset dataset : heldOut) {
      Set<Path> images = images(dataset);
      long shared = images.stream().filter(trained::contains).count();
      if (shared > 0) {
        err.printf(
            Locale.ROOT,
            "%s: %d of %d held-out images are in the training data too: accuracy looks better than it"
                + " is, and the threshold and the calibration fit what was learnt%n",
            dataset.name(),
            shared,
            images.size());
      }
    }
  }

  private static Set<Path> images(ReferringDataset dataset) {
    // Many pairs are of one image.
    Set<String> names = new HashSet<>();
    for (int i = 0; i < dataset.size(); i++) {
      names.add(dataset.pair(i).image().name());
    }
    Set<Path> images = new HashSet<>();
    names.forEach(name -> images.add(Path.of(name).toAbsolutePath().normalize()));
    return images;
  }
}
