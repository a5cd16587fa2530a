/*
 * The KV cache as attention reads it. A segment is a row of blocks of 16 tokens. A block holds for each head its 16
 * keys and then its 16 values, each 16 * D elements with D the head size padded with zeros to 32, 64 or 128, and after
 * all heads 16 times log2 of the count weight in fp32 (the softmax works in powers of two).
 *
 * Within a head the elements lie in the order of the fragments of matrix.cuh: what a lane needs for a step of the
 * product is 16 consecutive bytes, and a warp's loads are whole lines, with no shared memory between. For fp32 without
 * tensor cores keys are [D][16], a lane a key, and values [16][D], a lane a column.
 */
#ifndef SCANFORMER_KV_LAYOUT_CUH
#define SCANFORMER_KV_LAYOUT_CUH

#include "element.cuh"
#include "scanformer.h"

constexpr int kKvTokens = 16;

/* The compute types of attention: the element type of the cache and of the queries, and whether it takes tensor cores.
 */
struct ComputeF32 {
    using Type = float;
    static constexpr bool kFragments = false;
};
struct ComputeTf32 {
    using Type = float;
    static constexpr bool kFragments = true;
};
struct ComputeF16 {
    using Type = F16;
    static constexpr bool kFragments = true;
};
struct ComputeBf16 {
    using Type = BF16;
    static constexpr bool kFragments = true;
};

/* Calls body with a value of the compute type's C++ type. */
template <typename Body>
int with_compute_type(int compute_type, Body body) {
    if (compute_type == SF_F16) return body(ComputeF16{});
    if (compute_type == SF_BF16) return body(ComputeBf16{});
    if (compute_type == SF_TF32) return body(ComputeTf32{});
    return body(ComputeF32{});
}

__host__ __device__ constexpr int padded_head_size(int head_size) {
    return head_size <= 32 ? 32 : head_size <= 64 ? 64 : 128;
}

/* Bytes of a block of 16 tokens of all heads; a multiple of 64. */
__host__ __device__ constexpr int64_t kv_block_bytes(int heads, int padded, int element_bytes) {
    return static_cast<int64_t>(heads) * 2 * kKvTokens * padded * element_bytes + kKvTokens * 4;
}

/* Which token and which element of the head lies at a place of a head's keys, or values. */
struct KvPlace {
    int token;
    int element;
};

template <typename Compute>
__device__ __forceinline__ KvPlace key_at(int place) {
    if (!Compute::kFragments) return {place % kKvTokens, place / kKvTokens};
    const int per_lane = 16 / static_cast<int>(sizeof(typename Compute::Type));
    const int step = place / (32 * per_lane);
    const int g = place / per_lane % 32 / 4;
    const int t = place / per_lane % 4;
    /* Along the inner dimension a lane has, of two steps together, elements that follow one another: those of a query
     * are then 16 bytes too. */
    const int element = step / 2 * 4 * per_lane + per_lane * t + step % 2 * (per_lane / 2) + place % (per_lane / 2);
    return {place / (per_lane / 2) % 2 * 8 + g, element};
}

template <typename Compute>
__device__ __forceinline__ KvPlace value_at(int place, int padded) {
    if (!Compute::kFragments) return {place / padded, place % padded};
    const int per_lane = 16 / static_cast<int>(sizeof(typename Compute::Type));
    const int step = place / (32 * per_lane);
    const int g = place / per_lane % 32 / 4;
    const int t = place / per_lane % 4;
    if (per_lane == 8) return {place / 2 % 2 * 8 + 2 * t + place % 2, 16 * step + place / 4 % 2 * 8 + g};
    /* The k index of the second product is in the order of the first one's columns: t is token 2t, t + 4 token 2t + 1.
     */
    return {place / 2 % 2 * 8 + 2 * t + place % 2, 8 * step + g};
}

/* The place of a token's element among its head's keys: the inverse of key_at. */
template <typename Compute>
__device__ __forceinline__ int key_place(int token, int element) {
    if (!Compute::kFragments) return element * kKvTokens + token;
    const int per_lane = 16 / static_cast<int>(sizeof(typename Compute::Type));
    const int step = element / (4 * per_lane) * 2 + element % per_lane / (per_lane / 2);
    const int lane = token % 8 * 4 + element % (4 * per_lane) / per_lane;
    return (step * 32 + lane) * per_lane + token / 8 * (per_lane / 2) + element % (per_lane / 2);
}

/* The same among its head's values, of `padded` elements a token. */
template <typename Compute>
__device__ __forceinline__ int value_place(int token, int element, int padded) {
    if (!Compute::kFragments) return token * padded + element;
    const int g = element % 8;
    const int t = token % 8 / 2;
    if (sizeof(typename Compute::Type) == 2) {
        return element / 16 * 256 + (4 * g + t) * 8 + element % 16 / 8 * 4 + token / 8 * 2 + token % 2;
    }
    return element / 8 * 128 + (4 * g + t) * 4 + token / 8 * 2 + token % 2;
}

__device__ __forceinline__ char* kv_block(uint64_t kv, int64_t layer_stride, int layer, int block, int64_t bytes) {
    return reinterpret_cast<char*>(kv) + layer_stride * layer + bytes * block;
}

#endif
