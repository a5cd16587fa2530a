/*
 * What the CPU backend has beside the operations of scanformer.h: its table, and linear layers with weights packed
 * once, multiplied in fp32 with AVX-512 or on arm64 by our own kernel and otherwise through oneDNN. The conventions are
 * those of scanformer.h.
 */
#ifndef SCANFORMER_CPU_H
#define SCANFORMER_CPU_H

#include <stdint.h>

#include "scanformer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The CPU backend, for sf_stream_create. It has device 0. */
const sf_backend* sf_cpu_backend(void);

/* A packed weight matrix with its bias and what multiplies with it. Opaque; belongs to no stream. */
typedef struct sf_linear sf_linear;

/*
 * Packs weight [out, in] fp32 and bias [out] fp32 (NULL: none) for products in `type` (SF_F32, or SF_BF16 where the CPU
 * has AVX512-BF16, otherwise SF_UNSUPPORTED). Both are copied. out, in > 0. *linear is NULL on failure.
 */
int sf_linear_create(sf_stream* stream, int out, int in, const float* weight, const float* bias, int type,
                     sf_linear** linear);

/* Frees it; NULL is allowed. No call with it may be running. */
void sf_linear_destroy(sf_linear* linear);

/* Bytes that the packed weight and bias occupy. */
int64_t sf_linear_bytes(const sf_linear* linear);

/*
 * The number of rows that a product of `rows` rows is computed with: `rows` rounded up to its bucket, so that few
 * products are compiled. Rows in between are read and written as scratch, so arrays need room for them. 0 for 0, and
 * for what is out of range: a product has at most INT_MAX - 63 rows.
 */
int sf_linear_rows(int rows);

/*
 * y = activation(x weight^T + bias). x [sf_linear_rows(rows), in] of the weight's type, y [sf_linear_rows(rows), out]
 * of y_type (SF_F32 or SF_BF16), both aligned. Accumulates in fp32. Through oneDNN the first call with a bucket of
 * rows, activation and y_type compiles the products (milliseconds) and keeps them; calls after that allocate nothing.
 * Different streams may use one sf_linear at the same time.
 */
int sf_linear_apply(sf_stream* stream, sf_linear* linear, int rows, const void* x, int activation, int y_type, void* y);

#ifdef __cplusplus
}
#endif

#endif
