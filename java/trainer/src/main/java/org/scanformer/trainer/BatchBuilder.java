package org.scanformer.trainer;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.scanformer.BackendKind;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;
import org.scanformer.datasets.CategoryKin;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;
import org.scanformer.internal.pyramid.ImagePyramid;

/**
 * Makes batches of pairs: image pyramids exactly as a model makes them, and labels of patches. Not
 * safe for use by several threads.
 */
final class BatchBuilder implements AutoCloseable {
  /** The share of a patch that a box must overlap to make it worth selecting. */
  private static final double OVERLAPS = 0.02;

  /** The share of a box from which on it is in the patch however small it is: a corner of four. */
  private static final double HOLDS = 0.2;

  /** The share of the patch or of the object from which on an object covers a patch. */
  private static final double COVERS = 0.3;

  /** The relative difference up to which overlaps count as equal. */
  private static final double SAME = 0.01;

  private final ModelConfig config;
  private final TextTokenizer tokenizer;
  private final Map<String, Long> categories = new HashMap<>();
  private final List<String> colors;
  private final ObjectWords words;
  private final ImagePyramid pyramid;
  private final LeftOut leftOut;
  private Latest latest;

  /** The image that was read last, and where its pixels are. */
  private record Latest(ImageSource source, Image image, int place, Batch.ScaleLabels[] scales) {}

