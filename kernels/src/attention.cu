/*
 * Attention with count weights over the cache's segments, in one pass (online softmax; Milakov and Gimelshein 2018, Dao
 * et al. 2022), logits in powers of two: s = q . k log2(e) / sqrt(d) + log2(count), added in fp32.
 *
 * A warp takes a tile of queries of one head, and of its keys a block of 16 tokens of the cache at a time. For 16
 * tokens it computes, in registers:
 *   1. the logits S = Q K^T log2(e) / sqrt(d) + log2 count;
 *   2. the new maximum m' (online_softmax.cuh), the weights P = 2^(S - m') and the total l = l 2^(m - m') + sum P;
 *   3. the output O = O 2^(m - m') + P V.
 * Where there are many tiles, a warp takes all keys of its own, and writes O / l. Where there are few, the warps of a
 * block of threads divide the keys of one tile between them, and each keeps sums of its own. No warp waits for another
 * until the end, when they are merged in shared memory (attention_tile.cuh). Which it is depends on the numbers that
 * the launch is for, so one of the same numbers gives the same bits. The cache lies in the order of the fragments
 * (kv_layout.cuh), so keys and values go from memory to registers.
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

/* Tiles of a block of threads whose warps take one each, and threads of a block. */
constexpr int kTilesAlone = 4;
constexpr int block_threads(int sharers) { return (sharers == 1 ? kTilesAlone : sharers) * kWarp; }

/* Blocks of threads that a multiprocessor holds at least, which leaves as many registers to each thread. */
constexpr int blocks_held(int d, int sharers) { return sharers == 8 || d > 32 ? 2 : 3; }

constexpr int type_of(float) { return SF_F32; }
constexpr int type_of(F16) { return SF_F16; }
constexpr int type_of(BF16) { return SF_BF16; }

/*
 * Writes columns 2 t, 2 t + 1 (`low`) and 8 + 2 t, 9 + 2 t (`high`) of 16 that begin at `to`, those before `columns`, a
 * multiple of 4. Of 16 bits, two lanes exchange pairs, so that each has four columns that follow one another.
 */
template <typename Half>
__device__ __forceinline__ void store_pairs(Half* to, int columns, const float (&low)[2], const float (&high)[2]) {
    const int t = lane_id() % 4;
    const bool odd = t % 2 == 1;
    const uint32_t first = pack2<Half>(low[0], low[1]);
    const uint32_t second = pack2<Half>(high[0], high[1]);
    const uint32_t other = __shfl_xor_sync(kFullMask, odd ? first : second, 1);
    const int column = odd ? 6 + 2 * t : 2 * t;
    if (column < columns) {
        *reinterpret_cast<uint2*>(to + column) = make_uint2(odd ? other : first, odd ? second : other);
    }
}
__device__ __forceinline__ void store_pairs(float* to, int columns, const float (&low)[2], const float (&high)[2]) {
    const int column = 2 * (lane_id() % 4);
    if (column < columns) store_two(to + column, low[0], low[1]);
    if (column + 8 < columns) store_two(to + column + 8, high[0], high[1]);
}

/*
 * What a warp holds of a tile of TILES * 16 queries of D elements, whose keys it shares with SHARERS - 1 others. In
 * each 16 queries lane 4 g + t has rows g and g + 8 (matrix.cuh); the four lanes of a row share its softmax.
 */
template <typename Compute, int D, int TILES, int SHARERS>
struct WarpTile {
    using T = typename Compute::Type;
    using Walk = KvWalk<T, D, SHARERS>;
    static constexpr bool kWide = sizeof(T) == 4;
    static constexpr int kDepth = kWide ? 8 : 16;
    static constexpr int kSteps = D / kDepth;

    /*
     * What there are registers for: keys are loaded while the block before is computed, and values ahead of the
     * softmax, or of the logits too.
     */
    static constexpr bool kAhead = TILES * kSteps <= 8;
    static constexpr bool kValuesFirst = TILES * kSteps <= 4;

    uint32_t q[TILES][kSteps][4];
    float out[TILES][D / 8][4] = {};
    OnlineSoftmax<1, 2> softmax[TILES][2];
    /* Of the block that is computed, or comes next. */
    uint4 keys[kSteps];
    float log_counts[4];

    /* Two steps take a lane's 16 bytes of a query. */
    __device__ __forceinline__ void set_query(int m, int half, int s, uint4 v) {
        q[m][s][half] = v.x;
        q[m][s][2 + half] = v.y;
        q[m][s + 1][half] = v.z;
        q[m][s + 1][2 + half] = v.w;
    }

