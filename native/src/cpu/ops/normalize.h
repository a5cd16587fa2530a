#ifndef SCANFORMER_CPU_OPS_NORMALIZE_H
#define SCANFORMER_CPU_OPS_NORMALIZE_H

#include "common.h"

/*
 * Layer norm of one row at a time, in two passes over a row that is then in the cache: the mean first, then the mean
 * square of the differences, which keeps its digits where the mean is far larger than the spread. out may be v.
 */
static void normalize_row(const float* v, int columns, const float* weight, const float* bias, float eps, float* out) {
    vfloat sums = {};
    int i = 0;
    for (; i + WIDTH <= columns; i += WIDTH) sums += load(v + i);
    float total = sum(sums);
    for (; i < columns; i++) total += v[i];
    const float mean = total / static_cast<float>(columns);
    vfloat squares = {};
    for (i = 0; i + WIDTH <= columns; i += WIDTH) {
        const vfloat d = load(v + i) - mean;
        squares += d * d;
    }
    float square = sum(squares);
    for (; i < columns; i++) square += (v[i] - mean) * (v[i] - mean);
    const float inverse = 1.0f / __builtin_sqrtf(square / static_cast<float>(columns) + eps);
    for (i = 0; i < columns; i++) out[i] = (v[i] - mean) * inverse * weight[i] + bias[i];
}

#endif
