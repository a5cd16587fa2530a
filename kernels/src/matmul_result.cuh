/* Where the sums of a matrix product go: through a linear layer's bias and activation, or into Q and the KV cache. */
#ifndef SCANFORMER_MATMUL_RESULT_CUH
#define SCANFORMER_MATMUL_RESULT_CUH

#include <type_traits>

#include "activation.cuh"
#include "kv_layout.cuh"
#include "table_faults.cuh"

/* y = activation(sums + bias) + added; y [rows, out] of `type`. */
struct LinearResult {
    const float* bias;  /* NULL for none */
    const float* added; /* [rows, out], NULL for none; may be y */
    int activation;
    int type;
    bool vectors; /* whether rows are whole vectors of four elements */
    void* y;
};

/* What sf_append_kv does with its qkv. */
struct CacheResult {
    const sf_kv_append* appends; /* NULL for a linear layer */
    int num_appends;
    int heads;
    int head_size; /* 32, 64 or 128 */
    int layer;
    const float* bias;
    const int32_t* counts;
    void* q;
    TableFault* fault;
};

/* Four consecutive columns from `column` on of a row of a linear layer's result. */
__device__ __forceinline__ void put(const LinearResult& to, int row, int column, int columns, float (&v)[4]) {
    const int64_t offset = static_cast<int64_t>(row) * columns + column;
    const int count = columns - column < 4 ? columns - column : 4;
    float bias[4] = {};
    float added[4] = {};
    if (to.vectors) {
        if (to.bias != nullptr) load4(to.bias + column, bias);
        if (to.added != nullptr) load4(to.added + offset, added);
    } else {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (i < count && to.bias != nullptr) bias[i] = to.bias[column + i];
            if (i < count && to.added != nullptr) added[i] = to.added[offset + i];
        }
    }
    with_activation(to.activation, [&](const auto& activate) {
#pragma unroll
        for (int i = 0; i < 4; i++) v[i] = activate(v[i] + bias[i]) + added[i];
    });
    const auto store = [&](auto* y) {
        if (to.vectors) return store4(y + offset, v);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (i < count) y[offset + i] = from_float<std::remove_reference_t<decltype(*y)>>(v[i]);
        }
    };
    if (to.type == SF_F32) return store(static_cast<float*>(to.y));
    if (to.type == SF_F16) return store(static_cast<F16*>(to.y));
    return store(static_cast<BF16*>(to.y));
}

/* The append that a row belongs to, -1 for none. */
__device__ __forceinline__ int append_of(const CacheResult& to, int row) {
    for (int a = 0; a < to.num_appends; a++) {
        const sf_kv_append append = to.appends[a];
        /* In 64 bits: a table at fault may hold anything. */
        const int64_t token = static_cast<int64_t>(row) - append.row;
        if (token >= 0 && token < append.tokens && check_append(append).rule == kValid) return a;
    }
    return -1;
}

/* The same of queries, keys and values, for a row of append `a`. */
template <typename Compute>
__device__ __forceinline__ void put(const CacheResult& to, int a, int row, int column, float (&v)[4]) {
    using T = typename Compute::Type;
    const int hidden = to.heads * to.head_size;
    const int32_t count = to.counts[row];
    const Verdict verdict = check_count_weight(count);
    if (verdict.rule != kValid) {
        if (column == 0) report(to.fault, kOperation_append_kv, row, verdict);
        return;
    }
    float bias[4];
    load4(to.bias + column, bias);
#pragma unroll
    for (int i = 0; i < 4; i++) {
        v[i] += bias[i];
        if (sizeof(T) == 4) v[i] = to_tf32(v[i]);
    }
    const int part = column / hidden;
    const int within = column % hidden;
    if (part == 0) store4(static_cast<T*>(to.q) + static_cast<int64_t>(row) * hidden + within, v);
    if (part == 0 && column > 0) return;
    const sf_kv_append append = to.appends[a];
    const int position = append.position + row - append.row;
    const int token = position % kKvTokens;
    const int places = kKvTokens * to.head_size;
    const int64_t bytes = kv_block_bytes(to.heads, to.head_size, sizeof(T));
    char* base = kv_block(append.kv, append.layer_stride, to.layer, position / kKvTokens, bytes);
    if (part == 0) {
        float* log_counts = reinterpret_cast<float*>(base + bytes) - kKvTokens;
        log_counts[token] = log2f(static_cast<float>(count));
        return;
    }
    T* head = reinterpret_cast<T*>(base) + static_cast<int64_t>(within / to.head_size) * 2 * places;
    const int element = within % to.head_size;
    if (part == 1 && sizeof(T) == 2) return store4(head + key_place<Compute>(token, element), v);
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const int place = part == 1 ? key_place<Compute>(token, element + i)
                                    : places + value_place<Compute>(token, element + i, to.head_size);
        head[place] = from_float<T>(v[i]);
    }
}

#endif
