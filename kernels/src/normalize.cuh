/*
 * Layer norm of one row by one warp, in fp32: the mean first, then the mean square of the differences, which keeps its
 * digits where the mean is far larger than the spread.
 */
#ifndef SCANFORMER_NORMALIZE_CUH
#define SCANFORMER_NORMALIZE_CUH

#include "element.cuh"
#include "warp.cuh"

constexpr int kHeld = 32; /* up to 1,024 columns */

/*
 * Element by element: a lane holds elements lane, lane + 32, ... up to kHeld of them in registers; a longer row is read
 * again. get(i) is element i of the row; put(i, v) takes the normalised one. Both are called by the lane that
 * owns i.
 */
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

constexpr int kMaxVectorColumns = 1024;

/* A row in a warp's registers: step s of lane l has columns 4 (l + 32 s) to + 3; past the last column are zeros. */
template <int STEPS>
struct VectorRow {
    float v[STEPS][4];

    VectorRow() = default;
    __device__ __forceinline__ VectorRow(int columns, const float* from) { load(columns, from); }

    __device__ __forceinline__ static int column(int step) { return 4 * (lane_id() + step * kWarp); }

    /* Calls body(element) for all that the lane holds. */
    template <typename Body>
    __device__ __forceinline__ void each(const Body& body) {
#pragma unroll
        for (int s = 0; s < STEPS; s++) {
#pragma unroll
            for (int i = 0; i < 4; i++) body(s, i);
        }
    }

    __device__ __forceinline__ void load(int columns, const float* from) {
#pragma unroll
        for (int s = 0; s < STEPS; s++) {
            v[s][0] = v[s][1] = v[s][2] = v[s][3] = 0.0f;
            if (column(s) < columns) load4(from + column(s), v[s]);
        }
    }

    template <typename T>
    __device__ __forceinline__ void store(int columns, T* to) const {
#pragma unroll
        for (int s = 0; s < STEPS; s++) {
            if (column(s) < columns) store4(to + column(s), v[s]);
        }
    }

    __device__ __forceinline__ void add(const VectorRow& other) {
        each([&](int s, int i) { v[s][i] += other.v[s][i]; });
    }

    __device__ __forceinline__ void normalize(int columns, float eps) {
        float sum = 0;
        each([&](int s, int i) { sum += v[s][i]; });
        const float mean = warp_sum(sum) / static_cast<float>(columns);
        float squares = 0;
        each([&](int s, int i) {
            v[s][i] -= mean;
            squares += column(s) < columns ? v[s][i] * v[s][i] : 0.0f;
        });
        const float inverse = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(columns) + eps);
        each([&](int s, int i) { v[s][i] *= inverse; });
    }

    __device__ __forceinline__ void multiply_add(const VectorRow& weight, const VectorRow& bias) {
        each([&](int s, int i) { v[s][i] = v[s][i] * weight.v[s][i] + bias.v[s][i]; });
    }
};

#endif
