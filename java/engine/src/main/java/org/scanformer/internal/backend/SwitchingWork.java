package org.scanformer.internal.backend;

/**
 * Work in parts, between which the device chooses the size of the next part: a backend records it
 * as a whole, with a body of each part for each size. Within its methods nothing may wait, allocate
 * or depend on anything that is neither in the shape nor in tables and arrays.
 */
public interface SwitchingWork {
  /**
   * Enqueues every body once as it is, on as few tokens as there can be, and waits: libraries load
   * their kernels and choose their algorithms, which a recording could not hold. The first method
   * that is called.
   */
  void rehearse();

  /** Enqueues what comes first, whose size the host knows. */
  void enqueueFirst();

  /** Number of parts whose size the device chooses. */
  int parts();

  /** Number of sizes of a part. */
  int sizes(int part);

  /**
   * Enqueues the choice of a part's size.
   *
   * @param condition what is to get the number of the size
   */
  void enqueueChoice(int part, long condition);

  /** Enqueues a part for one of its sizes. */
  void enqueueBody(int part, int size);

  /** Enqueues what comes last, whose size the host knows. */
  void enqueueLast();
}
