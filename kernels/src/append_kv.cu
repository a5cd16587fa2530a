/*
 * KV-cache append. A block of threads takes one head of one block of 16 cache tokens: a thread takes four elements of
 * two tokens and of four tokens, which are whole vectors in qkv and in the cache, and writes the sums of projection and
 * bias in the cache's type. All that a thread reads is under way before it writes. Tokens of the block that this append
 * does not hold are left as they are, which makes an append in pieces the same, bit for bit, as one append. Queries
 * leave packed by rows.
 */
#include <type_traits>

#include "kv_layout.cuh"
#include "ragged.cuh"
#include "stream.cuh"
#include "table_faults.cuh"

namespace {

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

/*
 * Blocks of 16 tokens that a valid append writes to; none of another. The rules are those of check_append, but none
 * waits for another's outcome, so that all numbers of the row are on their way together.
 */
__device__ __forceinline__ unsigned blocks_touched(const sf_kv_append& a) {
    const unsigned position = static_cast<unsigned>(a.position);
    const unsigned tokens = static_cast<unsigned>(a.tokens);
    const bool range = (a.tokens > 0) & ((a.row | a.position | a.capacity) >= 0) &
                       (position + tokens <= static_cast<unsigned>(a.capacity));
    const bool address = (a.kv != 0) & ((a.kv | static_cast<uint64_t>(a.layer_stride)) % 64 == 0);
    return range & address ? (position % kKvTokens + tokens + (kKvTokens - 1)) / kKvTokens : 0;
}

/* The append, and which of its blocks, that a number stands for. There is nothing to search in a batch of one. */
__device__ __forceinline__ RaggedTile find_block(const AppendTask& task, unsigned number) {
    const auto touched = [&](int a) { return blocks_touched(task.appends[a]); };
    if (task.num_appends != 1) return find_tile(number, task.num_appends, touched);
    return {number < touched(0) ? 0 : -1, static_cast<int>(number)};
}

/*
 * What a thread takes of a head of a block: four elements, from `element` on, of two tokens, `pair` and pair + 8, and
 * of four tokens, `four` and those four_step(i) after it.
 *
 * In the order of fragments (kv_layout.cuh) the keys of a pair are neighbours, and so are an element's values of four
 * tokens. Without fragments an element's keys of four tokens are, and a token's values. So the pairs are the keys, or
 * values without fragments; the fours are the others for half of the threads, and the queries for the other half.
 *
 * Vectors: whether rows of qkv, bias and q are whole vectors of four elements.
 */
template <typename Compute, int D, bool Vectors>
struct Share {
    using T = typename Compute::Type;
    static constexpr bool kFragments = Compute::kFragments;
    /* A warp takes 32 elements, of each token by eight lanes: whole lines of qkv. */
    static constexpr unsigned kHalf = D / 32; /* of a block's warps */
    static constexpr int kPairPart = kFragments ? 1 : 2;
    static constexpr int kFourPart = kFragments ? 2 : 1;

    const AppendTask& task;
    const unsigned head;
    const unsigned warp = threadIdx.x / kWarp;
    const unsigned element = warp % kHalf * 32 + threadIdx.x % 8 * 4;
    const unsigned pair = warp / kHalf * 4 + threadIdx.x % kWarp / 8;
    const unsigned four = threadIdx.x % kWarp / 8 * (kFragments ? 2 : 4);
    const bool queries = warp >= kHalf;
    const unsigned size = static_cast<unsigned>(task.head_size);
    const unsigned hidden = static_cast<unsigned>(task.heads) * size;
    const unsigned column = head * size;
    const unsigned origin = element < size ? element : 0; /* of what it reads */
    float pairs[2][4];
    float fours[4][4];
    float pair_bias[4];
    float four_bias[4];

    __device__ __forceinline__ Share(const AppendTask& of, unsigned at_head) : task(of), head(at_head) {}

    /* Of a thread's tokens, from the first one on. */
    static __device__ __forceinline__ constexpr int pair_step(int i) { return 8 * i; }
    static __device__ __forceinline__ constexpr int four_step(int i) { return kFragments ? i / 2 * 8 + i % 2 : i; }

    static __device__ __forceinline__ bool is_in(unsigned tokens, int token) { return (tokens >> token & 1) != 0; }

