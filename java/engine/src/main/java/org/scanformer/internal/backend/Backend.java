package org.scanformer.internal.backend;

import java.nio.Buffer;
import java.nio.FloatBuffer;
import org.scanformer.BackendKind;
import org.scanformer.Precision;

/**
 * One device with one stream, in one precision: the operations of the model, and what they need
 * around them, which differs from device to device: memory, linear layers, and the replay of
 * recorded work.
 *
 * <p>Operations are enqueued in the order of the calls; {@link #download} and {@link #synchronize}
 * wait for them. Used by one thread at a time. After {@link #close()} nothing may be called.
 */
public interface Backend extends Operations, AutoCloseable {
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
   * Tokens or patches that a pass of that many is enqueued with: a backend that records its work
   * rounds them up, so that it meets few sizes. At most {@link #linearRows}.
   */
  int passRows(int rows);

  /**
   * The most rows of a query block: a backend that starts as much for each block as for the longest
   * one wants long ones cut.
   */
  default int queryBlockRows() {
    return Integer.MAX_VALUE;
  }

  /**
   * Enqueues work, or the recording of work of the same shape. Within it nothing may wait, allocate
   * or depend on anything that is neither in the shape nor in tables and arrays.
   *
   * @return whether it runs as work of this shape will from now on: false for a first run and for
   *     one that is recorded, whose time says nothing of later ones
   */
  boolean replay(LaunchShape shape, Runnable work);

  /** Whether {@link #replay} keeps what it was given, and is faster from then on. */
  default boolean recordsWork() {
    return false;
  }

  /** Why the device refuses to keep work that {@link #replay} would, or null. */
  default String whyNoRecording() {
    return null;
  }

  /**
   * Bytes that the device needs beside arrays for all the work that is kept.
   *
   * @param operations the most operations of a piece of work
   */
  default long recordingBytes(int operations) {
    return 0;
  }

  /**
   * Why the device cannot choose the size of work, or null where it can: {@link #replaySwitching}.
   */
  default String whyNoSwitching() {
    return "only a GPU needs it";
  }

  /**
   * Enqueues work whose sizes the device chooses, as one recording, which is made when the shape is
   * first met. Only where {@link #whyNoSwitching()} is null.
   *
   * @return whether it was enqueued; false where there is no room for another shape, or the device
   *     refuses the recording and says why from now on
   */
  default boolean replaySwitching(LaunchShape shape, SwitchingWork work) {
    throw new UnsupportedOperationException("The backend cannot choose sizes on the device");
  }

  /**
   * Bytes that the device needs beside arrays for all such work that is kept.
   *
   * @param bodies the most bodies of a recording
   * @param operations the most operations of a body
   */
  default long switchingBytes(int bodies, int operations) {
    return 0;
  }

  /**
   * Packs a batch on the device and chooses the first size that holds it. Only where {@link
   * #whyNoSwitching()} is null.
   *
   * @param condition what gets the size's number; 0 for nothing
   */
  default void packBatch(BatchPacking packing, LaunchSizes sizes, long condition) {
    throw new UnsupportedOperationException("The backend cannot pack batches on the device");
  }

  // ---- Memory ----

  /** Bytes that could still be allocated, as far as the system can tell. */
  long memoryAvailable();

  /** Bytes of the arrays that the backend has allocated for itself. */
  default long ownBytes() {
    return 0;
  }

  /** Gives an array zeroed memory, until the backend is closed or {@link #free} is called. */
  void allocate(Tensor tensor);

  /** Takes an array's memory back; does nothing for an array without memory. */
  void free(Tensor tensor);

  /** Allocates a buffer of that many bytes on both sides, until the backend is closed. */
  HostDeviceBuffer allocateHostDevice(long bytes);

  /** Copies a direct buffer's remaining elements to the array from an element on. */
  void upload(Tensor tensor, long firstElement, Buffer source);

  /**
   * Copies elements of the array from an element on to a direct buffer's remaining elements, and
   * waits for them.
   */
  void download(Tensor tensor, long firstElement, Buffer destination);

  /**
   * Bytes through which the pixels of a batch go.
   *
   * @param imageBytes of each image
   * @param images of a batch
   */
  long stagingBytes(long imageBytes, int images);

  /** Makes room for as many of {@link #stagingBytes}, so that {@link #buildPyramids} needs none. */
  void reservePixels(long bytes);

  // ---- Linear layers ----

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
   * Computes x · weightsᵀ + bias, to be added to `to`.
   *
   * @param y room for the result where it is not added at once
   * @return what is still to be added: y, or null where `to` holds the sum
   */
  default Tensor linearToAdd(Tensor x, int rows, Linear weights, Tensor to, Tensor y) {
    linear(x, rows, weights, Activation.IDENTITY, y);
    return y;
  }

  /**
   * Computes queries, keys and values, x · weightsᵀ + bias, and appends them: see {@link
   * #appendKv}.
   *
   * @param qkv room for the result where it does not go to the cache at once
   */
  default void linearAppendKv(
      KvAppendTable appends,
      int rows,
      int heads,
      int headSize,
      int layer,
      Tensor x,
      Linear weights,
      Tensor bias,
      Table counts,
      Tensor qkv,
      Tensor q) {
    linear(x, rows, weights, Activation.IDENTITY, qkv);
    appendKv(appends, rows, heads, headSize, layer, qkv, bias, counts, q);
  }

  @Override
  void close();
}
