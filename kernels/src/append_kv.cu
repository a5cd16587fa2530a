/*
 * KV-cache append. A block of threads takes one head of one block of 16 cache tokens: a thread takes vectors of 16
 * bytes of its keys and values in the order of memory, finds which token's which element belongs where, and writes the
 * sums of projection and bias in the cache's type, so that writes are whole lines. All that a thread reads is under way
 * before it writes. Tokens of the block that this append does not hold are left as they are, which makes an append in
 * pieces the same, bit for bit, as one append. Queries leave packed by rows.
 */
#include "kv_layout.cuh"
#include "ragged.cuh"
#include "stream.cuh"
#include "table_faults.cuh"

namespace {

constexpr int kThreads = 128;

struct AppendTask {
    const sf_kv_append* appends;
    int num_appends;
    int max_rows;
    int heads;
    int head_size;
    int layer;
    const float* qkv;
    const float* bias;
    const int32_t* counts;
    void* q;
    TableFault* fault;
};

/* Blocks of 16 tokens that a valid append writes to; none of another. */
__device__ __forceinline__ int blocks_touched(const sf_kv_append& a) {
    if (a.tokens <= 0 || check_append(a).rule != kValid) return 0;
    return (a.position + a.tokens - 1) / kKvTokens - a.position / kKvTokens + 1;
}

/* What of a head of a block of 16 tokens is appended: the tokens whose bits are set in `present`. */
template <typename Compute, int D>
struct AppendedHead {
    using T = typename Compute::Type;
    /* Elements of a vector, and vectors of the keys, or values, that fall to a thread. */
    static constexpr int kVector = 16 / static_cast<int>(sizeof(T));
    static constexpr int kVectors = kKvTokens * D / kVector;
    static constexpr int kSteps = (kVectors + kThreads - 1) / kThreads;

    const AppendTask& task;
    int64_t row; /* of the block's first token in qkv; may be before the first */
    int head;
    unsigned present;

    __device__ __forceinline__ bool is_present(int token) const { return (present >> token & 1) != 0; }

    /* Query, key or value as the cache has it; 0 past the head size and for tokens that are not there. */
    __device__ __forceinline__ float element(int token, int part, int i) const {
        const int64_t hidden = static_cast<int64_t>(task.heads) * task.head_size;
        const int64_t column = part * hidden + static_cast<int64_t>(head) * task.head_size + i;
        const bool read = i < task.head_size && is_present(token);
        const float v = read ? task.qkv[(row + token) * 3 * hidden + column] + task.bias[column] : 0.0f;
        return Compute::kFragments && sizeof(T) == 4 ? to_tf32(v) : v;
    }

    /* Keys and values in the order of memory: place(i) is the token and element of place i of `part`. */
    template <typename Place>
    __device__ __forceinline__ void load(int part, const Place& place, float (&v)[kSteps][kVector]) const {
#pragma unroll
        for (int s = 0; s < kSteps; s++) {
            const int vector = static_cast<int>(threadIdx.x) + s * kThreads;
#pragma unroll
            for (int i = 0; i < kVector; i++) {
                const KvPlace at = place(vector * kVector + i);
                v[s][i] = vector < kVectors ? element(at.token, part, at.element) : 0.0f;
            }
        }
    }

    template <typename Place>
    __device__ __forceinline__ void store(T* to, const Place& place, const float (&v)[kSteps][kVector]) const {
#pragma unroll
        for (int s = 0; s < kSteps; s++) {
            const int vector = static_cast<int>(threadIdx.x) + s * kThreads;
            if (vector >= kVectors) break;
            bool all = true;
#pragma unroll
            for (int i = 0; i < kVector; i++) all = all && is_present(place(vector * kVector + i).token);
            if (all) {
                store_vector(to + vector * kVector, v[s]);
                continue;
            }
#pragma unroll
            for (int i = 0; i < kVector; i++) {
                const int at = vector * kVector + i;
                if (is_present(place(at).token)) to[at] = from_float<T>(v[s][i]);
            }
        }
    }