    /*
     * Rows past the last are taken to be the last, and are not written. Keys are 0 past the head size, where queries
     * may be any of their own elements.
     */
    template <bool VECTORS>
    __device__ __forceinline__ void load_queries(const AttentionTask& task, const QueryTile& tile) {
        constexpr int kPerLane = 16 / static_cast<int>(sizeof(T));
        const T* from = query_row<T>(task, tile, tile.first);
        const int last = tile.block.rows - 1 - tile.first;
        const int hidden = task.heads * task.head_size;
#pragma unroll
        for (int s = 0; s < kSteps; s += 2) {
            const int column = s / 2 * 4 * kPerLane + kPerLane * (lane_id() % 4);
            const int d = column < task.head_size ? column : 0;
#pragma unroll
            for (int i = 0; i < 2 * TILES; i++) {
                const int row = lane_id() / 4 + 8 * i;
                const auto at = static_cast<uint32_t>((row < last ? row : last) * hidden + d);
                set_query(i / 2, i % 2, s, query_vector<VECTORS>(from + at, task.head_size - d));
            }
        }
    }

    /* Loads the keys and log-counts of the walk's block. The counts of tokens that are not there may be anything. */
    __device__ __forceinline__ void load_keys(const AttentionTask& task, const Walk& walk) {
        const uint4* from = reinterpret_cast<const uint4*>(walk.keys()) + lane_id();
#pragma unroll
        for (int step = 0; step < kSteps; step++) keys[step] = from[step * kWarp];
        const float* counts = walk.log_counts(task) + 2 * (lane_id() % 4);
        load_two(counts, log_counts[0], log_counts[1]);
        load_two(counts + 8, log_counts[2], log_counts[3]);
    }

    /* s = Q K^T scale + log2 count; -inf for tokens that are not there, whatever memory holds. */
    __device__ __forceinline__ void logits(float scale, int tokens, float (&s)[TILES][2][4]) const {
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
        const auto each = [&](const auto& body) {
#pragma unroll
            for (int m = 0; m < TILES; m++) {
#pragma unroll
                for (int i = 0; i < 8; i++) body(i / 4 * 2 + i % 2, s[m][i / 4][i % 4]);
            }
        };
        each([&](int i, float& logit) { logit = logit * scale + log_counts[i]; });
        if (tokens < kKvTokens) {
            const int first = 2 * (lane_id() % 4);
            each([&](int i, float& logit) {
                if (first + i / 2 * 8 + i % 2 >= tokens) logit = -INFINITY;
            });
        }
    }

    /* Makes the logits weights, and scales the output so far where a maximum has to follow. */
    __device__ __forceinline__ void update_softmax(float (&s)[TILES][2][4]) {
        float highest[TILES][2];
        bool outgrown = false;
#pragma unroll
        for (int i = 0; i < 2 * TILES; i++) {
            const int m = i / 2;
            const int half = i % 2;
            highest[m][half] =
                softmax[m][half].template highest<4>([&](int j) { return s[m][j / 2][2 * half + j % 2]; });
            outgrown = outgrown || softmax[m][half].outgrown_by(highest[m][half]);
        }
        if (__any_sync(kFullMask, outgrown)) {
#pragma unroll
            for (int i = 0; i < 2 * TILES; i++) {
                const float rescale = softmax[i / 2][i % 2].follow(highest[i / 2][i % 2]);
#pragma unroll
                for (int n = 0; n < D / 8; n++) {
                    out[i / 2][n][i % 2 * 2] *= rescale;
                    out[i / 2][n][i % 2 * 2 + 1] *= rescale;
                }
            }
        }
#pragma unroll
        for (int i = 0; i < 2 * TILES; i++) {
            softmax[i / 2][i % 2].template weigh<4>(
                [&](int j) -> float& { return s[i / 2][j / 2][i % 2 * 2 + j % 2]; });
        }
    }

