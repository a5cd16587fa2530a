/* What attention's kernels share: a block's tile of queries, the walk over its keys, and the merge of its warps' sums.
 */
#ifndef SCANFORMER_ATTENTION_TILE_CUH
#define SCANFORMER_ATTENTION_TILE_CUH

#include "kv_layout.cuh"
#include "ragged.cuh"
#include "table_faults.cuh"

constexpr int kAttentionWarps = 4;
constexpr int kAttentionThreads = kAttentionWarps * kWarp;
constexpr float kLog2E = 1.44269504088896340736f;

struct AttentionTask {
    const sf_query_block* blocks;
    int num_blocks;
    int max_rows;
    const sf_kv_segment* segments;
    int num_segments;
    int heads;
    int head_size;
    int layer;
    const void* q;
    void* out;
    TableFault* fault;
};

/* The factor that makes a product of query and key a logit in powers of two. */
__device__ __forceinline__ float logit_scale(const AttentionTask& task) {
    return kLog2E / sqrtf(static_cast<float>(task.head_size));
}

/* A block's share of the work: the queries of one head from `first` on, of a query block. */
struct QueryTile {
    sf_query_block block;
    int first;
    int head;
};

/* Whether all segments of a valid query block can be read; reports the first that can't. */
__device__ __forceinline__ bool check_segments(const AttentionTask& task, const sf_query_block& block) {
    for (int s = block.segment_begin; s < block.segment_end; s++) {
        const Verdict verdict = check_segment(task.segments[s]);
        if (verdict.rule != kValid) {
            if (threadIdx.x == 0) report(task.fault, kOperation_attention, s, verdict);
            return false;
        }
    }
    return true;
}

/* Finds this block's tile of up to Q queries; false when there is none, or its keys can't be read. */
template <int Q>
__device__ __forceinline__ bool find_query_tile(const AttentionTask& task, QueryTile& tile) {
    const auto check = [&](int b) { return check_query_block(task.blocks[b], task.num_segments); };
    if (blockIdx.x == 0 && blockIdx.y == 0) {
        check_table(task.num_blocks, task.max_rows, task.fault, kOperation_attention, check,
                    [&](int b) { return task.blocks[b].rows; });
    }
    const RaggedTile found = find_tile(blockIdx.x, task.num_blocks, [&](int b) {
        return check(b).rule == kValid ? (static_cast<unsigned>(task.blocks[b].rows) + Q - 1) / Q : 0u;
    });
    /* A call for no rows has no arrays: a table that announces some is at fault. */
    if (found.item < 0 || task.max_rows == 0) return false;
    tile.block = task.blocks[found.item];
    tile.first = found.offset * Q;
    tile.head = static_cast<int>(blockIdx.y);
    return check_segments(task, tile.block);
}

/* Where the head's elements of a tile's query begin in q. */
template <typename T>
__device__ __forceinline__ const T* query_row(const AttentionTask& task, const QueryTile& tile, int query) {
    const int64_t hidden = static_cast<int64_t>(task.heads) * task.head_size;
    return static_cast<const T*>(task.q) + (static_cast<int64_t>(tile.block.q_row) + query) * hidden +
           tile.head * task.head_size;
}

/* One head's keys and values of a block of the cache, and the log-counts of its tokens. */
template <typename T>
struct KvBlock {
    const T* keys;
    const T* values;
    const float* log_counts;
    int tokens; /* 1 to 16; what follows them is ignored */
};

/* Calls body(KvBlock) for each block of 16 tokens that falls to this warp. */
template <typename T, int D, typename Body>
__device__ __forceinline__ void each_kv_block(const AttentionTask& task, const QueryTile& tile, const Body& body) {
    const int64_t bytes = kv_block_bytes(task.heads, D, sizeof(T));
    int turn = warp_id();
    for (int s = tile.block.segment_begin; s < tile.block.segment_end; s++) {
        const sf_kv_segment segment = task.segments[s];
        const int count = (segment.tokens - 1) / kKvTokens + 1;
        int b = turn;
        for (; b < count; b += kAttentionWarps) {
            const char* base = kv_block(segment.kv, segment.layer_stride, task.layer, b, bytes);
            const T* keys = reinterpret_cast<const T*>(base) + static_cast<int64_t>(tile.head) * 2 * kKvTokens * D;
            const int left = segment.tokens - b * kKvTokens;
            body(KvBlock<T>{keys, keys + kKvTokens * D, reinterpret_cast<const float*>(base + bytes - kKvTokens * 4),
                            left < kKvTokens ? left : kKvTokens});
        }
        /* The next segment goes on where this one ended: short segments fall to all warps in turn. */
        turn = b - count;
    }
}

/* What the warps have summed for a tile of Q queries of D elements. */
template <int Q, int D>
struct Partials {
    Cell<float> maximum[kAttentionWarps][Q];
    Cell<float> total[kAttentionWarps][Q];
    Cell<float> out[kAttentionWarps][Q][D];
};

/* Merges the warps' sums and writes the tile's rows of out. */
template <int Q, int D, typename Out>
__device__ void merge(const AttentionTask& task, const QueryTile& tile, Partials<Q, D>& partials) {
    __syncthreads();
    const int rows = tile.block.rows - tile.first < Q ? tile.block.rows - tile.first : Q;
    const int64_t hidden = static_cast<int64_t>(task.heads) * task.head_size;
    Out* out = static_cast<Out*>(task.out);
    for (int i = static_cast<int>(threadIdx.x); i < rows * D; i += kAttentionThreads) {
        const int row = i / D;
        const int d = i % D;
        float maximum = partials.maximum[0][row];
        for (int w = 1; w < kAttentionWarps; w++) maximum = fmaxf(maximum, partials.maximum[w][row]);
        float total = 0;
        float sum = 0;
        for (int w = 0; w < kAttentionWarps; w++) {
            const float weight = exp2f(partials.maximum[w][row] - maximum);
            total += weight * partials.total[w][row];
            sum += weight * partials.out[w][row][d];
        }
        if (d < task.head_size) {
            out[(static_cast<int64_t>(tile.block.out_row) + tile.first + row) * hidden + tile.head * task.head_size +
                d] = from_float<Out>(sum / total);
        }
    }
}

#endif
