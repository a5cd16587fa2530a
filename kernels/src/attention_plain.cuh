/*
 * Attention in fp32 without tensor cores, as attention.cu describes it, a block's tile being 16 queries.
 */
#ifndef SCANFORMER_ATTENTION_PLAIN_CUH
#define SCANFORMER_ATTENTION_PLAIN_CUH

#include "attention_tile.cuh"
#include "online_softmax.cuh"

namespace {

constexpr int kPlainQueries = 16;

template <int D>
struct PlainShared {
    Cell<float> q[D][kPlainQueries];
    Cell<float> weights[kAttentionWarps][kKvTokens][kPlainQueries];
    Partials<kPlainQueries, D> partials;
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
    __device__ __forceinline__ void logits(const PlainShared<D>& shared, const KvBlock<float>& kv,
                                           float (&s)[8]) const {
        if (token() < kv.tokens) {
            for (int d = 0; d < D; d++) {
                const float k = kv.keys[d * kKvTokens + token()];
                float q[8];
                load8(&shared.q[d][first_query()], q);
#pragma unroll
                for (int i = 0; i < 8; i++) s[i] += q[i] * k;
            }
        }
        const float count = token() < kv.tokens ? kv.log_counts[token()] : -INFINITY;
#pragma unroll
        for (int i = 0; i < 8; i++) s[i] += count;
    }

    /* Makes the logits weights, and scales the output so far to the new maximum. */
    __device__ __forceinline__ void update_softmax(float (&s)[8], PlainShared<D>& shared) {
        float rescale[8];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            rescale[i] = softmax[i].template update<1>([&](int) -> float& { return s[i]; });
            shared.weights[warp_id()][token()][first_query() + i] = s[i];
        }
        __syncwarp();
#pragma unroll
        for (int i = 0; i < kPlainQueries; i++) {
            const float factor = __shfl_sync(kFullMask, rescale[i % 8], i / 8 * kKvTokens);
#pragma unroll
            for (int c = 0; c < D / kWarp; c++) out[i][c] *= factor;
        }
    }

    /* O += P V. */
    __device__ __forceinline__ void add_values(const PlainShared<D>& shared, const KvBlock<float>& kv) {
        for (int k = 0; k < kv.tokens; k++) {
            float p[2][8];
            load8(&shared.weights[warp_id()][k][0], p[0]);
            load8(&shared.weights[warp_id()][k][8], p[1]);
#pragma unroll
            for (int c = 0; c < D / kWarp; c++) {
                const float v = kv.values[k * D + c * kWarp + lane_id()];
#pragma unroll
                for (int i = 0; i < kPlainQueries; i++) out[i][c] += p[i / 8][i % 8] * v;
            }
        }
    }

    /* One block of the cache. */
    __device__ __forceinline__ void attend(PlainShared<D>& shared, const KvBlock<float>& kv) {
        float s[8] = {};
        logits(shared, kv, s);
        update_softmax(s, shared);
        add_values(shared, kv);
        /* The next block's weights take the place of these. */
        __syncwarp();
    }

    __device__ __forceinline__ void store(Partials<kPlainQueries, D>& partials) const {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const float total = softmax[i].sum();
            if (token() == 0) {
                partials.maximum[warp_id()][first_query() + i] = softmax[i].maximum;
                partials.total[warp_id()][first_query() + i] = total;
            }
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
    const float scale = logit_scale(task);
    for (int i = static_cast<int>(threadIdx.x); i < kPlainQueries * D; i += kAttentionThreads) {
        const int query = tile.first + i / D;
        const int d = i % D;
        const float* from = query_row<float>(task, tile, query);
        shared.q[d][i / D] = query < tile.block.rows && d < task.head_size ? from[d] * scale : 0.0f;
    }
    __syncthreads();
}

template <int D>
__global__ void __launch_bounds__(kAttentionThreads, 2) attention_plain(AttentionTask task) {
    wait_for_earlier_kernels();
    PlainShared<D>& shared = block_shared<PlainShared<D>>();
    QueryTile tile;
    if (!find_query_tile<kPlainQueries>(task, tile)) return;
    load_queries(task, tile, shared);
    PlainWarpTile<D> warp;
    KvWalk<float, D> walk(task, tile);
    for (KvBlock<float> kv; walk.next(kv);) warp.attend(shared, kv);
    warp.store(shared.partials);
    merge(task, tile, shared.partials);
}

}  // namespace

#endif
