package org.scanformer.internal.backend;

/**
 * A linear layer's weights, [out, in], and bias, laid out for a backend's matrix products. Freed
 * with the backend.
 */
public interface Linear {
  /** Columns of the output. */
  int out();

  /** Columns of the input. */
  int in();

  /** Bytes of device memory it occupies. */
  long bytes();
}