    /* O += P V for a step of V. */
    __device__ __forceinline__ void add_values(const uint32_t (&weights)[TILES][kWide ? 2 : 1][4], int step, uint4 v) {
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

    /* The walk's block, whose keys are there if they are loaded ahead; then goes to the next and loads those. */
    __device__ __forceinline__ void attend(const AttentionTask& task, Walk& walk) {
        const int tokens = walk.tokens();
        const uint4* values = reinterpret_cast<const uint4*>(walk.values()) + lane_id();
        uint4 ahead[kAhead ? kSteps : 1];
        const auto load_values = [&] {
#pragma unroll
            for (int step = 0; kAhead && step < kSteps; step++) ahead[step] = values[step * kWarp];
        };
        if (!kAhead) load_keys(task, walk);
        if (kValuesFirst) load_values();
        float s[TILES][2][4] = {};
        logits(task.scale, tokens, s);
        if (!kValuesFirst) load_values();
        walk.next(task);
        if (kValuesFirst && walk.more()) load_keys(task, walk);
        update_softmax(s);
        uint32_t weights[TILES][kWide ? 2 : 1][4];
#pragma unroll
        for (int m = 0; m < TILES; m++) weights_as_a(s[m], weights[m], T{});
        if (kAhead && !kValuesFirst && walk.more()) load_keys(task, walk);
        if (kAhead && tokens < kKvTokens) {
#pragma unroll
            for (uint4& v : ahead) v = present_values(v, tokens, T{});
        }
#pragma unroll
        for (int step = 0; step < kSteps; step++) {
            uint4 v = kAhead ? ahead[kAhead ? step : 0] : values[step * kWarp];
            if (!kAhead && tokens < kKvTokens) v = present_values(v, tokens, T{});
            add_values(weights, step, v);
        }
    }

    /* All blocks of the cache that fall to this warp. */
    __device__ __forceinline__ void run(const AttentionTask& task, const QueryTile& tile) {
        Walk walk(task, tile);
        if (kAhead && walk.more()) load_keys(task, walk);
        if (SHARERS == 1 || task.q_vectors) {
            load_queries<true>(task, tile);
        } else {
            load_queries<false>(task, tile);
        }
        while (walk.more()) attend(task, walk);
    }

    /* The sums, for a merge with those of other warps. */
    __device__ __forceinline__ void store(Partials<16 * TILES, D, SHARERS>& partials) const {
        const int t = lane_id() % 4;
#pragma unroll
        for (int m = 0; m < TILES; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const int row = 16 * m + 8 * half + lane_id() / 4;
                const float total = softmax[m][half].sum();
                if (t == 0) store2(partials.softmax[row][warp_id()], softmax[m][half].maximum, total);
#pragma unroll
                for (int n = 0; n < D / 8; n++) {
                    store2(&partials.out[warp_id()][row][8 * n + 2 * t], out[m][n][2 * half], out[m][n][2 * half + 1]);
                }
            }
        }
    }

    /* Writes the output of a tile whose keys were all this warp's, in the type of the queries. */
    __device__ __forceinline__ void write(const AttentionTask& task, const QueryTile& tile) const {
#pragma unroll
        for (int m = 0; m < TILES; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const int query = tile.first + 16 * m + 8 * half + lane_id() / 4;
                const int columns = query < tile.block.rows ? task.head_size : 0;
                const float inverse = reciprocal_approximately(softmax[m][half].sum());
                T* to = output_row<T>(task, tile, query);
#pragma unroll
                for (int n = 0; n < D / 8; n += 2) {
                    const float low[2] = {out[m][n][2 * half] * inverse, out[m][n][2 * half + 1] * inverse};
                    const float high[2] = {out[m][n + 1][2 * half] * inverse, out[m][n + 1][2 * half + 1] * inverse};
                    store_pairs(to + 8 * n, columns - 8 * n, low, high);
                }
            }
        }
    }
};

/* On the tensor cores, a tile for SHARERS warps. */
template <typename Compute, int D, int TILES, int SHARERS>
__global__ void __launch_bounds__(block_threads(SHARERS), blocks_held(D, SHARERS))
    attention_tensor(AttentionTask task) {
    wait_for_earlier_kernels();
    if (checks_query_blocks(task)) return;
    const int block = static_cast<int>(blockIdx.x) - 1;
    QueryTile tile;
    WarpTile<Compute, D, TILES, SHARERS> warp;
    if constexpr (SHARERS == 1) {
        /* Neighbours have the same keys for the most part, and read them from the same cache. */
        if (!find_query_tile<16 * TILES>(task, block * kTilesAlone + warp_id(), tile)) return;
        warp.run(task, tile);
        warp.write(task, tile);
    } else {
        auto& partials = block_shared<Partials<16 * TILES, D, SHARERS>>();
        if (!find_query_tile<16 * TILES>(task, block, tile)) return;
        warp.run(task, tile);
        warp.store(partials);
        merge(task, tile, partials);
    }
}

