package org.scanformer.internal.backend;

/** What is applied to a linear layer's output; ordinals are the C API's numbers. */
public enum Activation {
  /** Nothing. */
  IDENTITY,
  /** max(v, 0). */
  RELU,
  /** The exact GELU, v / 2 (1 + erf(v / √2)). */
  GELU,
  /** 1 / (1 + exp(−v)). */
  SIGMOID
}
