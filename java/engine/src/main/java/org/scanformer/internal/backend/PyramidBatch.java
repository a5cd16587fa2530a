package org.scanformer.internal.backend;

import java.util.Arrays;

/**
 * Images whose pyramids a call makes, each with its coarsest grid and its place among the canvases.
 * Allocates nothing once it is made. Not safe for use by several threads.
 */
public final class PyramidBatch {
  private final PixelSource[] images;
  private final int[] rows;
  private final int[] cols;
  private final int[] places;
  private int size;

  /** For so many images at most. */
  public PyramidBatch(int mostImages) {
    images = new PixelSource[mostImages];
    rows = new int[mostImages];
    cols = new int[mostImages];
    places = new int[mostImages];
  }

  /**
   * Adds an image.
   *
   * @param coarseRows patches down of its coarsest grid
   * @param coarseCols patches across
   * @param place the row of the canvases that takes its levels
   */
  public void add(PixelSource image, int coarseRows, int coarseCols, int place) {
    images[size] = image;
    rows[size] = coarseRows;
    cols[size] = coarseCols;
    places[size++] = place;
  }

  /** Forgets the images. */
  public void clear() {
    Arrays.fill(images, 0, size, null);
    size = 0;
  }

  /** Number of images. */
  public int size() {
    return size;
  }

  /** An image. */
  public PixelSource image(int i) {
    return images[i];
  }

  /** The images, in an array that may be longer than their number. */
  public PixelSource[] images() {
    return images;
  }

  /** Patches down of an image's coarsest grid. */
  public int coarseRows(int i) {
    return rows[i];
  }

  /** Patches across. */
  public int coarseCols(int i) {
    return cols[i];
  }

  /** The row of the canvases that takes an image's levels. */
  public int place(int i) {
    return places[i];
  }

  /**
   * Whether two images have the same grid, size and format: their pyramids differ in pixels only.
   */
  public boolean alike(int i, int j) {
    return rows[i] == rows[j] && cols[i] == cols[j] && images[i].alike(images[j]);
  }
}
