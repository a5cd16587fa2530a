package org.scanformer;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The type that matrix products read. Sums, layer norms, the softmax and the residual stream are
 * fp32 in all of them.
 */
public enum Precision {
  /** IEEE single precision throughout. */
  @JsonProperty("fp32")
  FP32,
  /** fp32 storage, products in TensorFloat-32. CUDA only. */
  @JsonProperty("tf32")
  TF32,
  /** IEEE half precision. CUDA only. */
  @JsonProperty("fp16")
  FP16,
  /** bfloat16. On the CPU it needs AVX512-BF16. */
  @JsonProperty("bf16")
  BF16
}
