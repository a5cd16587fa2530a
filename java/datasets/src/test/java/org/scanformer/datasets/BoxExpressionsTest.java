package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;

/** Expressions that are made from boxes hold for exactly the object that they are made for. */
class BoxExpressionsTest {
  private static final int WIDTH = 320;
  private static final int HEIGHT = 240;
  private static final List<String> NAMES =
      List.of("dog", "car", "traffic light", "man", "woman", "person", "cup");
  private static final Map<Integer, String> PAINTS =
      Map.of(
          0xFF0000, "red", 0x00C000, "green", 0x0000FF, "blue", 0xFFFF00, "yellow", 0xFFFFFF,
          "white", 0x000000, "black", 0x808080, "gray", 0xFF8000, "orange");

  @TempDir private Path root;

  /** Boxes filled with paint, the later ones over the earlier. */
  private record Painted(List<ImageObject> objects, int[] pixels) implements ImageSource {
    @Override
    public String name() {
      return "painted";
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
    public Image read() {
      ByteBuffer rgb = ByteBuffer.allocate(3 * pixels.length);
      for (int pixel : pixels) {
        rgb.put((byte) (pixel >> 16)).put((byte) (pixel >> 8)).put((byte) pixel);
      }
      return Image.of(rgb.flip(), PixelFormat.RGB, WIDTH, HEIGHT);
    }

    /** The paint of most of a box's middle, if there is one. */
    String color(Box box) {
      Map<String, Integer> counts = new HashMap<>();
      int all = 0;
      for (int y = (int) (box.y() + box.height() / 4); y < box.y() + 0.75 * box.height(); y++) {
        for (int x = (int) (box.x() + box.width() / 4); x < box.x() + 0.75 * box.width(); x++) {
          counts.merge(PAINTS.get(pixels[y * WIDTH + x]), 1, Integer::sum);
          all++;
        }
      }
      for (Map.Entry<String, Integer> each : counts.entrySet()) {
        if (each.getValue() > 0.5 * all) {
          return each.getKey();
        }
      }
      return null;
    }
  }

  private static Painted scene(SplittableRandom random) {
    int[] pixels = new int[WIDTH * HEIGHT];
    List<Integer> paints = PAINTS.keySet().stream().sorted().toList();
    Arrays.fill(pixels, paints.get(random.nextInt(paints.size())));
    List<ImageObject> objects = new ArrayList<>();
    int kinds = 1 + random.nextInt(3);
    int first = random.nextInt(NAMES.size());
    for (int i = 1 + random.nextInt(6); i > 0; i--) {
      int w = 16 + random.nextInt(90);
      int h = 16 + random.nextInt(90);
      int x = random.nextInt(WIDTH - w);
      int y = random.nextInt(HEIGHT - h);
      if (!objects.isEmpty() && random.nextInt(3) == 0) {
        // Beside the one before.
        Box before = objects.get(objects.size() - 1).box();
        x = Math.min(WIDTH - w, (int) before.right() + random.nextInt(12));
        y = Math.min(HEIGHT - h, (int) before.y());
      }
      int paint = paints.get(random.nextInt(paints.size()));
      for (int row = y; row < y + h; row++) {
        Arrays.fill(pixels, row * WIDTH + x, row * WIDTH + x + w, paint);
      }
      String name = NAMES.get((first + random.nextInt(kinds)) % NAMES.size());
      objects.add(new ImageObject(new Box(x, y, w, h), name, null));
    }
    return new Painted(objects, pixels);
  }

  private static ReferringDataset dataset(AnnotatedImage... images) {
    return BoxExpressions.of(
        new ListedDataset("test", List.of(), List.of(), List.of(images)), ExpressionSource.BOXES);
  }

