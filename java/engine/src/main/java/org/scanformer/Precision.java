package org.scanformer;

/**
 * The type that matrix products read. Sums, layer norms, the softmax and the residual stream are
 * fp32 in all of them.
 */
public enum Precision {
  /** IEEE single precision throughout. */
  FP32,
  /** fp32 storage, products in TensorFloat-32. CUDA only. */
  TF32,
  /** IEEE half precision. CUDA only. */
  FP16,
  /** bfloat16. On the CPU it needs AVX512-BF16. */
  BF16
}
