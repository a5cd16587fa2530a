/*
 * Attention with count weights, in one pass over the keys (online softmax; Milakov and Gimelshein 2018, Dao et al.
 * 2022).
 *
 * A work item is up to TILE_QUERIES queries of one head. It walks the segments' blocks in chunks of CHUNK_BLOCKS, so
 * that a chunk's keys and values stay in the first-level cache while groups of QUERIES queries pass over them. For a
 * group and a chunk: logits S = Q K^T / sqrt(d) + ln count, the new running maximum, weights P = exp(S - maximum), and
 * the sums and outputs, scaled by exp(old maximum - new maximum), plus those of the chunk.
 *
 * The maximum is finite after the first chunk, since every block has a token and a token's ln-count is finite: so
 * S - maximum is never inf - inf. The old maximum is -inf once, where exp gives 0 and scales sums that are 0.
 */
#if SF_ISA_LEVEL >= 4
enum { QUERIES = 8 };
#elif SF_ISA_LEVEL >= 3
enum { QUERIES = 4 };
#else
enum { QUERIES = 2 };
#endif
enum { TILE_QUERIES = 32, CHUNK_BLOCKS = 8, MAX_HEAD_SIZE = 128 };

/* The queries of an item, d-major in groups, with what their softmax has summed so far. */
struct Tile {
    float q[TILE_QUERIES / QUERIES][MAX_HEAD_SIZE][QUERIES];
    float out[TILE_QUERIES][MAX_HEAD_SIZE] __attribute__((aligned(64)));
    float maximum[TILE_QUERIES];
    float total[TILE_QUERIES];
};

/* s[i][b] = logits of a group's query i with the keys of block b. */
static inline void logits(const float (*q)[QUERIES], int head_size, const float* const* keys,
                          const float* const* counts, int blocks, vfloat (*s)[CHUNK_BLOCKS]) {
    for (int b = 0; b < blocks; b++) {
        vfloat acc[QUERIES] = {};
        const float* k = keys[b];
        for (int d = 0; d < head_size; d++) {
            const vfloat key = load(k + d * KV_BLOCK);
            for (int i = 0; i < QUERIES; i++) acc[i] += q[d][i] * key;
        }
        const vfloat count = load(counts[b]);
        for (int i = 0; i < QUERIES; i++) s[i][b] = acc[i] + count;
    }
}

/* out[i][0 .. 16 VECTORS) += sum over the blocks' keys of p[i] times their values. */
template <int ROWS, int VECTORS>
static inline void accumulate(float (*out)[MAX_HEAD_SIZE], const vfloat (*p)[CHUNK_BLOCKS], const float* const* values,
                              int stride, int column, int blocks) {
    vfloat acc[ROWS][VECTORS];
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) acc[i][v] = load(&out[i][column + 16 * v]);
    for (int b = 0; b < blocks; b++) {
        const float* value = values[b] + column;
        for (int key = 0; key < KV_BLOCK; key++) {
            vfloat row[VECTORS];
            for (int v = 0; v < VECTORS; v++) row[v] = load(value + 16 * v);
            for (int i = 0; i < ROWS; i++) {
                const float weight = reinterpret_cast<const float*>(&p[i][b])[key];
                for (int v = 0; v < VECTORS; v++) acc[i][v] += weight * row[v];
            }
            value += stride;
        }
    }
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) store(&out[i][column + 16 * v], acc[i][v]);
}

static inline void accumulate_all(float (*out)[MAX_HEAD_SIZE], const vfloat (*p)[CHUNK_BLOCKS],
                                  const float* const* values, int stride, int blocks) {
#if SF_ISA_LEVEL >= 4
    constexpr int rows = 4, vectors = 4;
#else
    constexpr int rows = 2, vectors = 2;
#endif
    for (int i = 0; i < QUERIES; i += rows) {
        int column = 0;
        for (; column + 16 * vectors <= stride; column += 16 * vectors) {
            accumulate<rows, vectors>(out + i, p + i, values, stride, column, blocks);
        }
        for (; column < stride; column += 16) accumulate<rows, 1>(out + i, p + i, values, stride, column, blocks);
    }
}

