package org.scanformer;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The device family that a model runs on. */
public enum BackendKind {
  /** A CUDA device if one is usable, else the CPU. */
  @JsonProperty("auto")
  AUTO,
  /** The host's processors. */
  @JsonProperty("cpu")
  CPU,
  /** An NVIDIA GPU. */
  @JsonProperty("cuda")
  CUDA
}
