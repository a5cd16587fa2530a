/* What attention's kernels share: a block's tile of queries, the walk over its keys, and the merge of its warps' sums.
 */
#ifndef SCANFORMER_ATTENTION_TILE_CUH
#define SCANFORMER_ATTENTION_TILE_CUH

#include "kv_layout.cuh"
#include "table_faults.cuh"

constexpr int kAttentionWarps = 4;
constexpr int kAttentionThreads = kAttentionWarps * kWarp;
constexpr float kLog2E = 1.44269504088896340736f;

struct AttentionTask {
    const sf_query_block* blocks;
    int num_blocks;
    int block_rows;
    int tiles_of_block;
    int max_rows;
    const sf_kv_segment* segments;
    int num_segments;
    int heads;
    int head_size;
    int layer;
    const void* q;
    void* out;
    int type;         /* of out */
    bool q_vectors;   /* whether a head's queries are whole vectors of 16 bytes */
    bool out_vectors; /* whether a head's outputs are whole vectors of four elements */
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

/* Segments that the lanes of a warp hold, one each: all are read at once. */
struct SegmentLanes {
    uint64_t base; /* of the layer */
    int tokens;

    /* Those from `first` on; whether they can be read is asked of the block's first warp, which reports one that can't.
     */
    __device__ __forceinline__ bool load(const AttentionTask& task, int first, int end) {
        const int s = first + lane_id();
        Verdict verdict = valid_row();
        base = 0;
        tokens = 0;
        if (s < end) {
            const sf_kv_segment segment = task.segments[s];
            verdict = check_segment(segment);
            base = segment.kv + static_cast<uint64_t>(segment.layer_stride * task.layer);
            tokens = segment.tokens;
        }
        const unsigned refused = __ballot_sync(kFullMask, verdict.rule != kValid);
        if (refused == 0) return true;
        if (warp_id() == 0 && lane_id() == __ffs(static_cast<int>(refused)) - 1) {
            report(task.fault, kOperation_attention, s, verdict);
        }
        return false;
    }
};

/* Whether all segments of a valid query block can be read. */
__device__ __forceinline__ bool check_segments(const AttentionTask& task, const sf_query_block& block) {
    bool readable = true;
    for (int s = block.segment_begin; s < block.segment_end; s += kWarp) {
        SegmentLanes segments;
        readable = segments.load(task, s, block.segment_end) && readable;
    }
    return readable;
}

/*
 * Finds this block's tile of up to Q queries; false when there is none, or its keys can't be read. Each query block has
 * as many thread blocks as the longest could need, so that none has to be searched for.
 */
template <int Q>
__device__ __forceinline__ bool find_query_tile(const AttentionTask& task, QueryTile& tile) {
    const auto check = [&](const sf_query_block& block) {
        return check_query_block(block, task.block_rows, task.num_segments);
    };
    if (blockIdx.x == 0 && blockIdx.y == 0) {
        check_table(
            task.num_blocks, task.max_rows, task.fault, kOperation_attention,
            [&](int b) { return check(task.blocks[b]); }, [&](int b) { return task.blocks[b].rows; });
    }
    const int number = static_cast<int>(blockIdx.x);
    tile.block = task.blocks[number / task.tiles_of_block];
    tile.first = number % task.tiles_of_block * Q;
    tile.head = static_cast<int>(blockIdx.y);
    /* A call for no rows has no arrays: a table that announces some is at fault. */
    if (tile.first >= tile.block.rows || task.max_rows == 0 || check(tile.block).rule != kValid) return false;
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

/* The walk over the blocks of 16 tokens that fall to this warp, every fourth one. */
template <typename T, int D>
class KvWalk {
  public:
    __device__ __forceinline__ KvWalk(const AttentionTask& task, const QueryTile& tile)
        : task_(task), segment_(tile.block.segment_begin), end_(tile.block.segment_end), held_(segment_) {
        const int64_t head = static_cast<int64_t>(tile.head) * 2 * kKvTokens * D;
        head_bytes_ = head * static_cast<int64_t>(sizeof(T));
        (void)lanes_.load(task, segment_, end_);
        take();
        block_ = warp_id();
    }

    /* The next block; false when there is none. All lanes call it together. */
    __device__ __forceinline__ bool next(KvBlock<T>& kv) {
        /* The next segment goes on where this one ended: short segments fall to all warps in turn. */
        while (block_ >= blocks_) {
            block_ -= blocks_;
            if (++segment_ >= end_) {
                /* Asked again, there is still none. */
                block_ = 0;
                blocks_ = 0;
                return false;
            }
            if (segment_ - held_ == kWarp) {
                held_ = segment_;
                (void)lanes_.load(task_, segment_, end_);
            }
            take();
        }
        const int64_t bytes = kv_block_bytes(task_.heads, D, sizeof(T));
        const char* base = reinterpret_cast<const char*>(base_) + bytes * block_;
        const T* keys = reinterpret_cast<const T*>(base + head_bytes_);
        const int left = tokens_ - block_ * kKvTokens;
        kv = {keys, keys + kKvTokens * D, reinterpret_cast<const float*>(base + bytes) - kKvTokens,
              left < kKvTokens ? left : kKvTokens};
        block_ += kAttentionWarps;
        return true;
    }

  private:
    /* The segment's address and size, from the lane that holds them. */
    __device__ __forceinline__ void take() {
        base_ = __shfl_sync(kFullMask, lanes_.base, segment_ - held_);
        tokens_ = __shfl_sync(kFullMask, lanes_.tokens, segment_ - held_);
        blocks_ = (tokens_ - 1) / kKvTokens + 1;
    }

    const AttentionTask& task_;
    int segment_;
    int end_;
    int held_; /* the segment of lane 0 */
    SegmentLanes lanes_;
    int64_t head_bytes_;
    uint64_t base_;
    int tokens_;
    int blocks_;
    int block_;
};

/* What the warps have summed for a tile of Q queries of D elements. */
template <int Q, int D>
struct Partials {
    Cell<float> maximum[kAttentionWarps][Q];
    Cell<float> total[kAttentionWarps][Q]; /* then the factor of the warp's sums */
    /* With the padding, the eight rows of a fragment lie in all banks. */
    Cell<float> out[kAttentionWarps][Q][D + 8];
};

/* Makes the totals of a row factors: 2^(m_w - m) / sum_w 2^(m_w - m) l_w. */
template <int Q, int D>
__device__ __forceinline__ void find_factors(int row, Partials<Q, D>& partials) {
    float maximum = partials.maximum[0][row];
#pragma unroll
    for (int w = 1; w < kAttentionWarps; w++) maximum = fmaxf(maximum, partials.maximum[w][row]);
    float factor[kAttentionWarps];
    float total = 0;
#pragma unroll
    for (int w = 0; w < kAttentionWarps; w++) {
        factor[w] = exp2_approximately(partials.maximum[w][row] - maximum);
        total += factor[w] * partials.total[w][row];
    }
    const float inverse = 1.0f / total;
#pragma unroll
    for (int w = 0; w < kAttentionWarps; w++) partials.total[w][row] = factor[w] * inverse;
}

/* Four consecutive elements of a head's output, those before the head size. */
template <typename Out>
__device__ __forceinline__ void store_output(const AttentionTask& task, Out* head, int d, const float (&v)[4]) {
    if (task.out_vectors) {
        if (d < task.head_size) store4(head + d, v);
        return;
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
        if (d + i < task.head_size) head[d + i] = from_float<Out>(v[i]);
    }
}

/* Merges the warps' sums and writes the tile's rows of out. */
template <int Q, int D>
__device__ void merge(const AttentionTask& task, const QueryTile& tile, Partials<Q, D>& partials) {
    __syncthreads();
    const int thread = static_cast<int>(threadIdx.x);
    if (thread < Q) find_factors(thread, partials);
    __syncthreads();
    const int rows = tile.block.rows - tile.first < Q ? tile.block.rows - tile.first : Q;
    const int64_t hidden = static_cast<int64_t>(task.heads) * task.head_size;
    for (int i = thread; i < rows * (D / 4); i += kAttentionThreads) {
        const int row = i / (D / 4);
        const int d = i % (D / 4) * 4;
        float v[4] = {};
#pragma unroll
        for (int w = 0; w < kAttentionWarps; w++) {
            const float factor = partials.total[w][row];
            const float4 sums = load4(&partials.out[w][row][d]);
            v[0] += factor * sums.x;
            v[1] += factor * sums.y;
            v[2] += factor * sums.z;
            v[3] += factor * sums.w;
        }
        const int64_t head = (static_cast<int64_t>(tile.block.out_row) + tile.first + row) * hidden +
                             static_cast<int64_t>(tile.head) * task.head_size;
        if (task.type == SF_F32) {
            store_output(task, static_cast<float*>(task.out) + head, d, v);
        } else if (task.type == SF_F16) {
            store_output(task, static_cast<F16*>(task.out) + head, d, v);
        } else {
            store_output(task, static_cast<BF16*>(task.out) + head, d, v);
        }
    }
}

#endif
