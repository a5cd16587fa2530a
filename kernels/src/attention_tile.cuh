/*
 * What attention's kernels share: the tile of queries that a warp takes, alone or with others, the walk over its keys,
 * and the merge of sums.
 */
#ifndef SCANFORMER_ATTENTION_TILE_CUH
#define SCANFORMER_ATTENTION_TILE_CUH

#include "kv_layout.cuh"
#include "table_faults.cuh"

constexpr float kLog2E = 1.44269504088896340736f;

struct AttentionTask {
    const sf_query_block* blocks;
    int num_blocks;
    int block_rows;
    int tile_shift; /* a query block has 2^tile_shift tiles, those without queries among them */
    int max_rows;
    const sf_kv_segment* segments;
    int num_segments;
    int heads;
    int head_size;
    int layer;
    uint32_t kv_bytes; /* of a block of the cache */
    float scale;       /* makes a product of query and key a logit in powers of two */
    const void* q;
    void* out;
    int type;         /* of out */
    bool q_vectors;   /* whether a head's queries are whole vectors of 16 bytes */
    bool out_vectors; /* whether a head's outputs are whole vectors of four elements */
    TableFault* fault;
};

/* A share of the work: the queries of one head from `first` on, of a query block. */
struct QueryTile {
    sf_query_block block;
    int first;
    int head;
};

/* Whether all segments of a valid query block can be read. The warp reports one that can't. */
__device__ __forceinline__ bool check_segments(const AttentionTask& task, const sf_query_block& block) {
    bool readable = true;
#pragma unroll 1
    for (int first = block.segment_begin; first < block.segment_end; first += kWarp) {
        const int s = first + lane_id();
        const bool valid = s >= block.segment_end || check_segment(task.segments[s]).rule == kValid;
        const unsigned refused = __ballot_sync(kFullMask, !valid);
        if (refused == 0) continue;
        readable = false;
        if (lane_id() == __ffs(static_cast<int>(refused)) - 1) {
            report(task.fault, kOperation_attention, s, check_segment(task.segments[s]));
        }
    }
    return readable;
}

/*
 * The first blocks of threads check the table of query blocks, so that no block with queries is late; whether this is
 * one of them.
 */
__device__ __forceinline__ bool checks_query_blocks(const AttentionTask& task) {
    if (blockIdx.x != 0) return false;
    if (blockIdx.y == 0) {
        check_table(
            task.num_blocks, task.max_rows, task.fault, kOperation_attention,
            [&](int b) { return check_query_block(task.blocks[b], task.block_rows, task.num_segments); },
            [&](int b) { return task.blocks[b].rows; });
    }
    return true;
}

/*
 * Finds the tile of up to Q queries with that number; false when it has none, or its keys can't be read. Each query
 * block has as many tiles as the longest could need, so that none has to be searched for.
 */
template <int Q>
__device__ __forceinline__ bool find_query_tile(const AttentionTask& task, int number, QueryTile& tile) {
    const int b = number >> task.tile_shift;
    if (b >= task.num_blocks) return false;
    tile.block = task.blocks[b];
    tile.first = (number - (b << task.tile_shift)) * Q;
    tile.head = static_cast<int>(blockIdx.y);
    /* A call for no rows has no arrays: a table that announces some is at fault. */
    if (tile.first >= tile.block.rows || task.max_rows == 0) return false;
    if (check_query_block(tile.block, task.block_rows, task.num_segments).rule != kValid) return false;
    return check_segments(task, tile.block);
}

/* Where the head's elements of a row of q or out begin; rows are fewer than 2^32. */
template <typename T>
__device__ __forceinline__ T* row_of_head(const AttentionTask& task, const QueryTile& tile, T* array, int block_row,
                                          int query) {
    const auto hidden = static_cast<uint32_t>(task.heads * task.head_size);
    const uint32_t row = static_cast<uint32_t>(block_row) + static_cast<uint32_t>(query);
    return array + static_cast<uint64_t>(row) * hidden + static_cast<uint32_t>(tile.head * task.head_size);
}

template <typename T>
__device__ __forceinline__ const T* query_row(const AttentionTask& task, const QueryTile& tile, int query) {
    return row_of_head(task, tile, static_cast<const T*>(task.q), tile.block.q_row, query);
}

template <typename Out>
__device__ __forceinline__ Out* output_row(const AttentionTask& task, const QueryTile& tile, int query) {
    return row_of_head(task, tile, static_cast<Out*>(task.out), tile.block.out_row, query);
}

/*
 * The walk over a tile's blocks of 16 tokens, of which each of SHARERS warps takes every SHARERS-th one: short segments
 * fall to all of them in turn. All lanes go together.
 */
