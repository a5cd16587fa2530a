/*
 * Attention in fp32 without tensor cores, as attention.cu describes it, a block's tile being 16 queries.
 */
#ifndef SCANFORMER_ATTENTION_PLAIN_CUH
#define SCANFORMER_ATTENTION_PLAIN_CUH

#include "attention_tile.cuh"
#include "online_softmax.cuh"

namespace {

constexpr int kPlainQueries = 16;
constexpr int kPlainWarps = 4;
constexpr int kPlainThreads = kPlainWarps * kWarp;

template <int D>
using PlainWalk = KvWalk<float, D, kPlainWarps>;
template <int D>
using PlainPartials = Partials<kPlainQueries, D, kPlainWarps>;

template <int D>
struct PlainShared {
    Cell<float> q[D][kPlainQueries];
    Cell<float> weights[kPlainWarps][kKvTokens][kPlainQueries];
    PlainPartials<D> partials;
};

/* Eight consecutive floats of shared memory. */
__device__ __forceinline__ void load8(const Cell<float>* from, float (&to)[8]) {
    const float4 low = load4(from);
    const float4 high = load4(from + 4);
    to[0] = low.x, to[1] = low.y, to[2] = low.z, to[3] = low.w;
    to[4] = high.x, to[5] = high.y, to[6] = high.z, to[7] = high.w;
}

/*
 * What a warp holds of a tile of queries of D elements. For the logits lane l has token l % 16 and eight of the
 * queries, from l / 16 * 8 on; for the output it has the columns l, l + 32, ... of all sixteen. In between the weights
 * change hands in shared memory.
 */
template <int D>
struct PlainWarpTile {
    float out[kPlainQueries][D / kWarp] = {};
    OnlineSoftmax<8, 4, 2, 1> softmax[8];

    __device__ static __forceinline__ int token() { return lane_id() % kKvTokens; }
    __device__ static __forceinline__ int first_query() { return lane_id() / kKvTokens * 8; }

    /* s = Q K^T + log2 count, the queries having been scaled; -inf for tokens that are not there. */
    __device__ __forceinline__ void logits(const AttentionTask& task, const PlainShared<D>& shared,
                                           const PlainWalk<D>& walk, float (&s)[8]) const {
        const bool present = token() < walk.tokens();
        if (present) {
            const float* keys = walk.keys() + token();
            for (int d = 0; d < D; d++) {
                const float k = keys[d * kKvTokens];
                float q[8];
                load8(&shared.q[d][first_query()], q);
#pragma unroll
                for (int i = 0; i < 8; i++) s[i] += q[i] * k;
            }
        }
        const float count = present ? walk.log_counts(task)[token()] : -INFINITY;
#pragma unroll
        for (int i = 0; i < 8; i++) s[i] += count;
    }

    /* Makes the logits weights, and scales the output so far to the new maximum. */
    __device__ __forceinline__ void update_softmax(float (&s)[8], PlainShared<D>& shared) {
        float highest[8];
        bool outgrown = false;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            highest[i] = softmax[i].template highest<1>([&](int) { return s[i]; });
            outgrown = outgrown || softmax[i].outgrown_by(highest[i]);
        }
        if (__any_sync(kFullMask, outgrown)) scale_output(highest);
#pragma unroll
        for (int i = 0; i < 8; i++) {
            softmax[i].template weigh<1>([&](int) -> float& { return s[i]; });
            shared.weights[warp_id()][token()][first_query() + i] = s[i];
        }
        __syncwarp();
    }

    /* Lets the maxima follow, and scales the output so far. */
    __device__ __forceinline__ void scale_output(const float (&highest)[8]) {
        float rescale[8];
#pragma unroll
        for (int i = 0; i < 8; i++) rescale[i] = softmax[i].follow(highest[i]);
#pragma unroll
        for (int i = 0; i < kPlainQueries; i++) {
            const float factor = __shfl_sync(kFullMask, rescale[i % 8], i / 8 * kKvTokens);
#pragma unroll
            for (int c = 0; c < D / kWarp; c++) out[i][c] *= factor;
        }
    }

    /* O += P V. */
    __device__ __forceinline__ void add_values(const PlainShared<D>& shared, const PlainWalk<D>& walk) {
        const float* values = walk.values() + lane_id();
        const int tokens = walk.tokens() < kKvTokens ? walk.tokens() : kKvTokens;
        for (int k = 0; k < tokens; k++) {
            float p[2][8];
            load8(&shared.weights[warp_id()][k][0], p[0]);
            load8(&shared.weights[warp_id()][k][8], p[1]);
#pragma unroll
            for (int c = 0; c < D / kWarp; c++) {
                const float v = values[k * D + c * kWarp];
#pragma unroll
                for (int i = 0; i < kPlainQueries; i++) out[i][c] += p[i / 8][i % 8] * v;
            }
        }
    }

    /* One block of the cache. */
    __device__ __forceinline__ void attend(const AttentionTask& task, PlainShared<D>& shared,
                                           const PlainWalk<D>& walk) {
        float s[8] = {};
        logits(task, shared, walk, s);
        update_softmax(s, shared);
        add_values(shared, walk);
        /* The next block's weights take the place of these. */
        __syncwarp();
    }

    __device__ __forceinline__ void store(PlainPartials<D>& partials) const {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const float total = softmax[i].sum();
            if (token() == 0) store2(partials.softmax[first_query() + i][warp_id()], softmax[i].maximum, total);
        }
#pragma unroll
        for (int i = 0; i < kPlainQueries; i++) {
#pragma unroll
            for (int c = 0; c < D / kWarp; c++) partials.out[warp_id()][i][c * kWarp + lane_id()] = out[i][c];
        }
    }
};

/* The tile's queries, scaled, for all warps; elements past the head size and rows past the last are 0. */
template <int D>
__device__ __forceinline__ void load_queries(const AttentionTask& task, const QueryTile& tile, PlainShared<D>& shared) {
    for (int i = static_cast<int>(threadIdx.x); i < kPlainQueries * D; i += kPlainThreads) {
        const int query = tile.first + i / D;
        const int d = i % D;
        const float* from = query_row<float>(task, tile, query);
        shared.q[d][i / D] = query < tile.block.rows && d < task.head_size ? from[d] * task.scale : 0.0f;
    }
    __syncthreads();
}

template <int D>
__global__ void __launch_bounds__(kPlainThreads, 2) attention_plain(AttentionTask task) {
    wait_for_earlier_kernels();
    if (checks_query_blocks(task)) return;
    PlainShared<D>& shared = block_shared<PlainShared<D>>();
    QueryTile tile;
    if (!find_query_tile<kPlainQueries>(task, static_cast<int>(blockIdx.x) - 1, tile)) return;
    load_queries(task, tile, shared);
    PlainWarpTile<D> warp;
    for (PlainWalk<D> walk(task, tile); walk.more(); walk.next(task)) warp.attend(task, shared, walk);
    warp.store(shared.partials);
    merge(task, tile, shared.partials);
}

}  // namespace

#endif