    /*
     * Places in the cache. They add up where token and element of the one have no bits in common with those of the
     * other, so that all of a thread's but the first are at constants from it.
     */
    static __device__ __forceinline__ int pair_place(int token, int at) {
        return kFragments ? key_place<Compute>(token, at) : value_place<Compute>(token, at, D);
    }
    static __device__ __forceinline__ int four_place(int token, int at) {
        return kFragments ? value_place<Compute>(token, at, D) : key_place<Compute>(token, at);
    }

    /* Four elements of a row, from `origin` on. */
    __device__ __forceinline__ void read(const float* from, float (&v)[4]) const {
        if constexpr (Vectors) {
            load4(from, v);
        } else {
#pragma unroll
            for (unsigned i = 0; i < 4; i++) v[i] = origin + i < size ? from[i] : 0.0f;
        }
    }

    /*
     * `row` is the block's first in qkv, and may be before qkv's first: tokens [low, high] of the block are there. For
     * one that is not, another one is read and not written: no load waits for a condition.
     */
    __device__ __forceinline__ void load(int64_t row, int low, int high) {
        const unsigned columns = 3 * hidden;
        const unsigned pair_column = kPairPart * hidden + column + origin;
        const unsigned four_column = (queries ? 0 : kFourPart * hidden) + column + origin;
        const float* from = task.qkv + row * columns;
        const auto offset = [&](unsigned token) {
            const int other = static_cast<int>(token) < low ? low : static_cast<int>(token);
            return static_cast<unsigned>(other < high ? other : high) * columns;
        };
        read(task.bias + pair_column, pair_bias);
        read(task.bias + four_column, four_bias);
#pragma unroll
        for (int i = 0; i < 2; i++) read(from + pair_column + offset(pair + pair_step(i)), pairs[i]);
#pragma unroll
        for (int i = 0; i < 4; i++) read(from + four_column + offset(four + four_step(i)), fours[i]);
    }

    /* What was read becomes what is written: zeros past the head size. */
    __device__ __forceinline__ void add(const float (&bias)[4], float (&v)[4]) const {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            v[i] = element < size ? v[i] + bias[i] : 0.0f;
            if (kFragments && sizeof(T) == 4) v[i] = to_tf32(v[i]);
        }
    }
    __device__ __forceinline__ void add_bias() {
#pragma unroll
        for (int i = 0; i < 2; i++) add(pair_bias, pairs[i]);
#pragma unroll
        for (int i = 0; i < 4; i++) add(four_bias, fours[i]);
    }

    __device__ __forceinline__ void store_pairs(T* part, unsigned present) const {
        T* to = part + pair_place(static_cast<int>(pair), static_cast<int>(element));
        constexpr int kEach = 8 / static_cast<int>(sizeof(T)); /* elements of a token in 16 bytes of a pair's keys */
        if (kFragments && (present >> pair & 0x101) == 0x101) {
#pragma unroll
            for (int at = 0; at < 4; at += kEach) {
                float v[2 * kEach];
#pragma unroll
                for (int i = 0; i < 2 * kEach; i++) v[i] = pairs[i / kEach][at + i % kEach];
                store_vector(to + pair_place(0, at), v);
            }
            return;
        }
#pragma unroll
        for (int i = 0; i < 2; i++) {
            if (!is_in(present >> pair, pair_step(i))) continue;
            T* token = to + pair_place(pair_step(i), 0);
            if constexpr (!kFragments || kEach == 4) {
                store4(token, pairs[i]);
            } else {
#pragma unroll
                for (int at = 0; at < 4; at++) token[pair_place(0, at)] = from_float<T>(pairs[i][at]);
            }
        }
    }

    __device__ __forceinline__ void store_fours(T* part, unsigned present) const {
        T* to = part + four_place(static_cast<int>(four), static_cast<int>(element));
        constexpr unsigned kAll = kFragments ? 0x303 : 0xf;
        if ((present >> four & kAll) == kAll) {
#pragma unroll
            for (int at = 0; at < 4; at++) {
                const float v[4] = {fours[0][at], fours[1][at], fours[2][at], fours[3][at]};
                store4(to + four_place(0, at), v);
            }
            return;
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (!is_in(present >> four, four_step(i))) continue;
#pragma unroll
            for (int at = 0; at < 4; at++) to[four_place(four_step(i), at)] = from_float<T>(fours[i][at]);
        }
    }

