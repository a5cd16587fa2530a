/*
 * Attention with count weights over the cache's segments, in one pass (online softmax; Milakov and Gimelshein 2018, Dao
 * et al. 2022), logits in powers of two: s = q . k log2(e) / sqrt(d) + log2(count), added in fp32.
 *
 * A block of threads takes a tile of queries of one head; its four warps share the keys out between them, a block of 16
 * tokens at a time, since a tile's queries are few and its keys many, and each keeps a softmax of its own. Nothing is
 * waited for until the end, where the four are merged in shared memory: out = sum_w 2^(m_w - m) o_w / sum_w 2^(m_w - m)
 * l_w. The cache lies in the order of the fragments (kv_layout.cuh), so keys and values go from memory to registers.
 *
 * On NaN and infinity: a block of tokens has one at least, and its logit is finite, so after a warp's first block its
 * maximum is finite, and s - maximum is never inf - inf. Before it the maximum is -inf, where exp2 gives 0 and scales
 * sums that are 0. A warp without keys keeps m = -inf and weighs 2^-inf = 0. Values of tokens that are not there are
 * taken as 0, not multiplied by 0.
 */
#include "kv_layout.cuh"
#include "matrix.cuh"
#include "stream.cuh"

namespace {

constexpr int kWarps = 4;
constexpr int kThreads = kWarps * kWarp;
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
    Fault* fault;
};

/* What four warps have summed for a tile of Q queries of D elements. */
template <int Q, int D>
struct Partials {
    Cell<float> maximum[kWarps][Q];
    Cell<float> total[kWarps][Q];
    Cell<float> out[kWarps][Q][D];
};

__device__ __forceinline__ bool valid_block(const AttentionTask& task, const sf_query_block& b) {
    return b.q_row >= 0 && b.out_row >= 0 && b.rows >= 0 && b.segment_begin >= 0 && b.segment_end > b.segment_begin &&
           b.segment_end <= task.num_segments;
}

template <int Q>
__device__ __forceinline__ int tiles_of(const AttentionTask& task, const sf_query_block& b) {
    return valid_block(task, b) ? (b.rows + Q - 1) / Q : 0;
}

/* One block of threads looks through the query blocks and reports what makes no sense. */
__device__ __forceinline__ void check_blocks(const AttentionTask& task) {
    check_table(task.num_blocks, task.max_rows, task.fault, kFaultAttention, [&](int b) {
        const sf_query_block& block = task.blocks[b];
        if (valid_block(task, block)) return block.rows;
        report(task.fault, kFaultAttention, b, block.segment_end, task.num_segments);
        return 0;
    });
}

/* Whether a tile's segments can be read; reports one that cannot. */
__device__ __forceinline__ bool check_segments(const AttentionTask& task, const sf_query_block& block) {
    for (int s = block.segment_begin; s < block.segment_end; s++) {
        const sf_kv_segment& segment = task.segments[s];
        if (segment.tokens < 1 || segment.kv == 0 || segment.kv % 64 != 0 || segment.layer_stride % 64 != 0) {
            if (threadIdx.x == 0) report(task.fault, kFaultAttention, s, segment.tokens, 1);
            return false;
        }
    }
    return true;
}

/* Calls body(head's keys, log-counts, tokens) for each block of 16 tokens that falls to this warp. */
template <typename T, int D, typename Body>
__device__ __forceinline__ void each_kv_block(const AttentionTask& task, const sf_query_block& block, int head,
                                              const Body& body) {
    const int64_t bytes = kv_block_bytes(task.heads, D, sizeof(T));
    int turn = warp_id();
    for (int s = block.segment_begin; s < block.segment_end; s++) {
        const sf_kv_segment segment = task.segments[s];
        const int count = (segment.tokens + kKvTokens - 1) / kKvTokens;
        int b = turn;
        for (; b < count; b += kWarps) {
            const char* base = kv_block(segment.kv, segment.layer_stride, task.layer, b, bytes);
            const int left = segment.tokens - b * kKvTokens;
            body(reinterpret_cast<const T*>(base) + static_cast<int64_t>(head) * 2 * kKvTokens * D,
                 reinterpret_cast<const float*>(base + bytes - kKvTokens * 4), left < kKvTokens ? left : kKvTokens);
        }
        /* The next segment goes on where this one ended: short segments fall to all warps in turn. */
        turn = b - count;
    }
}

