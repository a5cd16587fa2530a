/*
 * Attention with count weights over the cache's segments, in one pass (online softmax; Milakov and Gimelshein 2018, Dao
 * et al. 2022), logits in powers of two: s = q . k log2(e) / sqrt(d) + log2(count), added in fp32.
 *
 * A block of threads takes a tile of queries of one head. A tile's queries are few and its keys many, so the block's
 * four warps divide the keys between them, a block of 16 tokens of the cache at a time, and each keeps sums of its own.
 * For 16 tokens a warp computes, in registers:
 *   1. the logits S = Q K^T log2(e) / sqrt(d) + log2 count;
 *   2. the new running maximum m', the weights P = 2^(S - m') and the total l = l 2^(m - m') + sum P;
 *   3. the output O = O 2^(m - m') + P V.
 * No warp waits for another until the end, when the four are merged in shared memory:
 *   out = sum_w 2^(m_w - m) O_w / sum_w 2^(m_w - m) l_w,  m = max_w m_w.
 * The cache lies in the order of the fragments (kv_layout.cuh), so keys and values go from memory to registers.
 *
 * On NaN and infinity: a block of the cache has at least one token, and its logit is finite, so after a warp's first
 * block its maximum is finite, and S - m' is never inf - inf. Before it the maximum is -inf, where 2^(m - m') is 0 and
 * scales sums that are 0. A warp without keys keeps m = -inf and weighs 2^-inf = 0. Values of tokens that are not there
 * are taken as 0, not multiplied by 0.
 */
#include "attention_fragments.cuh"
#include "attention_plain.cuh"
#include "attention_tile.cuh"
#include "matrix.cuh"
#include "online_softmax.cuh"
#include "stream.cuh"

namespace {

/*
 * What a warp holds of a tile of TILES * 16 queries of D elements. In each 16 of them lane 4 g + t has rows g and g + 8
 * (matrix.cuh); the four lanes of a row share its softmax.
 */
template <typename Compute, int D, int TILES>
struct WarpTile {
    using T = typename Compute::Type;
    static constexpr bool kWide = sizeof(T) == 4;
    static constexpr int kDepth = kWide ? 8 : 16;
    static constexpr int kSteps = D / kDepth;

    /* Whether keys and values are loaded ahead of what comes before them: where there are registers for them. */
    static constexpr bool kAhead = kSteps <= 8;

    uint32_t q[TILES][kSteps][4];
    float scale;
    float out[TILES][D / 8][4] = {};
    OnlineSoftmax<1, 2> softmax[TILES][2];
    /* Of the block that is computed, or comes next. */
    uint4 keys[kSteps];
    float log_counts[4];

    /* Elements past the head size and rows past the last are 0. Two steps take a lane's 16 bytes of a query. */
    __device__ __forceinline__ void load_queries(const AttentionTask& task, const QueryTile& tile) {
        constexpr int kPerLane = 16 / static_cast<int>(sizeof(T));
        const int g = lane_id() / 4;
        const int t = lane_id() % 4;
        scale = logit_scale(task);
#pragma unroll
        for (int m = 0; m < TILES; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const int query = tile.first + 16 * m + g + 8 * half;
                const T* from = query_row<T>(task, tile, query);
#pragma unroll
                for (int s = 0; s < kSteps; s += 2) {
                    const int d = s / 2 * 4 * kPerLane + kPerLane * t;
                    uint4 v = make_uint4(0, 0, 0, 0);
                    if (query < tile.block.rows) v = query_vector(from, d, task.head_size, task.q_vectors);
                    q[m][s][half] = v.x;
                    q[m][s][2 + half] = v.y;
                    q[m][s + 1][half] = v.z;
                    q[m][s + 1][2 + half] = v.w;
                }
            }
        }
    }

