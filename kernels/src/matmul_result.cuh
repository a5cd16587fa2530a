/* Where the sums of a matrix product go: through a linear layer's bias and activation, or into Q and the KV cache. */
#ifndef SCANFORMER_MATMUL_RESULT_CUH
#define SCANFORMER_MATMUL_RESULT_CUH

#include "activation.cuh"
#include "kv_layout.cuh"
#include "table_faults.cuh"

/* y = activation(sums + bias) + added; y [rows, out] of `type`. */
struct LinearResult {
    const float* bias;  /* NULL for none */
    const float* added; /* [rows, out], NULL for none; may be y */
    int out;
    int activation;
    int type;
    bool vectors; /* whether rows are whole vectors of four elements */
    void* y;
};

/* What sf_append_kv does with its qkv. */
struct CacheResult {
    const sf_kv_append* appends;
    int num_appends;
    int rows;
    int heads;
    int head_size; /* 32, 64 or 128 */
    int layer;
    const float* bias;
    const int32_t* counts;
    void* q;
    TableFault* fault;
};

/* Checks the tables that the result goes by, in one block. */
__device__ __forceinline__ void check(const LinearResult&) {}
__device__ __forceinline__ void check(const CacheResult& to) {
    check_table(
        to.num_appends, to.rows, to.fault, kOperation_append_kv, [&](int a) { return check_append(to.appends[a]); },
        [&](int a) { return to.appends[a].tokens; });
}

/*
 * Four consecutive columns from `column` on of a row of a linear layer's result. What it reads, it has loaded before
 * the sums are there.
 */
template <typename Compute>
class LinearFour {
  public:
    __device__ __forceinline__ void load(const LinearResult& to, int row, int column) {
        offset_ = static_cast<int64_t>(row) * to.out + column;
        count_ = to.out - column < 4 ? to.out - column : 4;
        if (to.vectors) {
            if (to.bias != nullptr) load4(to.bias + column, bias_);
            if (to.added != nullptr) load4(to.added + offset_, added_);
            return;
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (i < count_ && to.bias != nullptr) bias_[i] = to.bias[column + i];
            if (i < count_ && to.added != nullptr) added_[i] = to.added[offset_ + i];
        }
    }

    __device__ __forceinline__ void put(const LinearResult& to, int, int, float (&v)[4]) const {
        with_activation(to.activation, [&](const auto& activate) {
#pragma unroll
            for (int i = 0; i < 4; i++) v[i] = activate(v[i] + bias_[i]) + added_[i];
        });
        if (to.type == SF_F32) return store(to, static_cast<float*>(to.y), v);
        if (to.type == SF_F16) return store(to, static_cast<F16*>(to.y), v);
        store(to, static_cast<BF16*>(to.y), v);
    }

  private:
    template <typename T>
    __device__ __forceinline__ void store(const LinearResult& to, T* y, const float (&v)[4]) const {
        if (to.vectors) return store4(y + offset_, v);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (i < count_) y[offset_ + i] = from_float<T>(v[i]);
        }
    }

    int64_t offset_;
    int count_;
    float bias_[4] = {};
    float added_[4] = {};
};

/* The same of queries, keys and values: of columns that are all of one part and head. */
template <typename Compute>
class CacheFour {
    using T = typename Compute::Type;

  public:
    __device__ __forceinline__ void load(const CacheResult& to, int row, int column) {
        load4(to.bias + column, bias_);
        append_.tokens = 0;
        for (int a = 0; a < to.num_appends; a++) {
            const sf_kv_append append = to.appends[a];
            /* In 64 bits: a table at fault may hold anything. */
            const int64_t token = static_cast<int64_t>(row) - append.row;
            if (token >= 0 && token < append.tokens && check_append(append).rule == kValid) {
                append_ = append;
                count_ = to.counts[row];
                return;
            }
        }
    }

    __device__ __forceinline__ void put(const CacheResult& to, int row, int column, float (&v)[4]) const {
        if (append_.tokens == 0) return;
        const Verdict verdict = check_count_weight(count_);
        if (verdict.rule != kValid) {
            if (column == 0) report(to.fault, kOperation_append_kv, row, verdict);
            return;
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            v[i] += bias_[i];
            if (sizeof(T) == 4) v[i] = to_tf32(v[i]);
        }
        const int hidden = to.heads * to.head_size;
        if (column < hidden) {
            store4(static_cast<T*>(to.q) + static_cast<int64_t>(row) * hidden + column, v);
            if (column > 0) return;
        }
        const int position = append_.position + row - append_.row;
        const int token = position % kKvTokens;
        const int64_t bytes = kv_block_bytes(to.heads, to.head_size, sizeof(T));
        char* base = kv_block(append_.kv, append_.layer_stride, to.layer, position / kKvTokens, bytes);
        if (column < hidden) {
            float* log_counts = reinterpret_cast<float*>(base + bytes) - kKvTokens;
            log_counts[token] = log2f(static_cast<float>(count_));
            return;
        }
        const bool is_key = column < 2 * hidden;
        const int within = column - (is_key ? hidden : 2 * hidden);
        const int element = within & (to.head_size - 1);
        const int places = kKvTokens * to.head_size;
        /* A head is as many times 2 places as elements before it are tokens of heads. */
        T* head = reinterpret_cast<T*>(base) + static_cast<int64_t>(within - element) * 2 * kKvTokens;
        if (is_key) {
            put_keys(head + key_place<Compute>(token, element), v);
        } else {
            put_values(head + places + value_place<Compute>(token, element, to.head_size), v);
        }
    }

  private:
    /* From the place of the first element on, whose number is a multiple of 4: see kv_layout.cuh. */
    __device__ __forceinline__ static void put_keys(T* first, const float (&v)[4]) {
        if constexpr (sizeof(T) == 2) {
            store4(first, v);
        } else {
#pragma unroll
            for (int i = 0; i < 4; i++) first[i / 2 * 128 + i % 2] = v[i];
        }
    }
    __device__ __forceinline__ static void put_values(T* first, const float (&v)[4]) {
        constexpr int kStep = 64 / static_cast<int>(sizeof(T));
#pragma unroll
        for (int i = 0; i < 4; i++) first[i * kStep] = from_float<T>(v[i]);
    }

    sf_kv_append append_;
    int32_t count_ = 0;
    float bias_[4];
};

template <typename Compute>
__device__ __forceinline__ LinearFour<Compute> four_of(const LinearResult&) {
    return {};
}
template <typename Compute>
__device__ __forceinline__ CacheFour<Compute> four_of(const CacheResult&) {
    return {};
}

#endif