/* Merges the warps' sums and writes the tile's rows. */
template <int Q, int D, typename Out>
__device__ void merge(const AttentionTask& task, const sf_query_block& block, int tile, int head,
                      Partials<Q, D>& partials, Out* out) {
    __syncthreads();
    const int rows = block.rows - tile * Q < Q ? block.rows - tile * Q : Q;
    const int64_t hidden = static_cast<int64_t>(task.heads) * task.head_size;
    for (int i = static_cast<int>(threadIdx.x); i < rows * D; i += kThreads) {
        const int row = i / D;
        const int d = i % D;
        float maximum = partials.maximum[0][row];
        for (int w = 1; w < kWarps; w++) maximum = fmaxf(maximum, partials.maximum[w][row]);
        float total = 0;
        float sum = 0;
        for (int w = 0; w < kWarps; w++) {
            const float weight = exp2f(partials.maximum[w][row] - maximum);
            total += weight * partials.total[w][row];
            sum += weight * partials.out[w][row][d];
        }
        if (d < task.head_size) {
            out[(static_cast<int64_t>(block.out_row) + tile * Q + row) * hidden + head * task.head_size + d] =
                from_float<Out>(sum / total);
        }
    }
}

/* ---- Tensor cores ---- */

template <typename Math>
constexpr bool kWide = sizeof(typename Math::Type) == 4;

/* The queries of a tile of TILES * 16 as fragments of a; elements behind the head size and rows behind the last are 0.
 */
template <typename Math, int D, int TILES>
struct Queries {
    using T = typename Math::Type;
    static constexpr int kDepth = kWide<Math> ? 8 : 16;
    static constexpr int kSteps = D / kDepth;
    uint32_t a[TILES][kSteps][4];

    __device__ __forceinline__ void load(const AttentionTask& task, const sf_query_block& block, int tile, int head) {
        const int g = lane_id() / 4;
        const int t = lane_id() % 4;
        const int64_t hidden = static_cast<int64_t>(task.heads) * task.head_size;
        const T* q = static_cast<const T*>(task.q);
#pragma unroll
        for (int m = 0; m < TILES; m++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int row = (tile * TILES + m) * 16 + g + i % 2 * 8;
                const T* from = q + (static_cast<int64_t>(block.q_row) + row) * hidden + head * task.head_size;
#pragma unroll
                for (int s = 0; s < kSteps; s++) {
                    uint32_t bits = 0;
                    const int d = s * kDepth + i / 2 * (kDepth / 2) + (kWide<Math> ? t : 2 * t);
                    if (row < block.rows) bits = element_bits(from, d, task.head_size);
                    a[m][s][i] = bits;
                }
            }
        }
    }

    __device__ static __forceinline__ uint32_t element_bits(const float* from, int d, int head_size) {
        return d < head_size ? __float_as_uint(from[d]) : 0;
    }
    template <typename Half>
    __device__ static __forceinline__ uint32_t element_bits(const Half* from, int d, int head_size) {
        /* Singly: an odd head size leaves pairs unaligned. */
        uint32_t bits = 0;
        if (d < head_size) bits = from[d].bits;
        if (d + 1 < head_size) bits |= static_cast<uint32_t>(from[d + 1].bits) << 16;
        return bits;
    }
};

