package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model with more layers that computes the same as one with fewer: behind some layers a copy is
 * put whose additions to the tokens are zero (as in Chen et al. 2016, Net2Net). The new layers of
 * each half are spread over it. Immutable.
 */
final class LayerGrowth {
  private static final Pattern LAYER = Pattern.compile("encoder\\.layer\\.([0-9]+)\\.(.*)");

  /** What a layer adds comes out of these. */
  private static final Pattern ADDITIONS =
      Pattern.compile("(attention\\.output|output)\\.dense\\.(weight|bias)");

  private final List<Integer> sources = new ArrayList<>();

  /**
   * A growth.
   *
   * @param from layers of Encoder1 and of Encoder2 before
   * @param to the same after, none fewer
   */
  LayerGrowth(int[] from, int[] to) {
    int begin = 0;
    for (int half = 0; half < from.length; half++) {
      if (to[half] < from[half] || from[half] < 1) {
        throw new IllegalArgumentException(
            "found " + from[half] + " layers to grow from, expected 1 to " + to[half]);
      }
      for (int i = 0; i < to[half]; i++) {
        sources.add(begin + i * from[half] / to[half]);
      }
      begin += from[half];
    }
  }

  /** The name in the smaller model of the tensor that a tensor begins as. */
  String source(String name) {
    Matcher layer = LAYER.matcher(name);
    return layer.matches()
        ? "encoder.layer." + sources.get(Integer.parseInt(layer.group(1))) + "." + layer.group(2)
        : name;
  }

  /** Whether a tensor begins as zero, as its layer is new. */
  boolean isZero(String name) {
    Matcher layer = LAYER.matcher(name);
    if (!layer.matches()) {
      return false;
    }
    int number = Integer.parseInt(layer.group(1));
    boolean added = number > 0 && sources.get(number).equals(sources.get(number - 1));
    return added && ADDITIONS.matcher(layer.group(2)).matches();
  }
}
