package org.scanformer;

/** The device family that a model runs on. */
public enum BackendKind {
  /** A CUDA device if one is usable, else the CPU. */
  AUTO,
  /** The host's processors. */
  CPU,
  /** An NVIDIA GPU. */
  CUDA
}
