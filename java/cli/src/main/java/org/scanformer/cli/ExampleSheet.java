package org.scanformer.cli;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.SelectionPolicy;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * Draws pairs with the boxes of all scales, the true box and what the model saw: half of them
 * misses and half of them hits, as far as there are enough. Not thread-safe.
 */
final class ExampleSheet {
  private static final int EXAMPLES = 12;
  private static final int COLUMNS = 3;
  private static final int CELL = 420;

  private final ScanFormer scanFormer;
  private final Policy policy;

  /** Chooses the selection policy for a pair's image. */
  interface Policy {
    SelectionPolicy of(Image image, int index);
  }

  ExampleSheet(ScanFormer scanFormer, Policy policy) {
    this.scanFormer = scanFormer;
    this.policy = policy;
  }

  /** Writes {@code examples.png}. */
  void write(ReferringDataset dataset, Evaluation evaluation, Path directory) throws IOException {
    List<Integer> chosen = choose(dataset, evaluation);
    int patchSize = ((Number) scanFormer.config().get("patch_size")).intValue();
    int rows = (chosen.size() + COLUMNS - 1) / COLUMNS;
    BufferedImage sheet =
        new BufferedImage(COLUMNS * 2 * CELL, rows * CELL, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    for (int i = 0; i < chosen.size(); i++) {
      ReferringPair pair = dataset.pair(chosen.get(i));
      Image image = pair.image().read();
      Location location =
          scanFormer.locate(
              Request.of(image, pair.expression()).withSelection(policy.of(image, chosen.get(i))));
      int x = i % COLUMNS * 2 * CELL;
      int y = i / COLUMNS * CELL;
      BufferedImage overlay = Overlay.boxes(image, pair.expression(), location, pair.box());
      draw(graphics, overlay, x, y);
      draw(graphics, Overlay.seen(image, location, patchSize), x + CELL, y);
    }
    graphics.dispose();
    PngFiles.write(sheet, directory.resolve("examples.png"));
  }

  private static List<Integer> choose(ReferringDataset dataset, Evaluation evaluation) {
    Map<String, PairResult> results = new HashMap<>();
    evaluation.results().forEach(result -> results.put(result.id(), result));
    List<Integer> found = new ArrayList<>();
    List<Integer> missed = new ArrayList<>();
    for (int i = 0; i < dataset.size(); i++) {
      PairResult result = results.get(dataset.pair(i).id());
      if (result != null) {
        boolean hit = result.scales().get(evaluation.scales() - 1).iou() >= 0.5;
        List<Integer> list = hit ? found : missed;
        if (list.size() < EXAMPLES) {
          list.add(i);
        }
      }
    }
    int misses = Math.max(Math.min(EXAMPLES / 2, missed.size()), EXAMPLES - found.size());
    List<Integer> chosen = new ArrayList<>(missed.subList(0, Math.min(misses, missed.size())));
    chosen.addAll(found.subList(0, Math.min(EXAMPLES - chosen.size(), found.size())));
    return chosen;
  }

  private static void draw(Graphics2D graphics, BufferedImage picture, int x, int y) {
    int margin = 6;
    double room = CELL - 2.0 * margin;
    double scale = Math.min(room / picture.getWidth(), room / picture.getHeight());
    graphics.setRenderingHint(
        java.awt.RenderingHints.KEY_INTERPOLATION,
        java.awt.RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(
        picture,
        x + margin,
        y + margin,
        (int) (picture.getWidth() * scale),
        (int) (picture.getHeight() * scale),
        null);
  }
}
