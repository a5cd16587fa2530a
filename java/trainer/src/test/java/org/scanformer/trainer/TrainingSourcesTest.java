package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;

/** What a training of several datasets of files reads: mixtures, cached images, vocabularies. */
class TrainingSourcesTest {
  private static final PrintWriter ERR = new PrintWriter(System.err);

  @TempDir private Path directory;

  private record Named(String name, List<String> log) implements TrainingData {
    @Override
    public List<ReferringPair> batch(long step, double progress) {
      log.add(name + step);
      return List.of();
    }
  }

  @Test
  void sourcesTakeTurnsByTheirWeights() {
    List<String> log = new ArrayList<>();
    TrainingData mixed =
        new MixedTrainingData(
            List.of(new Named("a", log), new Named("b", log)), new double[] {3, 1});
    for (int step = 0; step < 400; step++) {
      mixed.batch(step, 0);
    }
    // Each source sees its own steps one after another, none twice.
    for (String name : List.of("a", "b")) {
      List<String> own = log.stream().filter(entry -> entry.startsWith(name)).toList();
      assertEquals(name.equals("a") ? 300 : 100, own.size());
      for (int i = 0; i < own.size(); i++) {
        assertEquals(name + i, own.get(i));
      }
    }
    assertTrue(log.subList(0, 4).contains("b0"), log.subList(0, 4).toString());
    assertThrows(
        IllegalArgumentException.class,
        () -> new MixedTrainingData(List.of(mixed, mixed), new double[] {1, 1000}));
  }

  /** Counts how often its pixels are made. */
  private static final class Drawn implements ImageSource {
    private final byte value;
    private int reads;

    Drawn(int value) {
      this.value = (byte) value;
    }

    @Override
    public String name() {
      return "drawn " + value;
    }

    @Override
    public int width() {
      return 3;
    }

    @Override
    public int height() {
      return 2;
    }

    @Override
    public Image read() {
      reads++;
      byte[] pixels = new byte[18];
      java.util.Arrays.fill(pixels, value);
      return Image.of(ByteBuffer.wrap(pixels), PixelFormat.RGB, 3, 2);
    }
  }

  private static ReferringDataset dataset(ImageSource... images) {
    return new ReferringDataset() {
      @Override
      public String name() {
        return "drawn";
      }

      @Override
      public int size() {
        return images.length;
      }

      @Override
      public ReferringPair pair(int index) {
        return new ReferringPair(
            "" + index, images[index], "it", new Box(0, 0, 1, 1), null, List.of());
      }

      @Override
      public List<BadRecord> badRecords() {
        return List.of();
      }
    };
  }

  private static byte[] pixels(ReferringDataset dataset, int index) {
    Image image = dataset.pair(index).image().read();
    byte[] pixels = new byte[18];
    image.pixels().get(0, pixels);
    return pixels;
  }

  @Test
  void anImageIsDecodedOnce() throws IOException {
    Path file = directory.resolve("images.cache");
    Drawn one = new Drawn(7);
    Drawn two = new Drawn(200);
    ReferringDataset plain = dataset(one, two, one);
    try (ImageCache cache = ImageCache.open(file, ERR)) {
      ReferringDataset cached = cache.of(plain);
      for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++) {
          assertArrayEquals(pixels(plain, i), pixels(cached, i));
        }
      }
    }
    assertEquals(4 + 1, one.reads);
    assertEquals(2 + 1, two.reads);
    // A crash left a part of the second image: it is decoded again.
    try (var channel = java.nio.channels.FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(Files.size(file) - 5);
    }
    Drawn later = new Drawn(7);
    Drawn cut = new Drawn(200);
    try (ImageCache cache = ImageCache.open(file, ERR)) {
      ReferringDataset again = cache.of(dataset(later, cut));
      assertArrayEquals(pixels(plain, 0), pixels(again, 0));
      assertArrayEquals(pixels(plain, 1), pixels(again, 1));
    }
    assertEquals(0, later.reads);
    assertEquals(1, cut.reads);
  }

  /** Linux has a device that is always full. */
  @Test
  void aCacheThatIsFullEndsNoRun() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "no /dev/full");
    Path file = Files.createSymbolicLink(directory.resolve("full.cache"), full);
    Drawn one = new Drawn(7);
    StringWriter told = new StringWriter();
    try (ImageCache cache = ImageCache.open(file, new PrintWriter(told, true))) {
      ReferringDataset cached = cache.of(dataset(one, new Drawn(200)));
      byte[] pixels = pixels(dataset(new Drawn(7)), 0);
      for (int round = 0; round < 2; round++) {
        assertArrayEquals(pixels, pixels(cached, 0));
        pixels(cached, 1);
      }
    }
    assertEquals(2, one.reads);
    assertEquals(1, told.toString().lines().count(), told.toString());
    assertTrue(told.toString().contains("The cache of images takes no more"), told.toString());
  }

  @Test
  void frequentWordsArePiecesAndRareOnesAreMadeOfThem() throws IOException {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      texts.add("The dog's café");
      texts.add("a sitting dog");
    }
    texts.add("dogsitting");
    List<String> pieces = WordPieces.build(texts, 60);
    assertTrue(pieces.containsAll(List.of("dog", "sitting", "cafe", "the", "'")), "" + pieces);
    assertEquals(pieces.size(), pieces.stream().distinct().count());
    assertEquals(pieces, WordPieces.build(texts, 60));
    List<String> tokens = new ArrayList<>(ShapesTokenizer.SPECIAL);
    tokens.addAll(pieces);
    Path file = directory.resolve("tokenizer.json");
    ShapesTokenizer.write(file, 16, tokens);
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    int unknown = tokens.indexOf("[UNK]");
    int[] ids = TextTokenizer.open(file, config).encode("the dogsitting café");
    assertTrue(java.util.Arrays.stream(ids).noneMatch(id -> id == unknown), "" + pieces);
    assertEquals(tokens.indexOf("dog"), ids[2]);
    assertThrows(IllegalArgumentException.class, () -> WordPieces.build(texts, 5));
  }
}
