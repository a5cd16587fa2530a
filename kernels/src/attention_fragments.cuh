/* The operands of attention's products as fragments of matrix.cuh, of which each lane holds its registers. */
#ifndef SCANFORMER_ATTENTION_FRAGMENTS_CUH
#define SCANFORMER_ATTENTION_FRAGMENTS_CUH

#include "kv_layout.cuh"
#include "warp.cuh"

/* Elements d and d + 1 of a query of 16 bits, or element d of one of 32; 0 past its `left` elements. */
template <typename Half>
__device__ __forceinline__ uint32_t query_bits(const Half* query, int d, int left) {
    /* Singly: an odd head size leaves pairs unaligned. */
    uint32_t bits = 0;
    if (d < left) bits = query[d].bits;
    if (d + 1 < left) bits |= static_cast<uint32_t>(query[d + 1].bits) << 16;
    return bits;
}
__device__ __forceinline__ uint32_t query_bits(const float* query, int d, int left) {
    return d < left ? __float_as_uint(query[d]) : 0;
}

/* 16 bytes of a query; VECTORS: whether they can be read as such. */
template <bool VECTORS, typename T>
__device__ __forceinline__ uint4 query_vector(const T* query, int left) {
    if (VECTORS) return *reinterpret_cast<const uint4*>(query);
    constexpr int kStep = 4 / static_cast<int>(sizeof(T));
    return make_uint4(query_bits(query, 0, left), query_bits(query, kStep, left), query_bits(query, 2 * kStep, left),
                      query_bits(query, 3 * kStep, left));
}

/* A lane's values with those of tokens that are not there set to 0, whatever memory holds. */
template <typename T>
__device__ __forceinline__ uint4 present_values(uint4 v, int tokens, T) {
    const int first = 2 * (lane_id() % 4);
    const auto mask = [&](int token) {
        return (token < tokens ? 0xffffu : 0u) | (token + 1 < tokens ? 0xffff0000u : 0u);
    };
    const uint32_t low = mask(first);
    const uint32_t high = mask(first + 8);
    return make_uint4(v.x & low, v.y & high, v.z & low, v.w & high);
}
__device__ __forceinline__ uint4 present_values(uint4 v, int tokens, float) {
    const int first = 2 * (lane_id() % 4);
    const auto mask = [&](int token) { return token < tokens ? 0xffffffffu : 0u; };
    return make_uint4(v.x & mask(first), v.y & mask(first + 1), v.z & mask(first + 8), v.w & mask(first + 9));
}

/* The weights of 16 tokens, two tiles of c, as one fragment of a for 16 bits, or two for TensorFloat-32. */
template <typename Half>
__device__ __forceinline__ void weights_as_a(const float (&p)[2][4], uint32_t (&a)[1][4], Half) {
#pragma unroll
    for (int i = 0; i < 4; i++) a[0][i] = pack2<Half>(p[i / 2][i % 2 * 2], p[i / 2][i % 2 * 2 + 1]);
}
__device__ __forceinline__ void weights_as_a(const float (&p)[2][4], uint32_t (&a)[2][4], float) {
#pragma unroll
    for (int j = 0; j < 2; j++) {
        /* k = t is token 2t, k = t + 4 token 2t + 1, as the values lie. */
        a[j][0] = __float_as_uint(to_tf32(p[j][0]));
        a[j][1] = __float_as_uint(to_tf32(p[j][2]));
        a[j][2] = __float_as_uint(to_tf32(p[j][1]));
        a[j][3] = __float_as_uint(to_tf32(p[j][3]));
    }
}

#endif
