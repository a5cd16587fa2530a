package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Only English expressions are known to stay true of a changed image. */
class ForeignExpressionsTest {
  private static final int TRIES = 50;

  @TempDir private Path directory;
  private ModelConfig config;

  @BeforeEach
  void readConfig() throws IOException {
    config = ModelConfig.read(TinyModel.writeConfig(directory));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "das linke Quadrat",
        "Hund rechts",
        "linkerkant",
        "der Hund oben",
        "carr\u00e9 \u00e0 gauche",
        "chien a droite",
        "\u5de6\u8fb9\u7684\u65b9\u5757",
        "perro izquierdo",
        "cane a destra",
        "pies po lewej",
        "pes vlevo",
        "venstre hund",
        "h\u00f8jre hund",
        "f\u00fcr den Hund",
        "fu\u0308r alle",
        "\u00e9l",
        "caf\u00e9 r"
      })
  void areLeftAsTheyAre(String expression) {
    assertNull(Sides.mirrored(expression));
    assertFalse(PlaceWords.allowCrop(expression));
    assertTrue(PlaceWords.speakOfColor(expression));
    for (String kind : List.of("place", AbsentPairs.KIND)) {
      List<Box> targets = kind.equals("place") ? List.of(Grey.DOG) : List.of();
      ReferringPair pair =
          new ReferringPair("dog", new Grey(), expression, targets, kind, List.of());
      SplittableRandom random = new SplittableRandom(6);
      for (int i = 0; i < TRIES; i++) {
        ReferringPair changed = new Augmentation(config, true, true).augment(pair, random);
        assertEquals(expression, changed.expression());
        assertEquals(targets, changed.targets());
        assertEquals(Grey.WIDTH, changed.image().width());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dog",
        "brown dog with a \"collar\"",
        "linked chains",
        "white van",
        "man in a diner",
        "it\u2019s a lamp"
      })
  void englishIsStillChanged(String expression) {
    assertEquals(expression, Sides.mirrored(expression));
    assertTrue(PlaceWords.allowCrop(expression));
  }

  @Test
  void bothChangesCanBeSwitchedOff() {
    assertTrue(changes(true, true, true) > 0);
    assertTrue(changes(true, true, false) > 0);
    assertEquals(0, changes(false, true, true));
    assertTrue(changes(false, true, false) > 0);
    assertTrue(changes(true, false, true) > 0);
    assertEquals(0, changes(true, false, false));
  }

  @Command
  private static final class Host {
    @Mixin private LabelOptions labels;
  }

  @ParameterizedTest
  @CsvSource({
    "--trim=0,true,true,''",
    "--no-mirror,false,true,', no mirror images'",
    "--no-crop,true,false,', no crops'"
  })
  void theOptionsReachTheBatches(String option, boolean mirrors, boolean crops, String told) {
    Host host = new Host();
    new CommandLine(host).parseArgs(option);
    ShapesDataset scenes = ShapesDataset.of(Split.TRAIN, 8, TRIES, 200);
    Map<String, ReferringPair> before = new HashMap<>();
    for (int i = 0; i < scenes.size(); i++) {
      before.put(scenes.pair(i).id(), scenes.pair(i));
    }
    EpochTrainingData data = host.labels.epochs(scenes, config, 2, 1, 0);
    boolean mirrored = false;
    boolean cropped = false;
    for (int step = 0; step < TRIES; step++) {
      for (ReferringPair pair : data.batch(step, 0)) {
        ReferringPair own = before.get(pair.id());
        mirrored |= !pair.expression().equals(own.expression());
        cropped |= pair.image().width() < own.image().width();
      }
    }
    assertEquals(mirrors, mirrored);
    assertEquals(crops, cropped);
    assertEquals(scenes.name() + told, data.name());
  }

  /** How many of the tries have a mirror image, or else a part of the image. */
  private int changes(boolean mirrors, boolean crops, boolean mirrored) {
    ReferringPair left =
        new ReferringPair("d", new Grey(), "left dog", List.of(Grey.DOG), null, List.of());
    ReferringPair brown =
        new ReferringPair("d", new Grey(), "brown dog", List.of(Grey.DOG), null, List.of());
    Augmentation augmentation = new Augmentation(config, mirrors, crops);
    SplittableRandom random = new SplittableRandom(6);
    int changes = 0;
    for (int i = 0; i < TRIES; i++) {
      boolean changed =
          mirrored
              ? augmentation.augment(left, random).expression().equals("right dog")
              : augmentation.augment(brown, random).image().width() < Grey.WIDTH;
      changes += changed ? 1 : 0;
    }
    return changes;
  }

  /** A grey image with a dog. */
  private record Grey() implements ImageSource {
    private static final Box DOG = new Box(30, 70, 30, 40);
    private static final int WIDTH = 240;
    private static final int HEIGHT = 180;

    @Override
    public String name() {
      return "grey";
    }

    @Override
    public int width() {
      return WIDTH;
    }

    @Override
    public int height() {
      return HEIGHT;
    }

    @Override
    public List<ImageObject> objects() {
      return List.of(new ImageObject(DOG, "dog", null));
    }

    @Override
    public Image read() {
      return Image.of(ByteBuffer.allocate(3 * WIDTH * HEIGHT), PixelFormat.RGB, WIDTH, HEIGHT);
    }
  }
}
