package org.scanformer.model.shapes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Models;
import org.scanformer.NormalizedBox;
import org.scanformer.ScanFormer;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;

class ShapesModelTest {
  @Test
  void locatesInScenesThatItHasNotSeen() {
    ShapesDataset scenes = ShapesDataset.of(Split.TEST, 4711, 120, 640);
    int hits = 0;
    double selected = 0;
    try (ScanFormer model = ScanFormer.load()) {
      for (int i = 0; i < scenes.size(); i++) {
        ReferringPair pair = scenes.pair(i);
        Image image = pair.image().read();
        Location found = model.locate(image, pair.expression());
        NormalizedBox truth = NormalizedBox.of(pair.box(), image.width(), image.height());
        hits += found.normalizedBox().intersectionOverUnion(truth) >= 0.5 ? 1 : 0;
        var finest = found.scales().get(found.scales().size() - 1).mask();
        selected += (double) finest.count() / finest.total();
      }
    }
    // Of 2,000 scenes 96 % are found; of 120, chance may take 6 % more.
    assertTrue(hits >= 0.9 * scenes.size(), hits + " of " + scenes.size() + " found");
    assertTrue(selected / scenes.size() <= 0.4, "share " + selected / scenes.size());
  }

  @Test
  void isTheOneOfItsName() {
    try (ScanFormer model = ScanFormer.load(Models.SHAPES);
        ScanFormer only = ScanFormer.load()) {
      assertEquals(only.config(), model.config());
    }
  }

  /** As threads of the common pool, of JNI and of other applications have them. */
  @Test
  void isFoundWhateverTheThreadsClassLoaderIs() {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try {
      for (ClassLoader other : new ClassLoader[] {null, ClassLoader.getPlatformClassLoader()}) {
        thread.setContextClassLoader(other);
        ScanFormer.load().close();
      }
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
