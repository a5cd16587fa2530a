package org.scanformer;

/**
 * What the samples of a YUV image mean: the matrix and the range. A video's stream says which;
 * where nothing does, standard definition is usually BT601_LIMITED, high definition BT709_LIMITED,
 * and a camera's or JPEG's picture BT601_FULL.
 *
 * <p>The ordinals are the values of the native API, so the order is fixed.
 */
public enum YuvColor {
  /** ITU-R BT.601-7, luma 16 to 235, chroma 16 to 240. */
  BT601_LIMITED,
  /** ITU-R BT.601-7, all 256 levels, as in JFIF. */
  BT601_FULL,
  /** ITU-R BT.709-6, luma 16 to 235, chroma 16 to 240. */
  BT709_LIMITED,
  /** ITU-R BT.709-6, all 256 levels. */
  BT709_FULL
}
