/*
 * What every kernel shares: activation types, warp reductions, and the way from a block's number to its piece of a
 * ragged batch. The same sources are compiled by nvcc and, with emulation.h, by the host's compiler.
 */
#ifndef SCANFORMER_DEVICE_CUH
#define SCANFORMER_DEVICE_CUH

#include <math.h>
#include <stdint.h>

#ifdef SF_EMULATION
#include "emulation/emulation.h"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#endif

#include "scanformer.h"

/* Element types of arrays. fp16 and bf16 are carried as their bits. */
struct F16 {
    uint16_t bits;
};
struct BF16 {
    uint16_t bits;
};

#ifndef SF_EMULATION

/* An element of shared memory; the emulation watches accesses to it. */
template <typename T>
using Cell = T;

/* The block's shared memory. A kernel asks for one type of it. */
template <typename T>
__device__ __forceinline__ T& block_shared() {
    __shared__ __align__(16) T shared;
    return shared;
}

__device__ __forceinline__ float4 load4(const float* shared) { return *reinterpret_cast<const float4*>(shared); }
__device__ __forceinline__ void atomic_add(int* shared, int value) { atomicAdd(shared, value); }

__device__ __forceinline__ F16 round_to_f16(float v) { return {__half_as_ushort(__float2half_rn(v))}; }
__device__ __forceinline__ BF16 round_to_bf16(float v) { return {__bfloat16_as_ushort(__float2bfloat16_rn(v))}; }
__device__ __forceinline__ float to_float(F16 v) { return __half2float(__ushort_as_half(v.bits)); }
__device__ __forceinline__ float to_float(BF16 v) { return __bfloat162float(__ushort_as_bfloat16(v.bits)); }

/* fp32 rounded to TensorFloat-32's ten bits of mantissa, nearest, ties away from zero. */
__device__ __forceinline__ float to_tf32(float v) {
#if __CUDA_ARCH__ >= 800
    uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(v));
    return __uint_as_float(bits);
#else
    return v;
#endif
}

#else

/* Both are exact; not the compiler's conversion of fp16, which is a call where the processor need not have one. */
inline float to_float(F16 v) {
    const uint32_t magnitude = static_cast<uint32_t>(v.bits & 0x7fff) << 13;
    const uint32_t sign = static_cast<uint32_t>(v.bits & 0x8000) << 16;
    const bool finite = magnitude < 0x0f800000;
    /* The exponents' biases are 112 apart. */
    const float scaled = finite ? __uint_as_float(magnitude) * 0x1p112f : __uint_as_float(magnitude | 0x7f800000);
    return __uint_as_float(__float_as_uint(scaled) | sign);
}
inline float to_float(BF16 v) { return __uint_as_float(static_cast<uint32_t>(v.bits) << 16); }

#endif

__device__ __forceinline__ float to_float(float v) { return v; }

template <typename T>
__device__ __forceinline__ T from_float(float v);
template <>
__device__ __forceinline__ float from_float<float>(float v) {
    return v;
}
template <>
__device__ __forceinline__ F16 from_float<F16>(float v) {
    return round_to_f16(v);
}
template <>
__device__ __forceinline__ BF16 from_float<BF16>(float v) {
    return round_to_bf16(v);
}

/* Two elements in the order of memory, as the register of a matrix fragment. */
template <typename T>
__device__ __forceinline__ uint32_t pack2(float low, float high) {
    return static_cast<uint32_t>(from_float<T>(low).bits) | static_cast<uint32_t>(from_float<T>(high).bits) << 16;
}

/* Four consecutive elements; `to` is aligned to them. */
__device__ __forceinline__ void store4(float* to, const float (&v)[4]) {
    *reinterpret_cast<float4*>(to) = make_float4(v[0], v[1], v[2], v[3]);
}
template <typename T>
__device__ __forceinline__ void store4(T* to, const float (&v)[4]) {
    *reinterpret_cast<uint2*>(to) = make_uint2(pack2<T>(v[0], v[1]), pack2<T>(v[2], v[3]));
}

constexpr int kWarp = 32;
constexpr unsigned kFullMask = 0xffffffffu;

__device__ __forceinline__ int lane_id() { return static_cast<int>(threadIdx.x) % kWarp; }
__device__ __forceinline__ int warp_id() { return static_cast<int>(threadIdx.x) / kWarp; }

__device__ __forceinline__ float warp_sum(float v) {
    for (int step = kWarp / 2; step > 0; step /= 2) v += __shfl_xor_sync(kFullMask, v, step);
    return v;
}

/* Sums of the lanes up to this one. */
__device__ __forceinline__ int warp_inclusive_sum(int v) {
    for (int step = 1; step < kWarp; step *= 2) {
        const int below = __shfl_up_sync(kFullMask, v, static_cast<unsigned>(step));
        if (lane_id() >= step) v += below;
    }
    return v;
}

/* A piece of a ragged batch: the index of the item and the piece's number in it; item is -1 behind the last. */
struct Piece {
    int item;
    int offset;
};

/*
 * Which item the piece with that number belongs to, when item i has pieces(i) >= 0 of them. All lanes of a warp call it
 * with the same number. 32 items a step: batches are small, and a table of sums would cost a launch of its own.
 */
template <typename Pieces>
__device__ __forceinline__ Piece find_piece(int number, int items, const Pieces& pieces) {
    int before = 0;
    for (int first = 0; first < items; first += kWarp) {
        const int item = first + lane_id();
        const int own = item < items ? pieces(item) : 0;
        const int end = before + warp_inclusive_sum(own);
        const unsigned reached = __ballot_sync(kFullMask, end > number);
        if (reached != 0) {
            const int lane = __ffs(static_cast<int>(reached)) - 1;
            const int begin = __shfl_sync(kFullMask, end - own, lane);
            return {first + lane, number - begin};
        }
        before = __shfl_sync(kFullMask, end, kWarp - 1);
    }
    return {-1, 0};
}

/* What a kernel found wrong in a table that only the device reads. The host sees it when it next waits. */
struct Fault {
    int32_t operation; /* 0: none; else one of FaultOperation */
    int32_t index;     /* of the table's row */
    int32_t found;
    int32_t expected;
};

enum FaultOperation { kNoFault = 0, kFaultGrid, kFaultText, kFaultAppend, kFaultCount, kFaultAttention, kFaultSelect };

__device__ __forceinline__ void report(Fault* fault, int operation, int index, int found, int expected) {
    if (atomicCAS(&fault->operation, 0, operation) == 0) {
        fault->index = index;
        fault->found = found;
        fault->expected = expected;
    }
}

/*
 * Looks through a table, its rows shared out to the lanes of one warp: rows(i) counts what row i launches, having
 * reported it and said 0 if it makes no sense. More in all than were launched for is reported as row num_rows. The
 * other warps of the block go on.
 */
template <typename Rows>
__device__ __forceinline__ void check_table(int num_rows, int max_rows, Fault* fault, int operation, const Rows& rows) {
    if (warp_id() != 0) return;
    int64_t total = 0;
    for (int i = lane_id(); i < num_rows; i += kWarp) total += rows(i);
    for (int step = kWarp / 2; step > 0; step /= 2) total += __shfl_xor_sync(kFullMask, total, step);
    if (lane_id() == 0 && total > max_rows) report(fault, operation, num_rows, static_cast<int>(total), max_rows);
}

#endif