/* One group over one chunk. */
static void attend_chunk(Tile& tile, int group, int head_size, const float* const* keys, const float* const* values,
                         const float* const* counts, int blocks) {
    vfloat s[QUERIES][CHUNK_BLOCKS];
    const int stride = round_up(head_size, 16);
    const int first = group * QUERIES;
    logits(tile.q[group], head_size, keys, counts, blocks, s);
    for (int i = 0; i < QUERIES; i++) {
        vfloat largest = s[i][0];
        for (int b = 1; b < blocks; b++) largest = vmax(largest, s[i][b]);
        float maximum = tile.maximum[first + i];
        for (int lane = 0; lane < 16; lane++) maximum = largest[lane] > maximum ? largest[lane] : maximum;
        const float correction = exp_nonpositive(splat(tile.maximum[first + i] - maximum))[0];
        vfloat sums = {};
        for (int b = 0; b < blocks; b++) {
            s[i][b] = exp_nonpositive(s[i][b] - maximum);
            sums += s[i][b];
        }
        tile.maximum[first + i] = maximum;
        tile.total[first + i] = tile.total[first + i] * correction + sum(sums);
        float* out = tile.out[first + i];
        for (int d = 0; d < stride; d += 16) store(out + d, load(out + d) * correction);
    }
    accumulate_all(tile.out + first, s, values, stride, blocks);
}

static void attend(const sf_query_block& block, int first_query, int queries, const sf_kv_segment* segments, int heads,
                   int head_size, int head, int layer, const float* q, int type, void* out) {
    Tile tile;
    const size_t hidden = static_cast<size_t>(heads * head_size);
    const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(head_size));
    const int groups = (queries + QUERIES - 1) / QUERIES;
    for (int i = 0; i < groups * QUERIES; i++) {
        /* Queries that fill up the last group repeat the last one; their results are dropped. */
        const int query = first_query + (i < queries ? i : queries - 1);
        const float* from =
            q + static_cast<size_t>(block.q_row + query) * hidden + static_cast<size_t>(head * head_size);
        for (int d = 0; d < head_size; d++) tile.q[i / QUERIES][d][i % QUERIES] = from[d] * scale;
        memset(tile.out[i], 0, sizeof tile.out[i]);
        tile.maximum[i] = -__builtin_inff();
        tile.total[i] = 0;
    }
    for (int g = block.segment_begin; g < block.segment_end; g++) {
        const sf_kv_segment& segment = segments[g];
        const int blocks = (segment.tokens + KV_BLOCK - 1) / KV_BLOCK;
        for (int first = 0; first < blocks; first += CHUNK_BLOCKS) {
            const int count = blocks - first < CHUNK_BLOCKS ? blocks - first : CHUNK_BLOCKS;
            const float* keys[CHUNK_BLOCKS];
            const float* values[CHUNK_BLOCKS];
            const float* counts[CHUNK_BLOCKS];
            for (int b = 0; b < count; b++) {
                const float* base = kv_block(segment.kv, segment.layer_stride, layer, first + b, heads, head_size);
                keys[b] = base + static_cast<size_t>(head) * kv_head_floats(head_size);
                values[b] = keys[b] + head_size * KV_BLOCK;
                counts[b] = base + static_cast<size_t>(heads) * kv_head_floats(head_size);
            }
            for (int group = 0; group < groups; group++) {
                attend_chunk(tile, group, head_size, keys, values, counts, count);
            }
        }
    }
    for (int i = 0; i < queries; i++) {
        const float inverse = 1.0f / tile.total[i];
        for (int d = 0; d < head_size; d++) tile.out[i][d] *= inverse;
        const size_t row = static_cast<size_t>(block.out_row + first_query + i);
        store_as(type, out, row * hidden + static_cast<size_t>(head * head_size), tile.out[i], head_size);
    }
}

static int work_items(const sf_query_block& block, int heads) {
    return (block.rows + TILE_QUERIES - 1) / TILE_QUERIES * heads;
}

static void attention(const sf_query_block* blocks, int num_blocks, const sf_kv_segment* segments, int heads,
                      int head_size, int layer, const float* q, int type, void* out, Team* team) {
    int64_t items = 0;
    for (int b = 0; b < num_blocks; b++) items += work_items(blocks[b], heads);
    /* They differ in their keys, so a piece is one. */
    run_each(team, items, 1, [&](int64_t item, int) {
        int b = 0;
        while (item >= work_items(blocks[b], heads)) item -= work_items(blocks[b++], heads);
        const int first = static_cast<int>(item) / heads * TILE_QUERIES;
        const int queries = blocks[b].rows - first < TILE_QUERIES ? blocks[b].rows - first : TILE_QUERIES;
        attend(blocks[b], first, queries, segments, heads, head_size, static_cast<int>(item) % heads, layer, q, type,
               out);
    });
}