/* The logarithm of the number of tiles of a query block, rounded up; one without rows has a tile too. */
int tile_shift(const AttentionTask& task, int queries) {
    int shift = 0;
    while (static_cast<int64_t>(queries) << shift < task.block_rows) shift++;
    return shift;
}

/* A tile of that many queries to `sharers` warps. */
int start(sf_stream* stream, AttentionTask task, int queries, int sharers, void (*kernel)(AttentionTask)) {
    task.tile_shift = tile_shift(task, queries);
    const int64_t tiles = static_cast<int64_t>(task.num_blocks) << task.tile_shift;
    const int64_t blocks = sharers == 1 ? div_up(tiles, kTilesAlone) : tiles;
    return launch(stream, "sf_attention", kernel, blocks + 1, task.heads, block_threads(sharers), task);
}

/*
 * Two tiles of 16 queries at a time where the registers allow it: they read the keys and values once for both. Warps
 * share a tile where there are fewer query blocks and heads than the multiprocessors have schedulers, and more of them
 * share one of 16 queries where there are fewer than multiprocessors. The rows that are announced don't count: they may
 * be more than there are, and the last bits of a result depend on the choice.
 */
template <typename Compute, int D>
int start_tensor(sf_stream* stream, const AttentionTask& task) {
    using T = typename Compute::Type;
    constexpr int kTiles = sizeof(T) == 2 && D <= 64 ? 2 : 1;
    /* What the merge takes of shared memory is at most 48 KiB. */
    constexpr int kMost = sizeof(T) == 2 && D <= 64 ? 8 : 4;
    constexpr int kSchedulers = 4;
    const int64_t blocks = static_cast<int64_t>(task.num_blocks) * task.heads;
    const int multiprocessors = cuda_stream(stream)->multiprocessors;
    const bool own_type = task.type == type_of(T{});
    if (blocks >= int64_t{kSchedulers} * multiprocessors && task.q_vectors && task.out_vectors && own_type) {
        return start(stream, task, 16 * kTiles, 1, attention_tensor<Compute, D, kTiles, 1>);
    }
    if (blocks < multiprocessors) return start(stream, task, 16, kMost, attention_tensor<Compute, D, 1, kMost>);
    return start(stream, task, 16 * kTiles, 4, attention_tensor<Compute, D, kTiles, 4>);
}

int start_plain(sf_stream* stream, const AttentionTask& task) {
    switch (padded_head_size(task.head_size)) {
        case 32:
            return start(stream, task, kPlainQueries, kPlainWarps, attention_plain<32>);
        case 64:
            return start(stream, task, kPlainQueries, kPlainWarps, attention_plain<64>);
        default:
            return start(stream, task, kPlainQueries, kPlainWarps, attention_plain<128>);
    }
}

}  // namespace

int cuda::attention(sf_stream* stream, const sf_query_block* blocks, int num_blocks, int block_rows, int max_rows,
                    const sf_kv_segment* segments, int num_segments, int heads, int head_size, int layer,
                    int compute_type, const void* q, int type, void* out) {
    const int padded = padded_head_size(head_size);
    const int element_bytes = compute_type == SF_F16 || compute_type == SF_BF16 ? 2 : 4;
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
    task.kv_bytes = static_cast<uint32_t>(kv_block_bytes(heads, padded, element_bytes));
    task.scale = kLog2E / sqrtf(static_cast<float>(head_size));
    task.q = q;
    task.out = out;
    task.type = type;
    task.fault = table_fault(stream);
    task.q_vectors = head_size * element_bytes % 16 == 0 && reinterpret_cast<uintptr_t>(q) % 16 == 0;
    task.out_vectors = type == SF_F32 ? aligned_rows(head_size, static_cast<float*>(out))
                                      : aligned_rows(head_size, static_cast<BF16*>(out));
    return with_compute_type(compute_type, [&](auto compute) {
        using Compute = decltype(compute);
        if constexpr (!Compute::kFragments) {
            return start_plain(stream, task);
        } else if (padded == 32) {
            return start_tensor<Compute, 32>(stream, task);
        } else if (padded == 64) {
            return start_tensor<Compute, 64>(stream, task);
        } else {
            return start_tensor<Compute, 128>(stream, task);
        }
    });
}
