package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
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

  /** A file of a byte, of which all pixels are; counts how often they are made. */
  private static final class Drawn implements ImageSource {
    private final Path file;
    private int reads;

    Drawn(Path file) {
      this.file = file;
    }

    @Override
    public String name() {
      return file.toString();
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
      try {
        java.util.Arrays.fill(pixels, Files.readAllBytes(file)[0]);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return Image.of(ByteBuffer.wrap(pixels), PixelFormat.RGB, 3, 2);
    }
  }

  private Path image(String name, int value) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, new byte[] {(byte) value});
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
    Drawn one = new Drawn(image("7", 7));
    Drawn two = new Drawn(image("200", 200));
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
    Drawn later = new Drawn(one.file);
    Drawn cut = new Drawn(two.file);
    try (ImageCache cache = ImageCache.open(file, ERR)) {
      ReferringDataset again = cache.of(dataset(later, cut));
      assertArrayEquals(pixels(plain, 0), pixels(again, 0));
      assertArrayEquals(pixels(plain, 1), pixels(again, 1));
    }
    assertEquals(0, later.reads);
    assertEquals(1, cut.reads);
  }

  private static int cached(Path cache, Path image) {
    try (ImageCache opened = ImageCache.open(cache, ERR)) {
      return pixels(opened.of(dataset(new Drawn(image))), 0)[0] & 255;
    }
  }

  @Test
  void anImageThatIsReplacedIsDecodedAgain() throws IOException {
    Path cache = directory.resolve("images.cache");
    Path image = image("a/1.jpg", 7);
    FileTime before = FileTime.fromMillis(1_700_000_000_000L);
    Files.setLastModifiedTime(image, before);
    assertEquals(7, cached(cache, image));
    Files.write(image, new byte[] {8});
    assertEquals(8, cached(cache, image));
    Files.write(image, new byte[] {9, 9});
    Files.setLastModifiedTime(image, before);
    assertEquals(9, cached(cache, image));
    // A folder that takes another one's place, with files as long and as old.
    Path other = image("b/1.jpg", 10);
    Path link = Files.createSymbolicLink(directory.resolve("now"), other.getParent());
    Files.setLastModifiedTime(other, before);
    assertEquals(10, cached(cache, link.resolve("1.jpg")));
    Files.delete(link);
    Files.createSymbolicLink(link, image("c/1.jpg", 11).getParent());
    Files.setLastModifiedTime(link.resolve("1.jpg"), before);
    assertEquals(11, cached(cache, link.resolve("1.jpg")));
  }

  /** A name in a record is all that an earlier version had. */
  @Test
  void aCacheOfAnEarlierVersionBeginsAnew() throws IOException {
    Path cache = directory.resolve("images.cache");
    Path image = image("1.jpg", 7);
    byte[] name = (image + " 3x2").getBytes(StandardCharsets.UTF_8);
    ByteBuffer old = ByteBuffer.allocate(16 + name.length + 18).putInt(0x5343_4943);
    old.putInt(name.length).putInt(18).putInt(PixelFormat.RGB.ordinal()).put(name);
    Files.write(cache, old.array());
    StringWriter told = new StringWriter();
    ImageCache.open(cache, new PrintWriter(told, true)).close();
    assertTrue(told.toString().contains(cache + ": this cache of images begins anew"), "" + told);
    assertEquals(7, cached(cache, image));
    assertEquals(7, cached(cache, image));
  }

  /** Linux has a device that is always full. */
  @Test
  void aCacheThatIsFullEndsNoRun() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "no /dev/full");
    Path file = Files.createSymbolicLink(directory.resolve("full.cache"), full);
    Drawn one = new Drawn(image("7", 7));
    StringWriter told = new StringWriter();
    try (ImageCache cache = ImageCache.open(file, new PrintWriter(told, true))) {
      ReferringDataset cached = cache.of(dataset(one, new Drawn(image("200", 200))));
      byte[] pixels = pixels(dataset(new Drawn(one.file)), 0);
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