/* A lane's values with those of tokens that are not there set to 0, whatever memory holds. */
template <typename T>
__device__ __forceinline__ uint4 present_values(uint4 v, int tokens, T) {
    const int first = 2 * (lane_id() % 4);
    const auto mask = [&](int token) {
        return (token < tokens ? 0xffffu : 0u) | (token + 1 < tokens ? 0xffff0000u : 0u);
    };
    const uint32_t low = mask(first);
    const uint32_t high = mask(first + 8);
    return make_uint4(v.x & low, v.y & high, v.z & low, v.w & high);
}
__device__ __forceinline__ uint4 present_values(uint4 v, int tokens, float) {
    const int first = 2 * (lane_id() % 4);
    const auto mask = [&](int token) { return token < tokens ? 0xffffffffu : 0u; };
    return make_uint4(v.x & mask(first), v.y & mask(first + 1), v.z & mask(first + 8), v.w & mask(first + 9));
}

/* The weights of 16 tokens, two tiles of c, as fragments of a. */
__device__ __forceinline__ void weights_as_a(const float (&p)[2][4], uint32_t (&a)[1][4], F16) {
    for (int i = 0; i < 4; i++) a[0][i] = pack2<F16>(p[i / 2][i % 2 * 2], p[i / 2][i % 2 * 2 + 1]);
}
__device__ __forceinline__ void weights_as_a(const float (&p)[2][4], uint32_t (&a)[1][4], BF16) {
    for (int i = 0; i < 4; i++) a[0][i] = pack2<BF16>(p[i / 2][i % 2 * 2], p[i / 2][i % 2 * 2 + 1]);
}
__device__ __forceinline__ void weights_as_a(const float (&p)[2][4], uint32_t (&a)[2][4], float) {
    for (int j = 0; j < 2; j++) {
        /* k = t is token 2t, k = t + 4 token 2t + 1, as the values lie. */
        a[j][0] = __float_as_uint(to_tf32(p[j][0]));
        a[j][1] = __float_as_uint(to_tf32(p[j][2]));
        a[j][2] = __float_as_uint(to_tf32(p[j][1]));
        a[j][3] = __float_as_uint(to_tf32(p[j][3]));
    }
}

template <typename Math, int D, int TILES, typename Out>
__global__ void __launch_bounds__(kThreads, D == 32 ? 3 : 2) attention_tensor(AttentionTask task) {
    using T = typename Math::Type;
    constexpr int kQueries = 16 * TILES;
    constexpr bool kIsWide = kWide<Math>;
    Partials<kQueries, D>& partials = block_shared<Partials<kQueries, D>>();
    if (blockIdx.x == 0 && blockIdx.y == 0) check_blocks(task);
    const Piece piece = find_piece(static_cast<int>(blockIdx.x), task.num_blocks,
                                   [&](int b) { return tiles_of<kQueries>(task, task.blocks[b]); });
    if (piece.item < 0) return;
    const sf_query_block block = task.blocks[piece.item];
    if (!check_segments(task, block)) return;
    const int head = static_cast<int>(blockIdx.y);
    const int g = lane_id() / 4;
    const int t = lane_id() % 4;
    const float scale = kLog2E / sqrtf(static_cast<float>(task.head_size));

    Queries<Math, D, TILES> q;
    q.load(task, block, piece.offset, head);
    float out[TILES][D / 8][4] = {};
    float maximum[TILES][2];
    float total[TILES][2] = {};
#pragma unroll
    for (int m = 0; m < TILES; m++) maximum[m][0] = maximum[m][1] = -INFINITY;

    each_kv_block<T, D>(task, block, head, [&](const T* keys, const float* log_counts, int tokens) {
        const uint4* key_fragments = reinterpret_cast<const uint4*>(keys) + lane_id();
        const uint4* value_fragments = reinterpret_cast<const uint4*>(keys + kKvTokens * D) + lane_id();
        float s[TILES][2][4] = {};
#pragma unroll
        for (int step = 0; step < Queries<Math, D, TILES>::kSteps; step++) {
            const uint4 k = key_fragments[step * kWarp];
            const uint32_t first[2] = {k.x, k.y};
            const uint32_t second[2] = {k.z, k.w};
#pragma unroll
            for (int m = 0; m < TILES; m++) {
                multiply_add(s[m][0], q.a[m][step], first, T{});
                multiply_add(s[m][1], q.a[m][step], second, T{});
            }
        }
        float counts[2][2];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int token = i / 2 * 8 + 2 * t + i % 2;
            counts[i / 2][i % 2] = token < tokens ? log_counts[token] : -INFINITY;
        }
        uint32_t weights[TILES][kIsWide ? 2 : 1][4];
#pragma unroll
        for (int m = 0; m < TILES; m++) {
            float rescale[2];
#pragma unroll
            for (int half = 0; half < 2; half++) { /* rows g and g + 8 */
                float highest = maximum[m][half];
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    float& logit = s[m][i / 2][2 * half + i % 2];
                    /* A product with a padded key is not looked at: memory behind the last token may hold anything. */
                    const float count = counts[i / 2][i % 2];
                    logit = count == -INFINITY ? -INFINITY : logit * scale + count;
                    highest = fmaxf(highest, logit);
                }
                highest = fmaxf(highest, __shfl_xor_sync(kFullMask, highest, 1));
                highest = fmaxf(highest, __shfl_xor_sync(kFullMask, highest, 2));
                rescale[half] = exp2f(maximum[m][half] - highest);
                maximum[m][half] = highest;
                float sum = 0;
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    float& p = s[m][i / 2][2 * half + i % 2];
                    p = exp2f(p - highest);
                    sum += p;
                }
                total[m][half] = total[m][half] * rescale[half] + sum;
            }
#pragma unroll
            for (int n = 0; n < D / 8; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) out[m][n][i] *= rescale[i / 2];
            }
            weights_as_a(s[m], weights[m], T{});
        }
