/* A thread's place in its block, and sums over the lanes of a warp. */
#ifndef SCANFORMER_WARP_CUH
#define SCANFORMER_WARP_CUH

#include "platform.cuh"

constexpr int kWarp = 32;
constexpr unsigned kFullMask = 0xffffffffu;

__device__ __forceinline__ int lane_id() { return static_cast<int>(threadIdx.x % kWarp); }
__device__ __forceinline__ int warp_id() { return static_cast<int>(threadIdx.x / kWarp); }

/* The sum over all lanes, in each of them. */
template <typename T>
__device__ __forceinline__ T warp_sum(T v) {
    for (int step = kWarp / 2; step > 0; step /= 2) v += __shfl_xor_sync(kFullMask, v, step);
    return v;
}

#endif