    /* Loads a block's keys. */
    __device__ __forceinline__ void load_keys(const KvBlock<T>& kv) {
        const uint4* from = reinterpret_cast<const uint4*>(kv.keys) + lane_id();
#pragma unroll
        for (int step = 0; step < kSteps; step++) keys[step] = from[step * kWarp];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int token = i / 2 * 8 + 2 * (lane_id() % 4) + i % 2;
            log_counts[i] = token < kv.tokens ? kv.log_counts[token] : -INFINITY;
        }
    }

    /* s = Q K^T scale + log2 count; -inf for tokens that are not there. */
    __device__ __forceinline__ void logits(float (&s)[TILES][2][4]) const {
#pragma unroll
        for (int step = 0; step < kSteps; step++) {
            const uint32_t first[2] = {keys[step].x, keys[step].y};
            const uint32_t second[2] = {keys[step].z, keys[step].w};
#pragma unroll
            for (int m = 0; m < TILES; m++) {
                multiply_add(s[m][0], q[m][step], first, T{});
                multiply_add(s[m][1], q[m][step], second, T{});
            }
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float count = log_counts[i];
#pragma unroll
            for (int m = 0; m < TILES; m++) {
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    float& logit = s[m][i / 2][2 * half + i % 2];
                    /* A product with a padded key is ignored: memory after the last token may hold anything. */
                    logit = count == -INFINITY ? -INFINITY : logit * scale + count;
                }
            }
        }
    }

    /* Makes the logits of 16 queries weights, and scales their output so far to the new maximum. */
    __device__ __forceinline__ void update_softmax(int m, float (&s)[2][4]) {
        float rescale[2];
#pragma unroll
        for (int half = 0; half < 2; half++) {
            rescale[half] =
                softmax[m][half].template update<4>([&](int i) -> float& { return s[i / 2][2 * half + i % 2]; });
        }
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) out[m][n][i] *= rescale[i / 2];
        }
    }

    /* O += P V for a step of V. */
    __device__ __forceinline__ void add_values(const uint32_t (&weights)[TILES][kWide ? 2 : 1][4], int step, uint4 v,
                                               int tokens) {
        if (tokens < kKvTokens) v = present_values(v, tokens, T{});
        const uint32_t first[2] = {v.x, v.y};
        const uint32_t second[2] = {v.z, v.w};
#pragma unroll
        for (int m = 0; m < TILES; m++) {
            if constexpr (kWide) {
                multiply_add(out[m][step], weights[m][0], first, T{});
                multiply_add(out[m][step], weights[m][1], second, T{});
            } else {
                multiply_add(out[m][2 * step], weights[m][0], first, T{});
                multiply_add(out[m][2 * step + 1], weights[m][0], second, T{});
            }
        }
    }

    /* One block of the cache, whose keys are there if they are loaded ahead; then those of the next are loaded. */
    __device__ __forceinline__ void attend(const KvBlock<T>& kv, const KvBlock<T>& next, bool more) {
        const uint4* values = reinterpret_cast<const uint4*>(kv.values) + lane_id();
        uint4 ahead[kAhead ? kSteps : 1];
        if constexpr (kAhead) {
#pragma unroll
            for (int step = 0; step < kSteps; step++) ahead[step] = values[step * kWarp];
        }
        float s[TILES][2][4] = {};
        uint32_t weights[TILES][kWide ? 2 : 1][4];
        if (!kAhead) load_keys(kv);
        logits(s);
        if (kAhead && more) load_keys(next);
#pragma unroll
        for (int m = 0; m < TILES; m++) {
            update_softmax(m, s[m]);
            weights_as_a(s[m], weights[m], T{});
        }
#pragma unroll
        for (int step = 0; step < kSteps; step++) {
            add_values(weights, step, kAhead ? ahead[kAhead ? step : 0] : values[step * kWarp], kv.tokens);
        }
    }

    /* All blocks of the cache that fall to this warp. */
    __device__ __forceinline__ void run(const AttentionTask& task, const QueryTile& tile) {
        KvWalk<T, D> walk(task, tile);
        KvBlock<T> kv;
        bool more = walk.next(kv);
        if (kAhead && more) load_keys(kv);
        while (more) {
            KvBlock<T> next = kv;
            more = walk.next(next);
            attend(kv, next, more);
            kv = next;
        }
    }

    __device__ __forceinline__ void store(Partials<16 * TILES, D>& partials) const {
        const int t = lane_id() % 4;
#pragma unroll
        for (int m = 0; m < TILES; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const int row = 16 * m + 8 * half + lane_id() / 4;
                const float total = softmax[m][half].sum();
                if (t == 0) {
                    partials.maximum[warp_id()][row] = softmax[m][half].maximum;
                    partials.total[warp_id()][row] = total;
                }
#pragma unroll
                for (int n = 0; n < D / 8; n++) {
                    store2(&partials.out[warp_id()][row][8 * n + 2 * t], out[m][n][2 * half], out[m][n][2 * half + 1]);
                }
            }
        }
    }
};