  @Test
  void eachHoldsForItsObjectAlone() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, Integer> kinds = new TreeMap<>();
    for (int i = 0; i < 600; i++) {
      Painted scene = scene(random);
      Map<String, List<Box>> boxes = new LinkedHashMap<>();
      Map<Box, String> colors = new HashMap<>();
      for (ImageObject object : scene.objects()) {
        boxes.computeIfAbsent(object.category(), key -> new ArrayList<>()).add(object.box());
        colors.put(object.box(), scene.color(object.box()));
      }
      PhraseMeaning meaning = new PhraseMeaning(boxes, colors);
      ReferringDataset made = dataset(new AnnotatedImage("scene", scene, Set.of()));
      for (String text : TestPictures.expressions(made)) {
        String where = "seed " + seed + ", scene " + i + ": " + text + " of " + scene.objects();
        assertEquals(
            1, TestPictures.expressions(made).stream().filter(text::equals).count(), where);
      }
      for (int p = 0; p < made.size(); p++) {
        ReferringPair pair = made.pair(p);
        kinds.merge(pair.kind(), 1, Integer::sum);
        String where =
            "seed " + seed + ", scene " + i + ": " + pair.expression() + " of " + scene.objects();
        assertEquals(pair.box(), meaning.of(pair.expression()), where);
        assertTrue(
            pair.landmarks().stream().allMatch(new ArrayList<>(colors.keySet())::contains), where);
      }
    }
    for (String kind :
        List.of(
            "name",
            "leftmost",
            "rightmost",
            "order",
            "middle",
            "topmost",
            "bottommost",
            "smallest",
            "largest",
            "closest",
            "farthest",
            "color",
            "next to",
            "left",
            "right")) {
      assertTrue(kinds.getOrDefault(kind, 0) >= 10, kind + " of " + kinds + ", seed " + seed);
    }
  }

  @Test
  void saysNothingOfWhatMayBeThereTwice() {
    List<ImageObject> objects =
        List.of(
            new ImageObject(new Box(10, 10, 50, 50), "dog", null),
            new ImageObject(new Box(100, 10, 50, 50), "man", null),
            new ImageObject(new Box(200, 10, 50, 90), "person", null),
            new ImageObject(new Box(200, 150, 50, 50), "cup", null),
            new ImageObject(new Box(203, 150, 50, 50), "cup", null),
            new ImageObject(new Box(10, 150, 50, 50), "other", null),
            new ImageObject(new Box(260, 150, 50, 50), "car", null));
    Painted image = new Painted(objects, new int[WIDTH * HEIGHT]);
    assertEquals(
        Set.of("car"),
        Set.copyOf(
            TestPictures.expressions(dataset(new AnnotatedImage("a", image, Set.of("dog"))))
                .stream()
                .map(text -> text.replaceAll("^black | .*$", ""))
                .toList()));
    List<ImageObject> nameless = new ArrayList<>(objects);
    nameless.add(new ImageObject(new Box(10, 10, 20, 20), null, null));
    Painted unclear = new Painted(nameless, new int[WIDTH * HEIGHT]);
    assertEquals(0, dataset(new AnnotatedImage("b", unclear, Set.of())).size());
  }

  /** Spellings of a name are one category: of none of them is there only one. */
  @Test
  void saysNothingOfANameInTwoSpellings() {
    List<ImageObject> objects = new ArrayList<>();
    for (String name : List.of("Dog", "dog", "traffic_light", "Traffic lights", "Other", "car")) {
      objects.add(new ImageObject(new Box(10 + 50 * objects.size(), 10, 40, 50), name, null));
    }
    Painted image = new Painted(objects, new int[WIDTH * HEIGHT]);
    List<String> texts =
        TestPictures.expressions(dataset(new AnnotatedImage("a", image, Set.of())));
    assertTrue(texts.contains("car"), texts.toString());
    assertTrue(texts.stream().allMatch(text -> text.matches("(black )?car")), texts.toString());
  }

  /** Of people, the colour of what they wear is said, however their category is written. */
  @Test
  void saysThatPeopleAreInAColor() {
    int[] pixels = new int[WIDTH * HEIGHT];
    Arrays.fill(pixels, 0xFF0000);
    Painted image =
        new Painted(List.of(new ImageObject(new Box(10, 10, 50, 50), "Woman", null)), pixels);
    assertEquals(
        List.of("Woman", "Woman in red"),
        TestPictures.expressions(dataset(new AnnotatedImage("a", image, Set.of()))));
  }