  /**
   * A builder; it uses one thread.
   *
   * @param heads for what is to be learnt of objects
   * @param leftOut told of pairs that cannot be used
   */
  BatchBuilder(ModelConfig config, TextTokenizer tokenizer, AuxiliaryHeads heads, LeftOut leftOut) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.colors = heads.colors();
    this.words = heads.words();
    this.leftOut = leftOut;
    for (String category : heads.categories()) {
      categories.put(CategoryKin.folded(category), (long) categories.size());
    }
    this.pyramid = ImagePyramid.open(config, BackendKind.CPU, 1);
  }

  /** Gives another pair in place of one that cannot be used. */
  interface Replacement {
    /** No pair takes the place of another. */
    Replacement NONE = (place, attempt) -> null;

    /**
     * Another pair, whose image has the batch's coarse grid; null if there is none.
     *
     * @param place the pair's place in the batch
     * @param attempt 1 for the first replacement of that place, and on
     */
    ReferringPair of(int place, int attempt);
  }

  /**
   * Makes a batch. Pairs whose image or expression cannot be used are replaced, or left out where
   * there is no replacement.
   *
   * @param pairs at least one, each with one target or none; their images have the same coarse grid
   * @return the batch, or null if no pair could be used
   */
  Batch build(List<ReferringPair> pairs, Replacement replacement) {
    ReferringPair first = pairs.get(0);
    ModelConfig.Grid grid = config.coarseGrid(first.image().width(), first.image().height());
    Batch.ScaleLabels[] scales = new Batch.ScaleLabels[config.numScales()];
    for (int s = 0; s < scales.length; s++) {
      scales[s] =
          new Batch.ScaleLabels(
              pairs.size(), grid.rows() << s, grid.cols() << s, config.patchSize());
    }
    int[][] ids = new int[pairs.size()][];
    float[] boxes = new float[4 * pairs.size()];
    float[] there = new float[pairs.size()];
    float[] mentioned = new float[pairs.size()];
    int filled = 0;
    for (int i = 0; i < pairs.size(); i++) {
      ReferringPair pair = pairs.get(i);
      for (int attempt = 1; pair != null; attempt++) {
        try {
          ids[filled] = add(pair, grid, filled, boxes, scales);
          there[filled] = pair.targets().size();
          mentioned[filled] = pair.mentions() == null ? 0 : 1;
          filled++;
          break;
        } catch (ScanFormerException e) {
          if (e.code() != ErrorCode.BAD_INPUT && e.code() != ErrorCode.OUT_OF_MEMORY) {
            throw e;
          }
          leftOut.add(pair, e);
          pair = replacement.of(i, attempt);
        }
      }
    }
    latest = null;
    if (filled == 0) {
      return null;
    }
    if (filled < ids.length) {
      ids = Arrays.copyOf(ids, filled);
      boxes = Arrays.copyOf(boxes, 4 * filled);
      there = Arrays.copyOf(there, filled);
      mentioned = Arrays.copyOf(mentioned, filled);
      for (int s = 0; s < scales.length; s++) {
        scales[s] = scales[s].first(filled);
      }
    }
    return new Batch(ids, config.patchSize(), boxes, there, mentioned, scales);
  }

  /** Fills a pair's place and returns its token ids; labels come last, as nothing clears them. */
  private int[] add(
      ReferringPair pair,
      ModelConfig.Grid grid,
      int place,
      float[] boxes,
      Batch.ScaleLabels[] scales) {
    int[] ids = tokenizer.tokenize(pair.expression()).ids();
    Image image = pixels(pair, grid, place, scales);
    if (!pair.targets().isEmpty()) {
      double[] target = normalized(pair.box(), image);
      for (int j = 0; j < 4; j++) {
        boxes[4 * place + j] = (float) target[j];
      }
    }
    Map<ImageObject, int[]> said = new IdentityHashMap<>();
    for (int s = 0; s < scales.length; s++) {
      labels(pair, image, place, s, said, scales[s]);
    }
    return ids;
  }

  /** Fills a pair's place with its image, which is read and resized once for pairs in a row. */
  private Image pixels(
      ReferringPair pair, ModelConfig.Grid grid, int place, Batch.ScaleLabels[] scales) {
    if (latest != null && latest.source == pair.image() && latest.scales == scales) {
      for (Batch.ScaleLabels scale : scales) {
        int length = 3 * scale.rows * scale.cols * config.patchSize() * config.patchSize();
        System.arraycopy(scale.pixels, latest.place * length, scale.pixels, place * length, length);
      }
      return latest.image;
    }
    Image image = pair.image().read();
    pixels(image, pair, grid, place, scales);
    latest = new Latest(pair.image(), image, place, scales);
    return image;
  }

  private void pixels(
      Image image,
      ReferringPair pair,
      ModelConfig.Grid grid,
      int place,
      Batch.ScaleLabels[] scales) {
    if (!config.coarseGrid(image.width(), image.height()).equals(grid)) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          String.format(
              Locale.ROOT,
              "found %dx%d pixels, expected %dx%d",
              image.width(),
              image.height(),
              pair.image().width(),
              pair.image().height()));
    }
    FloatBuffer levels = pyramid.of(image);
    int p = config.patchSize();
    for (Batch.ScaleLabels scale : scales) {
      int patches = scale.rows * scale.cols;
      float[] level = new float[3 * patches * p * p];
      levels.get(level);
      int from = 0;
      for (int channel = 0; channel < 3; channel++) {
        for (int y = 0; y < scale.rows * p; y++) {
          // In a patch: channel, row, column.
          int row = (channel * p + y % p) * p;
          for (int column = 0; column < scale.cols; column++) {
            int patch = place * patches + y / p * scale.cols + column;
            System.arraycopy(level, from, scale.pixels, patch * 3 * p * p + row, p);
            from += p;
          }
        }
      }
    }
  }

  /** (cx, cy, w, h) relative to the image. */
  private static double[] normalized(Box box, Image image) {
    return new double[] {
      (box.x() + box.width() / 2) / image.width(),
      (box.y() + box.height() / 2) / image.height(),
      box.width() / image.width(),
      box.height() / image.height()
    };
  }

  private void labels(
      ReferringPair pair,
      Image image,
      int number,
      int s,
      Map<ImageObject, int[]> said,
      Batch.ScaleLabels labels) {
    double width = (double) image.width() / labels.cols;
    double height = (double) image.height() / labels.rows;
    List<ImageObject> objects = pair.image().objects();
    if (objects.isEmpty()) {
      objects = pair.targets().stream().map(box -> new ImageObject(box, null, null)).toList();
    }
    for (int p = 0; p < labels.rows * labels.cols; p++) {
      Box cell = new Box(p % labels.cols * width, p / labels.cols * height, width, height);
      int place = number * labels.rows * labels.cols + p;
      boolean target = overlaps(cell, pair.targets());
      labels.target[place] = target ? 1 : 0;
      // Whether a small landmark is the one that is spoken of, only the finest scale may tell.
      boolean wanted = target || s > 0 && overlaps(cell, pair.landmarks());
      if (pair.mentions() != null) {
        boolean subject = overlaps(cell, pair.mentions().subjects());
        boolean landmark = overlaps(cell, pair.mentions().landmarks());
        labels.subjects[place] = subject ? 1 : 0;
        labels.landmarks[place] = landmark ? 1 : 0;
        // To refuse an untrue expression, one looks at what there is of it.
        wanted |= pair.targets().isEmpty() && (subject || landmark);
      }
      labels.wanted[place] = wanted ? 1 : 0;
      ImageObject covering = covering(cell, objects, pair.targets());
      if (covering != null) {
        labels.covered[place] = 1;
        double[] box = normalized(covering.box(), image);
        for (int j = 0; j < 4; j++) {
          labels.patchBoxes[4 * place + j] = (float) box[j];
        }
        labels.categories[place] = category(covering.category());
        labels.colors[place] = color(covering.color());
        labels.words[place] = said.computeIfAbsent(covering, words::numbers);
      }
    }
  }

  /**
   * The object that covers most of a patch. Of several that cover as much, as a shirt and who wears
   * it, the one that the expression means, otherwise the smallest.
   *
   * @return null if none covers enough of it
   */
  private static ImageObject covering(Box cell, List<ImageObject> objects, List<Box> targets) {
    ImageObject covering = null;
    double most = 0;
    double least = 0;
    for (ImageObject object : objects) {
      Box box = object.box();
      double area = box.width() * box.height();
      double common = overlap(cell, box);
      // Less is better.
      double rank = targets.contains(box) ? 0 : area;
      if (common > 0
          && common >= COVERS * Math.min(cell.width() * cell.height(), area)
          && (common > (1 + SAME) * most || common > (1 - SAME) * most && rank < least)) {
        covering = object;
        most = common;
        least = rank;
      }
    }
    return covering;
  }

  /** The number of a category, in whatever spelling. */
  private long category(String name) {
    return name == null
        ? Batch.UNKNOWN
        : categories.getOrDefault(CategoryKin.folded(name), Batch.UNKNOWN);
  }

  private long color(String name) {
    int index = name == null ? -1 : colors.indexOf(name);
    return index < 0 ? Batch.UNKNOWN : index;
  }

  /** Whether one of the boxes overlaps a patch, or a good part of it lies in the patch. */
  private static boolean overlaps(Box cell, List<Box> boxes) {
    for (Box box : boxes) {
      double common = overlap(cell, box);
      if (common > OVERLAPS * cell.width() * cell.height()
          || common > HOLDS * box.width() * box.height()) {
        return true;
      }
    }
    return false;
  }

  private static double overlap(Box a, Box b) {
    double x = Math.min(a.x() + a.width(), b.x() + b.width()) - Math.max(a.x(), b.x());
    double y = Math.min(a.y() + a.height(), b.y() + b.height()) - Math.max(a.y(), b.y());
    return x > 0 && y > 0 ? x * y : 0;
  }

  @Override
  public void close() {
    pyramid.close();
  }
}