#pragma unroll
        for (int step = 0; step < D / (kIsWide ? 8 : 16); step++) {
            uint4 v = value_fragments[step * kWarp];
            if (tokens < kKvTokens) v = present_values(v, tokens, T{});
            const uint32_t first[2] = {v.x, v.y};
            const uint32_t second[2] = {v.z, v.w};
#pragma unroll
            for (int m = 0; m < TILES; m++) {
                if constexpr (kIsWide) {
                    multiply_add(out[m][step], weights[m][0], first, T{});
                    multiply_add(out[m][step], weights[m][1], second, T{});
                } else {
                    multiply_add(out[m][2 * step], weights[m][0], first, T{});
                    multiply_add(out[m][2 * step + 1], weights[m][0], second, T{});
                }
            }
        }
    });

#pragma unroll
    for (int m = 0; m < TILES; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int row = 16 * m + 8 * half + g;
            float sum = total[m][half];
            sum += __shfl_xor_sync(kFullMask, sum, 1);
            sum += __shfl_xor_sync(kFullMask, sum, 2);
            if (t == 0) {
                partials.maximum[warp_id()][row] = maximum[m][half];
                partials.total[warp_id()][row] = sum;
            }
#pragma unroll
            for (int n = 0; n < D / 8; n++) {
                partials.out[warp_id()][row][8 * n + 2 * t] = out[m][n][2 * half];
                partials.out[warp_id()][row][8 * n + 2 * t + 1] = out[m][n][2 * half + 1];
            }
        }
    }
    merge(task, block, piece.offset, head, partials, static_cast<Out*>(task.out));
}

/* ---- fp32 ---- */

constexpr int kPlainQueries = 16;