    __device__ __forceinline__ void store_queries(int64_t row, unsigned present) const {
        T* to = static_cast<T*>(task.q) + row * hidden + (four * hidden + column + element);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (!is_in(present >> four, four_step(i)) || element >= size) continue;
            T* query = to + four_step(i) * hidden;
            if constexpr (Vectors) {
                store4(query, fours[i]);
            } else {
#pragma unroll
                for (unsigned at = 0; at < 4; at++) {
                    if (element + at < size) query[at] = from_float<T>(fours[i][at]);
                }
            }
        }
    }
};

template <typename Compute, int D, bool Vectors>
__global__ void __launch_bounds__(2 * D, 448 / D) append_kv(AppendTask task) {
    using T = typename Compute::Type;
    /* Heads follow each other: threads that run at the same time read whole rows, and write whole blocks. */
    const unsigned heads = static_cast<unsigned>(task.heads);
    const unsigned number = blockIdx.x / heads;
    const unsigned head = blockIdx.x - number * heads;
    wait_for_earlier_kernels();
    /* The last block mostly has nothing else to do. */
    if (blockIdx.x == gridDim.x - 1) {
        check_table(
            task.num_appends, task.max_rows, task.fault, kOperation_append_kv,
            [&](int a) { return check_append(task.appends[a]); }, [&](int a) { return task.appends[a].tokens; });
    }
    const RaggedTile tile = find_block(task, number);
    /* A call for no rows has no arrays: a table that announces some is at fault. */
    if (tile.item < 0 || task.max_rows == 0) return;
    const sf_kv_append append = task.appends[tile.item];
    const int block = append.position / kKvTokens + tile.offset;
    /* Token 0 of the block is this token of the append. */
    const int first = block * kKvTokens - append.position;
    const int64_t row = static_cast<int64_t>(append.row) + first;

    /* Each warp finds the tokens that are appended, those whose count weights are valid. */
    const int token = static_cast<int>(threadIdx.x % kWarp);
    const bool appended = token < kKvTokens && first + token >= 0 && first + token < append.tokens;
    int count = 1;
    if (appended) count = task.counts[row + token];
    Share<Compute, D, Vectors> share(task, head);
    const int last = append.tokens - 1 - first;
    share.load(row, first < 0 ? -first : 0, last < kKvTokens ? last : kKvTokens - 1);
    const int64_t bytes = kv_block_bytes(task.heads, D, sizeof(T));
    char* base = kv_block(append.kv, append.layer_stride, task.layer, block, bytes);
    T* keys = reinterpret_cast<T*>(base) + head * (2 * kKvTokens * D);
    T* values = keys + kKvTokens * D;
    const Verdict verdict = check_count_weight(count);
    const unsigned present = __ballot_sync(kFullMask, appended && verdict.rule == kValid);

    share.add_bias();
    share.store_pairs(Compute::kFragments ? keys : values, present);
    if (share.queries) {
        share.store_queries(row, present);
    } else {
        share.store_fours(Compute::kFragments ? values : keys, present);
    }
    /* The first warp of the first head keeps the counts. */
    if (!appended || head != 0 || share.warp != 0) return;
    if (verdict.rule != kValid) {
        report(task.fault, kOperation_append_kv, static_cast<int>(row + token), verdict);
    } else {
        (reinterpret_cast<float*>(base + bytes) - kKvTokens)[token] = log2f(static_cast<float>(count));
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
    const AppendTask task = {appends, num_appends, max_rows, heads, head_size,          layer,
                             qkv,     bias,        counts,   q,     table_fault(stream)};
    const int64_t blocks = max_rows / kKvTokens + 2 * static_cast<int64_t>(num_appends);
    return with_compute_type(compute_type, [&](auto compute) {
        using Compute = decltype(compute);
        const bool vectors = aligned_rows(head_size, qkv) && aligned_rows(head_size, bias) &&
                             aligned_rows(head_size, static_cast<const typename Compute::Type*>(q));
        const auto start = [&](auto padded) {
            constexpr int kPadded = decltype(padded)::value;
            const auto kernel = vectors ? ::append_kv<Compute, kPadded, true> : ::append_kv<Compute, kPadded, false>;
            return launch(stream, "sf_append_kv", kernel, blocks * heads, 1, 2 * kPadded, task);
        };
        switch (padded_head_size(head_size)) {
            case 32:
                return start(std::integral_constant<int, 32>{});
            case 64:
                return start(std::integral_constant<int, 64>{});
            default:
                return start(std::integral_constant<int, 128>{});
        }
    });
}
