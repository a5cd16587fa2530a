/*
 * KV-cache append. A block of threads takes one head of one block of 16 cache tokens: it walks the places of its keys
 * and values in the order of memory, finds which token's which element belongs there, and writes the sum of projection
 * and bias in the cache's type, so that writes are whole lines. Tokens of the block that this append does not hold are
 * left as they are, which makes an append in pieces the same, bit for bit, as one append. Queries leave packed by rows.
 */
#include "kv_layout.cuh"
#include "ragged.cuh"
#include "stream.cuh"
#include "table_faults.cuh"

namespace {

constexpr int kThreads = 128;

/* Blocks of 16 tokens that a valid append writes to; none of another. */
__device__ __forceinline__ int blocks_touched(const sf_kv_append& a) {
    if (a.tokens <= 0 || check_append(a).rule != kValid) return 0;
    return (a.position + a.tokens - 1) / kKvTokens - a.position / kKvTokens + 1;
}

template <typename Compute>
__global__ void __launch_bounds__(kThreads, 6)
    append_kv(const sf_kv_append* appends, int num_appends, int max_rows, int heads, int head_size, int layer,
              const float* qkv, const float* bias, const int32_t* counts, typename Compute::Type* q,
              TableFault* fault) {
    using T = typename Compute::Type;
    const int thread = static_cast<int>(threadIdx.x);
    if (blockIdx.x == 0 && blockIdx.y == 0) {
        check_table(
            num_appends, max_rows, fault, kOperation_append_kv, [&](int a) { return check_append(appends[a]); },
            [&](int a) { return appends[a].tokens; });
    }
    const RaggedTile tile = find_tile(blockIdx.x, num_appends, [&](int a) { return blocks_touched(appends[a]); });
    /* A call for no rows has no arrays: a table that announces some is at fault. */
    if (tile.item < 0 || max_rows == 0) return;
    const sf_kv_append append = appends[tile.item];
    const int head = static_cast<int>(blockIdx.y);
    const int hidden = heads * head_size;
    const int padded = padded_head_size(head_size);
    const int block = append.position / kKvTokens + tile.offset;
    /* Token 0 of the block is this token of the append; those from begin to end are appended. */
    const int first = block * kKvTokens - append.position;
    const int begin = first < 0 ? -first : 0;
    const int end = append.tokens - first < kKvTokens ? append.tokens - first : kKvTokens;
    const int64_t row = static_cast<int64_t>(append.row) + first;
    char* base = kv_block(append.kv, append.layer_stride, layer, block, kv_block_bytes(heads, padded, sizeof(T)));

    const int places = kKvTokens * padded;
    T* keys = reinterpret_cast<T*>(base) + static_cast<int64_t>(head) * 2 * places;
    T* values = keys + places;
    const auto element = [&](int token, int part, int i) {
        const int column = part * hidden + head * head_size + i;
        const float v = i < head_size ? qkv[(row + token) * 3 * hidden + column] + bias[column] : 0.0f;
        return Compute::kFragments && sizeof(T) == 4 ? from_float<T>(to_tf32(v)) : from_float<T>(v);
    };
    const auto appended = [&](int token) {
        return token >= begin && token < end && check_count_weight(counts[row + token]).rule == kValid;
    };
    for (int i = thread; i < places; i += kThreads) {
        const KvPlace key = key_at<Compute>(i);
        if (appended(key.token)) keys[i] = element(key.token, 1, key.element);
        const KvPlace value = value_at<Compute>(i, padded);
        if (appended(value.token)) values[i] = element(value.token, 2, value.element);
    }
    for (int i = thread; i < kKvTokens * head_size; i += kThreads) {
        const int token = i / head_size;
        if (appended(token)) {
            q[(row + token) * hidden + head * head_size + i % head_size] = element(token, 0, i % head_size);
        }
    }
    if (head == 0 && thread < kKvTokens && thread >= begin && thread < end) {
        const int count = counts[row + thread];
        const Verdict verdict = check_count_weight(count);
        if (verdict.rule != kValid) {
            report(fault, kOperation_append_kv, static_cast<int>(row + thread), verdict);
        } else {
            float* log_counts = reinterpret_cast<float*>(base + static_cast<int64_t>(heads) * 2 * places *
                                                                    static_cast<int64_t>(sizeof(T)));
            log_counts[thread] = log2f(static_cast<float>(count));
        }
    }
}

}  // namespace

int64_t cuda::kv_bytes(const sf_stream*, int heads, int head_size, int tokens, int compute_type) {
    const int element_bytes = compute_type == SF_F16 || compute_type == SF_BF16 ? 2 : 4;
    return div_up(tokens, kKvTokens) * kv_block_bytes(heads, padded_head_size(head_size), element_bytes);
}

int cuda::append_kv(sf_stream* stream, const sf_kv_append* appends, int num_appends, int max_rows, int heads,
                    int head_size, int layer, int compute_type, const float* qkv, const float* bias,
                    const int32_t* counts, void* q) {
    return with_compute_type(compute_type, [&](auto compute) {
        using Compute = decltype(compute);
        return launch(stream, "sf_append_kv", ::append_kv<Compute>,
                      max_rows / kKvTokens + 2 * static_cast<int64_t>(num_appends), heads, kThreads, appends,
                      num_appends, max_rows, heads, head_size, layer, qkv, bias, counts,
                      static_cast<typename Compute::Type*>(q), table_fault(stream));
    });
}
