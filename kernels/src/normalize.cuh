/*
 * Layer norm of one row by one warp, in fp32: the mean first, then the mean square of the differences, which keeps its
 * digits where the mean is far larger than the spread. A lane holds elements lane, lane + 32, ... up to kHeld of them
 * in registers; a longer row is read again.
 */
#ifndef SCANFORMER_NORMALIZE_CUH
#define SCANFORMER_NORMALIZE_CUH

#include "warp.cuh"

constexpr int kHeld = 32; /* up to 1,024 columns */

/* get(i) is element i of the row; put(i, v) takes the normalised one. Both are called by the lane that owns i. */
template <typename Get, typename Put>
__device__ __forceinline__ void normalize_row(int columns, float eps, const Get& get, const Put& put) {
    float held[kHeld];
    float sum = 0;
#pragma unroll
    for (int k = 0; k < kHeld; k++) {
        const int i = lane_id() + k * kWarp;
        held[k] = i < columns ? get(i) : 0.0f;
        sum += held[k];
    }
    for (int i = lane_id() + kHeld * kWarp; i < columns; i += kWarp) sum += get(i);
    const float mean = warp_sum(sum) / static_cast<float>(columns);
    float squares = 0;
#pragma unroll
    for (int k = 0; k < kHeld; k++) {
        const float d = lane_id() + k * kWarp < columns ? held[k] - mean : 0.0f;
        squares += d * d;
    }
    for (int i = lane_id() + kHeld * kWarp; i < columns; i += kWarp) {
        const float d = get(i) - mean;
        squares += d * d;
    }
    const float inverse = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(columns) + eps);
#pragma unroll
    for (int k = 0; k < kHeld; k++) {
        const int i = lane_id() + k * kWarp;
        if (i < columns) put(i, (held[k] - mean) * inverse);
    }
    for (int i = lane_id() + kHeld * kWarp; i < columns; i += kWarp) put(i, (get(i) - mean) * inverse);
}

#endif
