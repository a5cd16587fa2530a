package org.scanformer.datasets;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.SceneObject.Extent;
import org.scanformer.datasets.SceneObject.Form;
import org.scanformer.datasets.SceneObject.Hue;

/**
 * A drawn picture: coloured forms on a background. Immutable; a function of its seed and limits.
 */
final class Scene implements ImageSource {
  private static final int MIN_OBJECTS = 2;
  static final int MAX_OBJECTS = 6;
  static final int MANY_OBJECTS = 8;
  static final int FEW_OBJECTS = 3;
  static final int MIN_LONG_SIDE = 160;

  /** Long side to short side, drawn landscape and portrait; 1 is drawn as often as the others. */
  private static final double[] ASPECT_RATIOS = {1, 1, 5.0 / 4, 4.0 / 3, 3.0 / 2, 16.0 / 9};

  private final long seed;
  private final int width;
  private final int height;
  private final SceneGround ground;
  private final List<SceneObject> objects;

  private Scene(long seed, int width, int height, SceneGround ground, List<SceneObject> objects) {
    this.seed = seed;
    this.width = width;
    this.height = height;
    this.ground = ground;
    this.objects = List.copyOf(objects);
  }

  /**
   * Generates a scene.
   *
   * @param maxLongSide the long side is log-uniform from 160 to this many pixels
   * @param maxObjects there are two to this many objects, or fewer if there is no room
   */
  static Scene generate(long seed, int maxLongSide, int maxObjects) {
    SplittableRandom random = new SplittableRandom(seed);
    double ratio = ASPECT_RATIOS[random.nextInt(ASPECT_RATIOS.length)];
    boolean portrait = random.nextBoolean();
    double sizes = StrictMath.log((double) maxLongSide / MIN_LONG_SIDE);
    int longSide = (int) (MIN_LONG_SIDE * StrictMath.exp(sizes * random.nextDouble()));
    int shortSide = (int) Math.round(longSide / ratio);
    int width = portrait ? shortSide : longSide;
    int height = portrait ? longSide : shortSide;
    SceneGround ground = SceneGround.random(random);
    int count = MIN_OBJECTS + random.nextInt(maxObjects - MIN_OBJECTS + 1);
    List<SceneObject> objects = new ArrayList<>();
    // A crowded picture may have no room for its last objects.
    for (int attempt = 0; attempt < 20 * count && objects.size() < count; attempt++) {
      SceneObject object = randomObject(random, width, height, objects);
      if (object != null && contrasts(object.rgb(), ground)) {
        objects.add(object);
      }
    }
    return new Scene(seed, width, height, ground, objects);
  }

  /** A random object that keeps its distance from the others, or null if this attempt does not. */
  private static SceneObject randomObject(
      SplittableRandom random, int width, int height, List<SceneObject> others) {
    Form form = Form.values()[random.nextInt(Form.values().length)];
    Hue hue = Hue.values()[random.nextInt(Hue.values().length)];
    // Objects that share attributes make expressions that need relations.
    if (!others.isEmpty() && random.nextInt(2) == 0) {
      SceneObject like = others.get(random.nextInt(others.size()));
      if (random.nextBoolean()) {
        form = like.form();
      } else {
        hue = like.hue();
      }
    }
    Extent extent = Extent.values()[random.nextInt(Extent.values().length)];
    double longSide = Math.max(width, height);
    double side = longSide * (extent.least + (extent.most - extent.least) * random.nextDouble());
    double angle = (random.nextDouble() - 0.5) * 0.4;
    int rgb = jitter(hue.rgb, random);
    Path2D outline = SceneObject.outline(form, side, angle);
    Rectangle2D bounds = outline.getBounds2D();
    double margin = 0.01 * longSide;
    double roomX = width - bounds.getWidth() - 2 * margin;
    double roomY = height - bounds.getHeight() - 2 * margin;
    double left = margin + roomX * random.nextDouble();
    double top = margin + roomY * random.nextDouble();
    Box box = new Box(left, top, bounds.getWidth(), bounds.getHeight());
    for (SceneObject other : others) {
      if (roomX < 0 || roomY < 0 || tooClose(box, other.box(), margin)) {
        return null;
      }
    }
    outline.transform(
        AffineTransform.getTranslateInstance(left - bounds.getX(), top - bounds.getY()));
    return new SceneObject(form, hue, rgb, extent, outline, box);
  }

  private static boolean tooClose(Box a, Box b, double margin) {
    return a.x() < b.x() + b.width() + margin
        && b.x() < a.x() + a.width() + margin
        && a.y() < b.y() + b.height() + margin
        && b.y() < a.y() + a.height() + margin;
  }

  private static int jitter(int rgb, SplittableRandom random) {
    return SceneGround.rgb(
        (rgb >> 16 & 255) + random.nextInt(25) - 12,
        (rgb >> 8 & 255) + random.nextInt(25) - 12,
        (rgb & 255) + random.nextInt(25) - 12);
  }

  private static boolean contrasts(int rgb, SceneGround ground) {
    return distance(rgb, ground.first()) > 60 && distance(rgb, ground.second()) > 60;
  }

  private static int distance(int a, int b) {
    int red = Math.abs((a >> 16 & 255) - (b >> 16 & 255));
    int green = Math.abs((a >> 8 & 255) - (b >> 8 & 255));
    int blue = Math.abs((a & 255) - (b & 255));
    return Math.max(red, Math.max(green, blue));
  }

  @Override
  public String name() {
    return String.format(Locale.ROOT, "scene %016x", seed);
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int height() {
    return height;
  }

  /** The objects; none overlaps another. */
  List<SceneObject> sceneObjects() {
    return objects;
  }

  @Override
  public List<ImageObject> objects() {
    return objects.stream()
        .map(object -> new ImageObject(object.box(), object.form().nouns[0], object.hue().words[0]))
        .toList();
  }

  /** The picture; a pixel is 0xRRGGBB. */
  BufferedImage draw() {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    ground.paint(pixels(picture), width, height);
    Graphics2D graphics = picture.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    for (SceneObject object : objects) {
      graphics.setColor(new Color(object.rgb()));
      graphics.fill(object.outline());
    }
    graphics.dispose();
    return picture;
  }

  private static int[] pixels(BufferedImage picture) {
    return ((DataBufferInt) picture.getRaster().getDataBuffer()).getData();
  }

  @Override
  public Image read() {
    int[] pixels = pixels(draw());
    byte[] rgb = new byte[3 * pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      rgb[3 * i] = (byte) (pixels[i] >> 16);
      rgb[3 * i + 1] = (byte) (pixels[i] >> 8);
      rgb[3 * i + 2] = (byte) pixels[i];
    }
    return Image.of(ByteBuffer.wrap(rgb), PixelFormat.RGB, width, height);
  }
}