template <int D>
struct PlainShared {
    Cell<float> q[D][kPlainQueries];
    Cell<float> weights[kWarps][kKvTokens][kPlainQueries];
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
 * For the logits lane l has token l % 16 and eight of the queries, l / 16; for the sums it has the columns l, l + 32,
 * ... of all sixteen. The weights change hands in shared memory.
 */
template <int D, typename Out>
__global__ void __launch_bounds__(kThreads, 2) attention_plain(AttentionTask task) {
    PlainShared<D>& shared = block_shared<PlainShared<D>>();
    if (blockIdx.x == 0 && blockIdx.y == 0) check_blocks(task);
    const Piece piece = find_piece(static_cast<int>(blockIdx.x), task.num_blocks,
                                   [&](int b) { return tiles_of<kPlainQueries>(task, task.blocks[b]); });
    if (piece.item < 0) return;
    const sf_query_block block = task.blocks[piece.item];
    if (!check_segments(task, block)) return;
    const int head = static_cast<int>(blockIdx.y);
    const int64_t hidden = static_cast<int64_t>(task.heads) * task.head_size;
    const float scale = kLog2E / sqrtf(static_cast<float>(task.head_size));
    for (int i = static_cast<int>(threadIdx.x); i < kPlainQueries * D; i += kThreads) {
        const int row = piece.offset * kPlainQueries + i / D;
        const int d = i % D;
        const float* from = static_cast<const float*>(task.q) + (static_cast<int64_t>(block.q_row) + row) * hidden +
                            head * task.head_size;
        shared.q[d][i / D] = row < block.rows && d < task.head_size ? from[d] * scale : 0.0f;
    }
    __syncthreads();

    const int token = lane_id() % kKvTokens;
    const int group = lane_id() / kKvTokens * 8;
    float out[kPlainQueries][D / kWarp] = {};
    float maximum[8];
    float total[8] = {};
    for (int i = 0; i < 8; i++) maximum[i] = -INFINITY;

    each_kv_block<float, D>(task, block, head, [&](const float* keys, const float* log_counts, int tokens) {
        const float* values = keys + kKvTokens * D;
        float s[8] = {};
        if (token < tokens) {
            for (int d = 0; d < D; d++) {
                const float k = keys[d * kKvTokens + token];
                float q[8];
                load8(&shared.q[d][group], q);
#pragma unroll
                for (int i = 0; i < 8; i++) s[i] += q[i] * k;
            }
        }
        const float count = token < tokens ? log_counts[token] : -INFINITY;
        float rescale[8];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            s[i] += count;
            float highest = fmaxf(maximum[i], s[i]);
            for (int step = kKvTokens / 2; step > 0; step /= 2) {
                highest = fmaxf(highest, __shfl_xor_sync(kFullMask, highest, step));
            }
            rescale[i] = exp2f(maximum[i] - highest);
            maximum[i] = highest;
            const float p = exp2f(s[i] - highest);
            total[i] = total[i] * rescale[i] + p;
            shared.weights[warp_id()][token][group + i] = p;
        }
        __syncwarp();
#pragma unroll
        for (int i = 0; i < kPlainQueries; i++) {
            const float factor = __shfl_sync(kFullMask, rescale[i % 8], i / 8 * kKvTokens);
#pragma unroll
            for (int c = 0; c < D / kWarp; c++) out[i][c] *= factor;
        }
        for (int k = 0; k < tokens; k++) {
            float p[2][8];
            load8(&shared.weights[warp_id()][k][0], p[0]);
            load8(&shared.weights[warp_id()][k][8], p[1]);
#pragma unroll
            for (int c = 0; c < D / kWarp; c++) {
                const float v = values[k * D + c * kWarp + lane_id()];
#pragma unroll
                for (int i = 0; i < kPlainQueries; i++) out[i][c] += p[i / 8][i % 8] * v;
            }
        }
        /* The next block's weights take the place of these. */
        __syncwarp();
    });

#pragma unroll
    for (int i = 0; i < 8; i++) {
        float sum = total[i];
        for (int step = kKvTokens / 2; step > 0; step /= 2) sum += __shfl_xor_sync(kFullMask, sum, step);
        if (token == 0) {
            shared.partials.maximum[warp_id()][group + i] = maximum[i];
            shared.partials.total[warp_id()][group + i] = sum;
        }
    }
#pragma unroll
    for (int i = 0; i < kPlainQueries; i++) {
#pragma unroll
        for (int c = 0; c < D / kWarp; c++) shared.partials.out[warp_id()][i][c * kWarp + lane_id()] = out[i][c];
    }
    merge(task, block, piece.offset, head, shared.partials, static_cast<Out*>(task.out));
}