/* On the tensor cores. */
template <typename Compute, int D, int TILES>
__global__ void __launch_bounds__(kAttentionThreads, D > 32 ? 2 : 3) attention_tensor(AttentionTask task) {
    wait_for_earlier_kernels();
    Partials<16 * TILES, D>& partials = block_shared<Partials<16 * TILES, D>>();
    QueryTile tile;
    if (!find_query_tile<16 * TILES>(task, tile)) return;
    WarpTile<Compute, D, TILES> warp;
    warp.load_queries(task, tile);
    warp.run(task, tile);
    warp.store(partials);
    merge(task, tile, partials);
}

/* Tiles of a query block; of one without rows too, which is checked. */
int tiles_of_block(const AttentionTask& task, int queries) {
    return task.block_rows == 0 ? 1 : (task.block_rows - 1) / queries + 1;
}

int start(sf_stream* stream, AttentionTask task, int queries, void (*kernel)(AttentionTask)) {
    task.tiles_of_block = tiles_of_block(task, queries);
    return launch(stream, "sf_attention", kernel, static_cast<int64_t>(task.num_blocks) * task.tiles_of_block,
                  task.heads, kAttentionThreads, task);
}

/*
 * Two tiles of 16 queries where the registers allow it: they read the keys and values once for both. One where there
 * would be fewer blocks of threads than multiprocessors.
 */
template <typename Compute>
int start_tensor(sf_stream* stream, const AttentionTask& task) {
    constexpr bool kHalf = sizeof(typename Compute::Type) == 2;
    const int64_t tiles = static_cast<int64_t>(task.num_blocks) * tiles_of_block(task, 32);
    const bool few = tiles * task.heads < cuda_stream(stream)->multiprocessors;
    switch (padded_head_size(task.head_size)) {
        case 32:
            return few || !kHalf ? start(stream, task, 16, attention_tensor<Compute, 32, 1>)
                                 : start(stream, task, 32, attention_tensor < Compute, 32, kHalf ? 2 : 1 >);
        case 64:
            return few || !kHalf ? start(stream, task, 16, attention_tensor<Compute, 64, 1>)
                                 : start(stream, task, 32, attention_tensor < Compute, 64, kHalf ? 2 : 1 >);
        default:
            return start(stream, task, 16, attention_tensor<Compute, 128, 1>);
    }
}

int start_plain(sf_stream* stream, const AttentionTask& task) {
    switch (padded_head_size(task.head_size)) {
        case 32:
            return start(stream, task, kPlainQueries, attention_plain<32>);
        case 64:
            return start(stream, task, kPlainQueries, attention_plain<64>);
        default:
            return start(stream, task, kPlainQueries, attention_plain<128>);
    }
}

}  // namespace

int cuda::attention(sf_stream* stream, const sf_query_block* blocks, int num_blocks, int block_rows, int max_rows,
                    const sf_kv_segment* segments, int num_segments, int heads, int head_size, int layer,
                    int compute_type, const void* q, int type, void* out) {
    AttentionTask task = {};
    task.blocks = blocks;
    task.num_blocks = num_blocks;
    task.block_rows = block_rows;
    task.max_rows = max_rows;
    task.segments = segments;
    task.num_segments = num_segments;
    task.heads = heads;
    task.head_size = head_size;
    task.layer = layer;
    task.q = q;
    task.out = out;
    task.type = type;
    task.fault = table_fault(stream);
    const int element_bytes = compute_type == SF_F16 || compute_type == SF_BF16 ? 2 : 4;
    task.q_vectors = head_size * element_bytes % 16 == 0 && reinterpret_cast<uintptr_t>(q) % 16 == 0;
    task.out_vectors = type == SF_F32 ? aligned_rows(head_size, static_cast<float*>(out))
                                      : aligned_rows(head_size, static_cast<BF16*>(out));
    return with_compute_type(compute_type, [&](auto compute) {
        using Compute = decltype(compute);
        if constexpr (Compute::kFragments) {
            return start_tensor<Compute>(stream, task);
        } else {
            return start_plain(stream, task);
        }
    });
}
