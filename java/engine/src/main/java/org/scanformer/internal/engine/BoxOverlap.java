package org.scanformer.internal.engine;

/** Intersection over union of boxes (centre x, centre y, width, height) in arrays. Stateless. */
final class BoxOverlap {
  private BoxOverlap() {}

  /** Of the box at an index of one array with that at an index of another; 0 if both are empty. */
  static float iou(float[] a, int i, float[] b, int j) {
    float width = side(a[i], a[i + 2], b[j], b[j + 2]);
    float height = side(a[i + 1], a[i + 3], b[j + 1], b[j + 3]);
    float intersection = width * height;
    float union = a[i + 2] * a[i + 3] + b[j + 2] * b[j + 3] - intersection;
    return union > 0 ? intersection / union : 0;
  }

  private static float side(float centreA, float sizeA, float centreB, float sizeB) {
    float low = Math.max(centreA - sizeA / 2, centreB - sizeB / 2);
    float high = Math.min(centreA + sizeA / 2, centreB + sizeB / 2);
    return Math.max(0, high - low);
  }
}
