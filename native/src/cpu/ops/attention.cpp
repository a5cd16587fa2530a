/*
 * Attention with count weights, in one pass over the keys (online softmax; Milakov and Gimelshein 2018, Dao et al.
 * 2022).
 *
 * A work item is up to TILE_QUERIES queries of one head. It walks all segments' blocks in chunks of CHUNK_BLOCKS, whose
 * keys and values stay in the second-level cache while groups of QUERIES queries pass over them. For a group and a
 * chunk: logits S = Q K^T / sqrt(d) + ln count, the new running maximum, weights P = exp(S - maximum), and the sums and
 * outputs, scaled by exp(old maximum - new maximum), plus those of the chunk. Both products keep a tile of sums in
 * registers, so that a vector that is loaded is used by each of a group's queries, and a query's number by several
 * vectors.
 *
 * Of finite logits the maximum is finite after the first chunk, since every block has a token and a token's ln-count is
 * finite: so S - maximum is never inf - inf. The old maximum is -inf once, where exp gives 0 and scales sums that are
 * 0. A logit that is NaN or +inf has a weight that is NaN, whatever the maximum is, and makes its query's total and
 * output NaN: so a model whose products overflow gives no answer that looks right.
 */
#include "kv_layout.h"

namespace cpu::SF_ISA {

enum { QUERIES = 6, TILE_QUERIES = 5 * QUERIES, CHUNK_BLOCKS = 32, MAX_HEAD_SIZE = SF_MAX_HEAD_SIZE };

/* The tiles that the registers hold: queries by blocks of keys; queries by vectors of a value. */
#if SF_ISA_LEVEL >= 4
enum { LOGIT_QUERIES = 6, LOGIT_BLOCKS = 4, VALUE_QUERIES = 6, VALUE_VECTORS = 4 };
#elif SF_ISA_LEVEL >= 3
enum { LOGIT_QUERIES = 6, LOGIT_BLOCKS = 1, VALUE_QUERIES = 6, VALUE_VECTORS = 2 };
#elif defined(__aarch64__)
enum { LOGIT_QUERIES = 6, LOGIT_BLOCKS = 1, VALUE_QUERIES = 6, VALUE_VECTORS = 4 };
#else
enum { LOGIT_QUERIES = 2, LOGIT_BLOCKS = 1, VALUE_QUERIES = 2, VALUE_VECTORS = 4 };
#endif

/* The queries of an item, and what their softmax has summed so far. */
struct Tile {
    const float* q[TILE_QUERIES];
    float scale; /* of logits: 1 / sqrt(d) */
    float out[TILE_QUERIES][MAX_HEAD_SIZE] __attribute__((aligned(64)));
    float maximum[TILE_QUERIES];
    float total[TILE_QUERIES];
};

/* One head's blocks of keys and values that are worked on together, of any segments. */
struct Chunk {
    int blocks;
    const float* keys[CHUNK_BLOCKS];
    const float* values[CHUNK_BLOCKS];
    const float* counts[CHUNK_BLOCKS];
    int tokens[CHUNK_BLOCKS];
};

/* A group's logits with a chunk's keys, then their softmax weights; -inf and 0 in the lanes after a block's tokens. */
typedef float Scores[QUERIES][CHUNK_BLOCKS * KV_BLOCK];

/* s[i] = logits of LOGIT_QUERIES queries with the keys of BLOCKS blocks from the first on. */
template <int BLOCKS>
static inline void logits(const float* const* q, float scale, int head_size, const Chunk& chunk, int first,
                          float (*s)[CHUNK_BLOCKS * KV_BLOCK]) {
    constexpr int vectors = KV_BLOCK / WIDTH;
    vfloat acc[LOGIT_QUERIES][BLOCKS * vectors] = {};
    const float* keys[BLOCKS];
    for (int b = 0; b < BLOCKS; b++) keys[b] = chunk.keys[first + b];
    const float* queries[LOGIT_QUERIES];
    for (int i = 0; i < LOGIT_QUERIES; i++) queries[i] = q[i];
    for (int d = 0; d < head_size; d++) {
        vfloat key[BLOCKS * vectors];
        for (int v = 0; v < BLOCKS * vectors; v++)
            key[v] = load(keys[v / vectors] + d * KV_BLOCK + v % vectors * WIDTH);
        for (int i = 0; i < LOGIT_QUERIES; i++) {
            const vfloat factor = splat(queries[i][d]);
            for (int v = 0; v < BLOCKS * vectors; v++) acc[i][v] += factor * key[v];
        }
    }
    for (int v = 0; v < BLOCKS * vectors; v++) {
        const vfloat count = load(chunk.counts[first + v / vectors] + v % vectors * WIDTH);
        for (int i = 0; i < LOGIT_QUERIES; i++) {
            store(&s[i][first * KV_BLOCK + v * WIDTH], acc[i][v] * scale + count);
        }
    }
}

static inline void all_logits(const float* const* q, float scale, int head_size, const Chunk& chunk, Scores& s) {
    for (int i = 0; i < QUERIES; i += LOGIT_QUERIES) {
        int b = 0;
        for (; b + LOGIT_BLOCKS <= chunk.blocks; b += LOGIT_BLOCKS) {
            logits<LOGIT_BLOCKS>(q + i, scale, head_size, chunk, b, s + i);
        }
        for (; b < chunk.blocks; b++) logits<1>(q + i, scale, head_size, chunk, b, s + i);
    }
}

/* Whatever lies in a block after its tokens weighs nothing: what was never written, or appended and not attended to. */
static inline void leave_out_absent(const Chunk& chunk, Scores& s) {
    vfloat lane;
    for (int i = 0; i < WIDTH; i++) lane[i] = static_cast<float>(i);
    for (int b = 0; b < chunk.blocks; b++) {
        if (chunk.tokens[b] == KV_BLOCK) continue;
        for (int v = 0; v < KV_BLOCK; v += WIDTH) {
            const vint present = lane < static_cast<float>(chunk.tokens[b] - v);
            for (int i = 0; i < QUERIES; i++) {
                float* some = &s[i][b * KV_BLOCK + v];
                store(some, present ? load(some) : splat(-__builtin_inff()));
            }
        }
    }
}

/* out[i][0 .. VECTORS * WIDTH) += sum over the chunk's keys of p[i] times their values, for VALUE_QUERIES queries. */
template <int VECTORS>
static inline void accumulate(float (*out)[MAX_HEAD_SIZE], const float (*p)[CHUNK_BLOCKS * KV_BLOCK],
                              const Chunk& chunk, int stride, int column) {
    vfloat acc[VALUE_QUERIES][VECTORS];
    for (int i = 0; i < VALUE_QUERIES; i++)
        for (int v = 0; v < VECTORS; v++) acc[i][v] = load(&out[i][column + WIDTH * v]);
    for (int b = 0; b < chunk.blocks; b++) {
        const float* value = chunk.values[b] + column;
        for (int key = b * KV_BLOCK; key < b * KV_BLOCK + chunk.tokens[b]; key++) {
            vfloat row[VECTORS];
            for (int v = 0; v < VECTORS; v++) row[v] = load(value + WIDTH * v);
            for (int i = 0; i < VALUE_QUERIES; i++) {
                const vfloat weight = splat(p[i][key]);
                for (int v = 0; v < VECTORS; v++) acc[i][v] += weight * row[v];
            }
            value += stride;
        }
    }
    for (int i = 0; i < VALUE_QUERIES; i++)
        for (int v = 0; v < VECTORS; v++) store(&out[i][column + WIDTH * v], acc[i][v]);
}

static inline void accumulate_all(float (*out)[MAX_HEAD_SIZE], const Scores& p, const Chunk& chunk, int stride) {
    for (int i = 0; i < QUERIES; i += VALUE_QUERIES) {
        int column = 0;
        for (; column + VALUE_VECTORS * WIDTH <= stride; column += VALUE_VECTORS * WIDTH) {
            accumulate<VALUE_VECTORS>(out + i, p + i, chunk, stride, column);
        }
        for (; column < stride; column += 16) accumulate<16 / WIDTH>(out + i, p + i, chunk, stride, column);
    }
}

/* One group over one chunk. */
static void attend_chunk(Tile& tile, int group, int head_size, const Chunk& chunk) {
    Scores s __attribute__((aligned(64)));
    const int stride = round_up(head_size, 16);
    const int first = group * QUERIES;
    const int lanes = chunk.blocks * KV_BLOCK;
    all_logits(tile.q + first, tile.scale, head_size, chunk, s);
    leave_out_absent(chunk, s);
    for (int i = 0; i < QUERIES; i++) {
        vfloat largest = load(s[i]);
        for (int k = WIDTH; k < lanes; k += WIDTH) largest = vmax(largest, load(s[i] + k));
        const float before = tile.maximum[first + i];
        const float here = maximum(largest);
        const float now = here > before ? here : before;
        vfloat sums = {};
        for (int k = 0; k < lanes; k += WIDTH) {
            const vfloat weight = exp_nonpositive(load(s[i] + k) - now);
            store(s[i] + k, weight);
            sums += weight;
        }
        const float correction = exp_nonpositive(splat(before - now))[0];
        tile.maximum[first + i] = now;
        tile.total[first + i] = tile.total[first + i] * correction + sum(sums);
        float* out = tile.out[first + i];
        for (int d = 0; d < stride; d += WIDTH) store(out + d, load(out + d) * correction);
    }
    accumulate_all(tile.out + first, s, chunk, stride);
}

static void attend(const sf_query_block& block, int first_query, int queries, const sf_kv_segment* segments, int heads,
                   int head_size, int head, int layer, const float* q, int type, void* out) {
    Tile tile;
    const size_t hidden = static_cast<size_t>(heads * head_size);
    tile.scale = 1.0f / __builtin_sqrtf(static_cast<float>(head_size));
    const int groups = (queries + QUERIES - 1) / QUERIES;
    for (int i = 0; i < groups * QUERIES; i++) {
        /* Queries that fill up the last group repeat the last one; their results are dropped. */
        const int query = first_query + (i < queries ? i : queries - 1);
        tile.q[i] = q + static_cast<size_t>(block.q_row + query) * hidden + static_cast<size_t>(head * head_size);
        memset(tile.out[i], 0, sizeof tile.out[i]);
        tile.maximum[i] = -__builtin_inff();
        tile.total[i] = 0;
    }
    Chunk chunk;
    chunk.blocks = 0;
    const auto work = [&] {
        for (int group = 0; group < groups; group++) attend_chunk(tile, group, head_size, chunk);
        chunk.blocks = 0;
    };
    for (int g = block.segment_begin; g < block.segment_end; g++) {
        const sf_kv_segment& segment = segments[g];
        for (int token = 0; token < segment.tokens; token += KV_BLOCK) {
            if (chunk.blocks == CHUNK_BLOCKS) work();
            const int b = chunk.blocks++;
            const float* base = kv_block(segment.kv, segment.layer_stride, layer, token / KV_BLOCK, heads, head_size);
            chunk.keys[b] = base + static_cast<size_t>(head) * kv_head_floats(head_size);
            chunk.values[b] = chunk.keys[b] + head_size * KV_BLOCK;
            chunk.counts[b] = base + static_cast<size_t>(heads) * kv_head_floats(head_size);
            chunk.tokens[b] = segment.tokens - token < KV_BLOCK ? segment.tokens - token : KV_BLOCK;
        }
    }
    work();
    for (int i = 0; i < queries; i++) {
        const float inverse = 1.0f / tile.total[i];
        for (int d = 0; d < head_size; d++) tile.out[i][d] *= inverse;
        const size_t row = static_cast<size_t>(block.out_row + first_query + i);
        store_as(type, out, row * hidden + static_cast<size_t>(head * head_size), tile.out[i], head_size);
    }
}

/* In 64 bits, as the items are that all tiles and heads make. */
static int64_t tiles_of(const sf_query_block& block) {
    return (static_cast<int64_t>(block.rows) + TILE_QUERIES - 1) / TILE_QUERIES;
}

int attention(sf_stream* stream, const sf_query_block* blocks, int num_blocks, int, int, const sf_kv_segment* segments,
              int, int heads, int head_size, int layer, int, const void* q, int type, void* out) {
    int64_t items = 0;
    for (int b = 0; b < num_blocks; b++) items += tiles_of(blocks[b]) * heads;
    /* They differ in their keys, so a piece is one. Those of a head follow each other: they share its keys. */
    run_each(cpu_stream(stream)->team, items, 1, [&](int64_t item, int) {
        int b = 0;
        while (item >= tiles_of(blocks[b]) * heads) item -= tiles_of(blocks[b++]) * heads;
        const int64_t tiles = tiles_of(blocks[b]);
        const int head = static_cast<int>(item / tiles);
        const int first = static_cast<int>(item % tiles) * TILE_QUERIES;
        const int queries = blocks[b].rows - first < TILE_QUERIES ? blocks[b].rows - first : TILE_QUERIES;
        attend(blocks[b], first, queries, segments, heads, head_size, head, layer, static_cast<const float*>(q), type,
               out);
    });
    return SF_OK;
}

}  // namespace cpu::SF_ISA