template <typename T, int D, int SHARERS>
class KvWalk {
  public:
    /* Goes to the warp's first block, if it has any. */
    __device__ __forceinline__ KvWalk(const AttentionTask& task, const QueryTile& tile)
        : segment_(tile.block.segment_begin - 1),
          end_(tile.block.segment_end),
          left_(SHARERS == 1 ? 0 : -warp_id() * kKvTokens),
          head_bytes_(static_cast<uint32_t>(tile.head) * (2 * kKvTokens * D * static_cast<uint32_t>(sizeof(T)))) {
        find_segment(task);
    }

    /* Whether the walk is at a block. */
    __device__ __forceinline__ bool more() const { return segment_ < end_; }

    /* Goes to the next block, if there is one. */
    __device__ __forceinline__ void next(const AttentionTask& task) {
        left_ -= SHARERS * kKvTokens;
        head_ += static_cast<uint64_t>(task.kv_bytes) * SHARERS;
        if (left_ <= 0) find_segment(task);
    }

    /* The head's keys of the block, its values, and the log-counts of its tokens. */
    __device__ __forceinline__ const T* keys() const { return reinterpret_cast<const T*>(head_); }
    __device__ __forceinline__ const T* values() const { return keys() + kKvTokens * D; }
    __device__ __forceinline__ const float* log_counts(const AttentionTask& task) const {
        return reinterpret_cast<const float*>(head_ + (task.kv_bytes - head_bytes_)) - kKvTokens;
    }

    /* Tokens of the segment from the block's first on, 1 or more; what follows the last one is ignored. */
    __device__ __forceinline__ int tokens() const { return left_; }

  private:
    /* The next segments go on where the last one ended, -left_ tokens and a part of a block before. */
    __device__ __forceinline__ void find_segment(const AttentionTask& task) {
        uint32_t skipped = 0;
#pragma unroll 1
        while (left_ <= 0) {
            if (++segment_ >= end_) return;
            skipped = static_cast<uint32_t>(-left_) / kKvTokens;
            left_ = task.segments[segment_].tokens - static_cast<int>(skipped) * kKvTokens;
        }
        const sf_kv_segment segment = task.segments[segment_];
        head_ = segment.kv + static_cast<uint64_t>(segment.layer_stride * task.layer) + head_bytes_ +
                static_cast<uint64_t>(task.kv_bytes) * skipped;
    }

    int segment_;
    int end_;
    int left_;
    uint32_t head_bytes_; /* of the heads before this one */
    uint64_t head_ = 0;   /* the address of the block's part of this head */
};

/* What WARPS warps have summed for a tile of Q queries of D elements. */
template <int Q, int D, int WARPS>
struct Partials {
    static_assert(WARPS % 2 == 0, "softmax is read for two warps at a time");
    Cell<float> softmax[Q][WARPS][2]; /* maximum and total */
    /* With the padding, the eight rows of a fragment lie in all banks. */
    Cell<float> out[WARPS][Q][D + 8];
};

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

/*
 * Merges the warps' sums of a row from column d on:
 *   out = sum_w 2^(m_w - m) O_w / sum_w 2^(m_w - m) l_w,  m = max_w m_w.
 */
template <int Q, int D, int WARPS>
__device__ __forceinline__ void merge_row(const Partials<Q, D, WARPS>& partials, int row, int d, float (&v)[4]) {
    float maxima[WARPS];
    float totals[WARPS];
    float maximum = -INFINITY;
#pragma unroll
    for (int w = 0; w < WARPS; w += 2) {
        const float4 two = load4(partials.softmax[row][w]);
        maxima[w] = two.x;
        totals[w] = two.y;
        maxima[w + 1] = two.z;
        totals[w + 1] = two.w;
        maximum = fmaxf(maximum, fmaxf(two.x, two.z));
    }
    float total = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
        const float factor = exp2_approximately(maxima[w] - maximum);
        const float4 sums = load4(&partials.out[w][row][d]);
        total += factor * totals[w];
        v[0] += factor * sums.x;
        v[1] += factor * sums.y;
        v[2] += factor * sums.z;
        v[3] += factor * sums.w;
    }
    const float inverse = reciprocal_approximately(total);
#pragma unroll
    for (int i = 0; i < 4; i++) v[i] *= inverse;
}

/* Merges the sums of a block's warps and writes the tile's rows of out. */
template <int Q, int D, int WARPS>
__device__ __forceinline__ void merge(const AttentionTask& task, const QueryTile& tile,
                                      const Partials<Q, D, WARPS>& partials) {
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < Q * (D / 4); i += WARPS * kWarp) {
        const int row = i / (D / 4);
        const int d = i % (D / 4) * 4;
        const int query = tile.first + row;
        if (query >= tile.block.rows) return;
        float v[4] = {};
        merge_row(partials, row, d, v);
        if (task.type == SF_F32) {
            store_output(task, output_row<float>(task, tile, query), d, v);
        } else if (task.type == SF_F16) {
            store_output(task, output_row<F16>(task, tile, query), d, v);
        } else {
            store_output(task, output_row<BF16>(task, tile, query), d, v);
        }
    }
}

#endif