int start(sf_stream* stream, const AttentionTask& task, int queries, void (*kernel)(AttentionTask)) {
    return launch(stream, "sf_attention", kernel, task.max_rows / queries + static_cast<int64_t>(task.num_blocks),
                  task.heads, kThreads, task);
}

/* Two tiles of 16 queries where the registers allow it: they read the keys and values once for both. */
template <typename Math, typename Out>
int start_tensor(sf_stream* stream, const AttentionTask& task) {
    constexpr int kTiles = kWide<Math> ? 1 : 2;
    switch (padded_head_size(task.head_size)) {
        case 32:
            return start(stream, task, 32, attention_tensor<Math, 32, 2, Out>);
        case 64:
            return start(stream, task, 16 * kTiles, attention_tensor<Math, 64, kTiles, Out>);
        default:
            return start(stream, task, 16, attention_tensor<Math, 128, 1, Out>);
    }
}

template <typename Out>
int start_plain(sf_stream* stream, const AttentionTask& task) {
    switch (padded_head_size(task.head_size)) {
        case 32:
            return start(stream, task, kPlainQueries, attention_plain<32, Out>);
        case 64:
            return start(stream, task, kPlainQueries, attention_plain<64, Out>);
        default:
            return start(stream, task, kPlainQueries, attention_plain<128, Out>);
    }
}

}  // namespace

int sf_attention(sf_stream* stream, const sf_query_block* blocks, int num_blocks, int max_rows,
                 const sf_kv_segment* segments, int num_segments, int heads, int head_size, int layer, int math,
                 const void* q, int type, void* out) {
    const char* operation = "sf_attention";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_blocks < 0 || max_rows < 0 || num_segments < 0 || heads < 1 || head_size < 1 || head_size > kMaxHeadSize ||
        layer < 0 || math < SF_F32 || math > SF_TF32) {
        return invalid(stream, operation,
                       "expected heads >= 1, head size 1 to 128, layer >= 0, math 0 to 3, found " + number(heads) +
                           ", " + number(head_size) + ", " + number(layer) + ", " + number(math) + ", with " +
                           number(num_blocks) + " blocks of " + number(max_rows) + " rows and " + number(num_segments) +
                           " segments");
    }
    /* The result goes to the next product, which reads the type that attention multiplies in. */
    const int expected = math == SF_TF32 ? SF_F32 : math;
    if (type != expected && type != SF_F32) {
        return invalid(stream, operation,
                       "out must be fp32 or of the type of math " + number(math) + ", found type " + number(type));
    }
    if (num_blocks == 0) return SF_OK;
    if (any_null({blocks, segments, q, out})) return invalid(stream, operation, "NULL argument");
    if (stream->capability < 80 && (math == SF_BF16 || math == SF_TF32)) {
        return fail(stream, SF_UNSUPPORTED,
                    std::string(operation) + ": bf16 and TensorFloat-32 need compute capability 8.0, found " +
                        number(stream->capability / 10) + "." + number(stream->capability % 10));
    }
    const AttentionTask task = {blocks,    num_blocks, max_rows, segments, num_segments, heads,
                                head_size, layer,      q,        out,      stream->fault};
    switch (math) {
        case SF_F16:
            return type == SF_F32 ? start_tensor<MathF16, float>(stream, task)
                                  : start_tensor<MathF16, F16>(stream, task);
        case SF_BF16:
            return type == SF_F32 ? start_tensor<MathBf16, float>(stream, task)
                                  : start_tensor<MathBf16, BF16>(stream, task);
        case SF_TF32:
            return start_tensor<MathTf32, float>(stream, task);
        default:
            return start_plain<float>(stream, task);
    }
}