    __device__ __forceinline__ void append(T* keys) const {
        const auto key = [](int place) { return key_at<Compute>(place); };
        const auto value = [](int place) { return value_at<Compute>(place, D); };
        constexpr int kQueries = kKvTokens * D / kThreads;
        float k[kSteps][kVector], v[kSteps][kVector], q[kQueries];
        load(1, key, k);
        load(2, value, v);
#pragma unroll
        for (int s = 0; s < kQueries; s++) {
            const int i = static_cast<int>(threadIdx.x) + s * kThreads;
            q[s] = element(i / D, 0, i % D);
        }
        store(keys, key, k);
        store(keys + kKvTokens * D, value, v);
        const int64_t hidden = static_cast<int64_t>(task.heads) * task.head_size;
        T* queries = static_cast<T*>(task.q) + row * hidden + static_cast<int64_t>(head) * task.head_size;
#pragma unroll
        for (int s = 0; s < kQueries; s++) {
            const int i = static_cast<int>(threadIdx.x) + s * kThreads;
            if (i % D < task.head_size && is_present(i / D)) queries[i / D * hidden + i % D] = from_float<T>(q[s]);
        }
    }
};

template <typename Compute, int D>
__global__ void __launch_bounds__(kThreads, 2) append_kv(AppendTask task) {
    wait_for_earlier_kernels();
    using T = typename Compute::Type;
    if (blockIdx.x == 0 && blockIdx.y == 0) {
        check_table(
            task.num_appends, task.max_rows, task.fault, kOperation_append_kv,
            [&](int a) { return check_append(task.appends[a]); }, [&](int a) { return task.appends[a].tokens; });
    }
    const RaggedTile tile =
        find_tile(blockIdx.x, task.num_appends, [&](int a) { return blocks_touched(task.appends[a]); });
    /* A call for no rows has no arrays: a table that announces some is at fault. */
    if (tile.item < 0 || task.max_rows == 0) return;
    const sf_kv_append append = task.appends[tile.item];
    const int head = static_cast<int>(blockIdx.y);
    const int block = append.position / kKvTokens + tile.offset;
    /* Token 0 of the block is this token of the append. */
    const int first = block * kKvTokens - append.position;
    const int64_t row = static_cast<int64_t>(append.row) + first;
    const int64_t bytes = kv_block_bytes(task.heads, D, sizeof(T));
    char* base = kv_block(append.kv, append.layer_stride, task.layer, block, bytes);

    /* Each warp finds the tokens that are appended; the first warp of the first head keeps their counts. */
    const int token = lane_id();
    Verdict verdict = valid_row();
    int count = 1;
    const bool appended = token < kKvTokens && first + token >= 0 && first + token < append.tokens;
    if (appended) {
        count = task.counts[row + token];
        verdict = check_count_weight(count);
    }
    const unsigned present = __ballot_sync(kFullMask, appended && verdict.rule == kValid);
    if (appended && head == 0 && warp_id() == 0) {
        if (verdict.rule != kValid) {
            report(task.fault, kOperation_append_kv, static_cast<int>(row + token), verdict);
        } else {
            (reinterpret_cast<float*>(base + bytes) - kKvTokens)[token] = log2f(static_cast<float>(count));
        }
    }
    const AppendedHead<Compute, D> appended_head = {task, row, head, present};
    appended_head.append(reinterpret_cast<T*>(base) + static_cast<int64_t>(head) * 2 * kKvTokens * D);
}

}  // namespace

int64_t cuda::kv_bytes(const sf_stream*, int heads, int head_size, int tokens, int compute_type) {
    const int element_bytes = compute_type == SF_F16 || compute_type == SF_BF16 ? 2 : 4;
    return div_up(tokens, kKvTokens) * kv_block_bytes(heads, padded_head_size(head_size), element_bytes);
}

int cuda::append_kv(sf_stream* stream, const sf_kv_append* appends, int num_appends, int max_rows, int heads,
                    int head_size, int layer, int compute_type, const float* qkv, const float* bias,
                    const int32_t* counts, void* q) {
    const AppendTask task = {appends, num_appends, max_rows, heads, head_size,          layer,
                             qkv,     bias,        counts,   q,     table_fault(stream)};
    const int64_t blocks = max_rows / kKvTokens + 2 * static_cast<int64_t>(num_appends);
    return with_compute_type(compute_type, [&](auto compute) {
        using Compute = decltype(compute);
        const auto start = [&](void (*kernel)(AppendTask)) {
            return launch(stream, "sf_append_kv", kernel, blocks, heads, kThreads, task);
        };
        switch (padded_head_size(head_size)) {
            case 32:
                return start(::append_kv<Compute, 32>);
            case 64:
                return start(::append_kv<Compute, 64>);
            default:
                return start(::append_kv<Compute, 128>);
        }
    });
}
