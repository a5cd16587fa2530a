package org.scanformer.internal.backend;

import java.nio.Buffer;
import java.nio.FloatBuffer;
import org.scanformer.BackendKind;
import org.scanformer.Precision;

/**
 * The operations of the model on one device, on one stream, in one precision. The arrays' shapes
 * and the formulas are those of {@code scanformer.h}; a failed operation is a {@link
 * org.scanformer.ScanFormerException} that names it.
 *
 * <p>Operations are enqueued in the order of the calls; {@link #download} and {@link #synchronize}
 * wait for them. Not safe for use by several threads at a time. After {@link #close()} nothing may
 * be called.
 */
public interface Backend extends AutoCloseable {
  /** The device family. */
  BackendKind kind();

  /** The precision of matrix products. */
  Precision precision();

  /** The type that linear layers read. */
  ElementType activationType();

  /** The type of the queries that attention reads. */
  ElementType queryType();

  /** Waits until all operations enqueued so far are done. */
  void synchronize();

  /**
   * Tokens or patches that a pass of so many is enqueued with: a backend that records its work
   * rounds them up, so that it meets few sizes. At most {@link #linearRows}.
   */
  int passRows(int rows);

  /**
   * Enqueues work, or the record of work of the same shape. Within it nothing may wait, allocate or
   * depend on anything that is neither in the shape nor in tables and arrays.
   */
  void replay(LaunchShape shape, Runnable work);

  // ---- Memory ----

  /** Bytes that could still be allocated, as far as the system can tell. */
  long memoryAvailable();

  /** Gives an array zeroed memory, until the backend is closed or {@link #free} is called. */
  void allocate(Tensor tensor);

  /** Takes an array's memory back; an array without memory is left alone. */
  void free(Tensor tensor);

  /** Allocates a mirror of that many bytes, until the backend is closed. */
  Mirror allocateMirror(long bytes);

  /** Copies a direct buffer's remaining elements to the array from an element on. */
  void upload(Tensor tensor, long firstElement, Buffer source);

  /**
   * Copies elements of the array from an element on to a direct buffer's remaining elements, and
   * waits for them.
   */
  void download(Tensor tensor, long firstElement, Buffer destination);

  // ---- Image pyramid and patches ----

  /**
   * Makes room for the pixels of that many bytes a batch, so that {@link #buildPyramid} needs none.
   */
  void reservePixels(long bytes);

  /**
   * Resizes and normalises an image to its finest canvas and halves it down to the coarsest.
   *
   * @param image what is in heap buffers is copied in the call; the rest must stay as it is until
   *     the backend is synchronised
   * @param canvas where the levels go, from the coarsest on: a window moved to the image's place
   * @throws org.scanformer.ScanFormerException BAD_INPUT for memory that the device cannot read
   */
  void buildPyramid(
      PixelSource image,
      int patchSize,
      int scales,
      int coarseRows,
      int coarseCols,
      Tensor mean,
      Tensor std,
      Tensor canvas);

  /**
   * Compacts each grid's mask to indices in row-major order and their counts (int32, one a grid).
   */
  void compactPatches(GridTable grids, int count, Table mask, Tensor indices, Table counts);

  /**
   * Writes the selected patches' pixels as rows for the patch projection.
   *
   * @param patches the sum of the grids' selected patches, or more
   */
  void gatherPatches(
      GridTable grids,
      int count,
      int patches,
      int patchSize,
      Tensor canvas,
      Tensor indices,
      Tensor rows);

  /** The next scale's masks from the logits of the selected parents' children. */
  void selectPatches(
      GridTable parents, GridTable children, int count, Tensor logits, Tensor indices, Table mask);

  // ---- Tokens ----

  /** Text tokens. ids, positions and tokenRows hold an int32 a token. */
  void embedText(
      int tokens,
      Table ids,
      Table positions,
      Table tokenRows,
      Tensor wordEmbeddings,
      Tensor positionEmbeddings,
      Tensor tokenType,
      Tensor normWeight,
      Tensor normBias,
      float epsilon,
      Tensor modality,
      Tensor x);

  /**
   * The [REG], patch and constant tokens of each grid's segment.
   *
   * @param numPatches the sum of the grids' selected patches, or more
   */
  void embedPatches(
      GridTable grids,
      int count,
      int numPatches,
      Tensor patches,
      Tensor indices,
      Tensor clsToken,
      Tensor positionEmbeddings,
      int positionGrid,
      Tensor modality,
      Tensor scaleEmbeddings,
      Tensor constantToken,
      Tensor x);

  // ---- Encoder ----

  /**
   * Lays out a linear layer for this device.
   *
   * @param weight [out, in], direct
   * @param bias [out], direct, or null
   * @param type the type of its products: {@link #activationType()} or F32
   */
  Linear createLinear(
      String name, int out, int in, FloatBuffer weight, FloatBuffer bias, ElementType type);

  /**
   * Rows that a product of `rows` rows is computed with: arrays that {@link #linear} touches need
   * room for them.
   */
  int linearRows(int rows);

  /** y = activation(x · weightᵀ + bias) for the first rows of x. */
  void linear(Tensor x, int rows, Linear weights, Activation activation, Tensor y);

  /**
   * xOut[i] = x[r] + y[i], out[i] = LayerNorm(xOut[i]), r = rowIndex[i] or i.
   *
   * @param rowIndex int32 a row, or null
   * @param y what is added, or null
   * @param xOut where the sum goes (may be x where there is no rowIndex), or null
   * @param out where the norm goes, or null
   */
  void residualLayerNorm(
      int rows,
      Tensor x,
      Table rowIndex,
      Tensor y,
      Tensor xOut,
      Tensor weight,
      Tensor bias,
      float epsilon,
      Tensor out);

  /** Bytes that one layer's K, V and ln-counts of that many tokens occupy in the cache. */
  long kvBytes(int heads, int headSize, int tokens);

  /**
   * Adds the bias and appends K and V with the ln of their counts (int32 a row) to the cache; q
   * gets the queries.
   *
   * @param rows the sum of the appends' tokens, or more
   */
  void appendKv(
      KvAppendTable appends,
      int rows,
      int heads,
      int headSize,
      int layer,
      Tensor qkv,
      Tensor bias,
      Table counts,
      Tensor q);

  /**
   * Attention of each query block over its segments, ln-counts added to the logits.
   *
   * @param rows the sum of the blocks' rows, or more
   */
  void attention(
      QueryBlockTable blocks,
      int rows,
      KvSegmentTable segments,
      int heads,
      int headSize,
      int layer,
      Tensor q,
      Tensor out);

  @Override
  void close();
}