  @Test
  void readsThemFromDetectionData() throws IOException {
    TestPictures.write(root.resolve("1.png"), 200, 100);
    Path file = root.resolve("boxes.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "1.png", "width": 200, "height": 100}],
         "annotations": [
          {"id": 10, "image_id": 1, "category_id": 18, "bbox": [0, 20, 40, 40]},
          {"id": 11, "image_id": 1, "category_id": 18, "bbox": [150, 20, 40, 40]},
          {"id": 12, "image_id": 1, "category_id": 3, "bbox": [80, 20, 40, 40], "iscrowd": 1},
          {"id": 13, "image_id": 1, "category_id": 4, "bbox": [80, 20, 30, 40]},
          {"id": 14, "image_id": 1, "category_id": 4, "bbox": [80, 200, 30, 40]}],
         "categories": [{"id": 3, "name": "car"}, {"id": 4, "name": "cat"},
                        {"id": 18, "name": "dog"}]}
        """);
    ReferringDataset own = DataForm.COCO.open(file, null, null, null);
    assertEquals(List.of(), TestPictures.expressions(own));
    ReferringDataset made = DataForm.COCO.open(file, null, null, null, ExpressionSource.BOXES);
    assertEquals(
        List.of("leftmost", "rightmost"),
        IntStream.range(0, made.size()).mapToObj(i -> made.pair(i).kind()).toList());
    assertEquals(new Box(0, 20, 40, 40), made.pair(0).box());
    assertTrue(TestPictures.expressions(made).get(0).matches(".*left.*"));
    assertTrue(TestPictures.expressions(made).stream().allMatch(text -> text.contains("dog")));
    assertEquals(List.of("BOX boxes.json annotation 14"), TestPictures.bad(made));
    assertEquals(
        TestPictures.expressions(made),
        TestPictures.expressions(
            DataForm.COCO.open(file, null, null, null, ExpressionSource.BOXES)));
  }

  @Test
  void bothKeepsTheDatasOwn() throws IOException {
    TestPictures.write(root.resolve("1.png"), 200, 100);
    Path file = root.resolve("boxes.jsonl");
    Files.writeString(
        file,
        """
        {"filename": "1.png", "width": 200, "height": 100,
         "grounding": {"regions": [{"phrase": "a wet dog", "bbox": [0, 0, 50, 50]}]},
         "detection": {"instances": [{"category": "dog", "bbox": [0, 0, 50, 50]},
                                     {"category": "cat", "bbox": [55, 0, 100, 50]}]}}
        """
            .replace("\n", " "));
    ReferringDataset both = DataForm.ODVG.open(file, null, null, null, ExpressionSource.BOTH);
    List<String> texts = TestPictures.expressions(both);
    assertEquals(List.of("a wet dog", "dog", "cat"), texts.subList(0, 3));
    assertTrue(texts.stream().anyMatch(text -> text.matches("dog (next to|beside) the cat")));
    assertFalse(
        TestPictures.expressions(DataForm.ODVG.open(file, null, null, null, ExpressionSource.BOXES))
            .contains("a wet dog"));
  }

  @Test
  void dataWithoutCategoriesIsRefused() throws IOException {
    TestPictures.write(root.resolve("1.png"), 200, 100);
    Path file = root.resolve("boxes.csv");
    Files.writeString(file, "image,x,y,width,height,text\n1.png,1,2,30,40,a dog\n");
    ScanFormerException refused =
        assertThrows(
            ScanFormerException.class,
            () -> DataForm.CSV.open(file, null, null, null, ExpressionSource.BOXES));
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(
        refused.getMessage().contains("expected boxes with categories"), refused.getMessage());
    // A box that is listed without a name is no better.
    Painted nameless =
        new Painted(
            List.of(new ImageObject(new Box(1, 2, 30, 40), null, null)), new int[WIDTH * HEIGHT]);
    assertThrows(
        ScanFormerException.class, () -> dataset(new AnnotatedImage("a", nameless, Set.of("dog"))));
  }

  @Test
  void colorsHaveTheirUsualNames() {
    Map<Integer, String> expected = new LinkedHashMap<>(PAINTS);
    expected.putAll(
        Map.of(
            0x8B4513, "brown", 0xFFC0CB, "pink", 0x800080, "purple", 0x1E3A8A, "blue", 0x8B0000,
            "red", 0x228B22, "green", 0xF5F5F5, "white", 0x202020, "black", 0xFFA500, "orange"));
    expected.forEach(
        (rgb, name) -> assertEquals(name, ColorShares.name(rgb), Integer.toHexString(rgb)));
  }
}
