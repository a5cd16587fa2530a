/*
 * y = activation(x weight^T + bias) in fp32. The weight lies in panels of PANEL outputs, [in][PANEL] each, so that a
 * tile of TILE_ROWS rows and a panel's outputs is kept in registers while it walks along the inputs: a vector of
 * weights is loaded for every TILE_ROWS multiply-adds with it. (The register tiling of Goto and van de Geijn 2008.)
 *
 * Few rows read every weight from memory for little arithmetic. So while a block of weights, which all rows pass over,
 * is worked on, the next one is prefetched, a share with each tile.
 */
#include "../panel_matmul.h"

#include "common.h"

#ifdef SF_PANEL_MATMUL

namespace cpu::SF_ISA {

enum { TILE_VECTORS = PANEL / WIDTH, TILE_ROWS = 6 };

/* Inputs of a block of weights: its [DEPTH][PANEL] floats stay in the second-level cache. */
enum { DEPTH = 768 };

/* The most rows that pass over a block together: few enough that both stay in that cache, with the next block. */
enum { ROW_BLOCK = 28 * TILE_ROWS };

/* Cache lines of a row of a block. */
enum { PANEL_LINES = PANEL * 4 / 64 };

/* erfc(z) for z >= 0, to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
static inline vfloat erfc_nonnegative(vfloat z) {
    const vfloat t = 1.0f / (1.0f + 0.3275911f * z);
    vfloat p = splat(1.061405429f);
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    return p * t * exp_nonpositive(-z * z);
}

static inline vfloat activate(vfloat v, int activation) {
    const vfloat size = vmax(v, -v);
    switch (activation) {
        case SF_RELU:
            return v < 0.0f ? vfloat{} : v;
        case SF_GELU: {
            /* 1 + erf(z) is erfc(-z): no digits are lost where v is negative. */
            const vfloat tail = erfc_nonnegative(size * 0.70710678118654752f);
            return 0.5f * v * (v < 0.0f ? tail : 2.0f - tail);
        }
        case SF_SIGMOID: {
            const vfloat e = exp_nonpositive(-size);
            return (v < 0.0f ? e : splat(1.0f)) / (1.0f + e);
        }
        default:
            return v;
    }
}

/* A block of weights and what passes over it. */
struct WeightBlock {
    const float* weights; /* [depth][PANEL] */
    int depth;
    const float* ahead; /* what is worked on next */
    const float* bias;  /* of the panel's outputs when the block is their first and there is one, otherwise NULL */
    bool first;         /* the first of its panel: sums begin */
    bool last;          /* the last: sums end */
    int outputs;        /* of the panel */
    int activation;
    int y_type; /* of the sums' end; sums on the way are fp32 */
};

/* The first n numbers of a vector, or all of it; what follows them is not touched. */
static inline vfloat load_some(const float* p, int n) {
    if (n >= WIDTH) return load(p);
    float part[WIDTH] = {};
    memcpy(part, p, static_cast<size_t>(n) * sizeof(float));
    return load(part);
}

static inline void store_some(int type, void* out, size_t offset, vfloat v, int n) {
    if (type == SF_F32 && n >= WIDTH) {
        store(static_cast<float*>(out) + offset, v);
        return;
    }
    float part[WIDTH];
    store(part, v);
    store_as(type, out, offset, part, n < WIDTH ? n : WIDTH);
}

template <int ROWS, int VECTORS>
static inline void multiply_add(const float* x, size_t x_stride, const float* weights, int k,
                                vfloat (*acc)[TILE_VECTORS]) {
    vfloat w[VECTORS];
    for (int v = 0; v < VECTORS; v++) w[v] = load(weights + static_cast<size_t>(k) * PANEL + WIDTH * v);
    for (int i = 0; i < ROWS; i++) {
        const vfloat factor = splat(x[static_cast<size_t>(i) * x_stride + static_cast<size_t>(k)]);
        for (int v = 0; v < VECTORS; v++) acc[i][v] += factor * w[v];
    }
}

/* A tile of rows against a block; the first `lines` cache lines from `ahead` on are prefetched. */
template <int ROWS, int VECTORS>
static void tile(const WeightBlock& block, const float* x, size_t x_stride, const float* ahead, int lines, void* y,
                 size_t y_offset, size_t y_stride) {
    vfloat acc[ROWS][TILE_VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        const int here = block.outputs - WIDTH * v;
        vfloat start = {};
        if (block.bias != nullptr) start = load_some(block.bias + WIDTH * v, here);
        for (int i = 0; i < ROWS; i++) {
            if (!block.first) {
                start =
                    load_some(static_cast<float*>(y) + y_offset + static_cast<size_t>(i) * y_stride + WIDTH * v, here);
            }
            acc[i][v] = start;
        }
    }
    int k = 0;
    for (; k < lines; k++) {
        __builtin_prefetch(ahead + static_cast<size_t>(k) * 16, 0, 3);
        multiply_add<ROWS, VECTORS>(x, x_stride, block.weights, k, acc);
    }
    for (; k < block.depth; k++) multiply_add<ROWS, VECTORS>(x, x_stride, block.weights, k, acc);
    if (block.last && block.activation != SF_IDENTITY) {
        for (int i = 0; i < ROWS; i++)
            for (int v = 0; v < VECTORS; v++) acc[i][v] = activate(acc[i][v], block.activation);
    }
    for (int i = 0; i < ROWS; i++) {
        for (int v = 0; v < VECTORS; v++) {
            const size_t to = y_offset + static_cast<size_t>(i) * y_stride + static_cast<size_t>(WIDTH * v);
            store_some(block.y_type, y, to, acc[i][v], block.outputs - WIDTH * v);
        }
    }
}

/* Rows against a block, tile by tile. */
template <int VECTORS>
static void tiles(const WeightBlock& block, int rows, const float* x, size_t x_stride, void* y, size_t y_offset,
                  size_t y_stride) {
    static constexpr decltype(&tile<1, VECTORS>) tile_of_rows[TILE_ROWS + 1] = {
        nullptr,          tile<1, VECTORS>, tile<2, VECTORS>, tile<3, VECTORS>,
        tile<4, VECTORS>, tile<5, VECTORS>, tile<6, VECTORS>};
    const int count = div_up(rows, TILE_ROWS);
    const int64_t lines = (static_cast<int64_t>(block.depth) * PANEL_LINES + count - 1) / count;
    const int each = lines < block.depth ? static_cast<int>(lines) : block.depth;
    for (int t = 0; t < count; t++) {
        const size_t row = static_cast<size_t>(t) * TILE_ROWS;
        const int left = rows - t * TILE_ROWS;
        tile_of_rows[left < TILE_ROWS ? left : TILE_ROWS](
            block, x + row * x_stride, x_stride, block.ahead + static_cast<size_t>(t) * static_cast<size_t>(each) * 16,
            each, y, y_offset + row * y_stride, y_stride);
    }
}

/* Rows against all blocks of a panel. `next` is the panel that is worked on after it. */
static void panel_product(const PanelProduct& task, int panel, int next, int first_row, int rows) {
    static constexpr decltype(&tiles<1>) tiles_of_vectors[TILE_VECTORS + 1] = {nullptr, tiles<1>, tiles<2>, tiles<3>,
                                                                               tiles<4>};
    const auto in = static_cast<size_t>(task.in);
    const float* weights = task.panels + static_cast<size_t>(panel) * in * PANEL;
    const float* x = task.x + static_cast<size_t>(first_row) * in;
    const auto out = static_cast<size_t>(task.out);
    const size_t y_offset = static_cast<size_t>(first_row) * out + static_cast<size_t>(panel) * PANEL;
    /* Sums on the way lie in y, which has room for them when it is fp32. */
    const int depth = task.y_type == SF_F32 ? static_cast<int>(DEPTH) : task.in;
    const int outputs = task.out - panel * PANEL < PANEL ? task.out - panel * PANEL : PANEL;
    for (int64_t k = 0; k < task.in; k += depth) {
        WeightBlock block = {};
        block.first = k == 0;
        block.last = k + depth >= task.in;
        block.depth = block.last ? task.in - static_cast<int>(k) : depth;
        block.weights = weights + static_cast<size_t>(k) * PANEL;
        block.ahead = block.last ? task.panels + static_cast<size_t>(next) * in * PANEL
                                 : block.weights + static_cast<size_t>(depth) * PANEL;
        block.bias = block.first && task.bias != nullptr ? task.bias + panel * PANEL : nullptr;
        block.outputs = outputs;
        block.activation = task.activation;
        block.y_type = task.y_type;
        tiles_of_vectors[(outputs + WIDTH - 1) / WIDTH](block, rows, x + k, in, task.y, y_offset, out);
    }
}

/*
 * A piece of work is a block of rows with a panel; those of a block of rows follow each other, as its inputs are then
 * in a cache. The blocks are of one size, so that the pieces are. A thread has neighbouring pieces, until it takes
 * another's.
 */
void panel_matmul(const PanelProduct& task, Team* team) {
    const int panels = div_up(task.out, PANEL);
    const int row_blocks = div_up(task.rows, ROW_BLOCK);
    const int block = round_up(div_up(task.rows, row_blocks), TILE_ROWS);
    const bool parallel = static_cast<int64_t>(task.rows) * task.out * task.in >= PARALLEL_MULTIPLY_ADDS;
    const int64_t pieces = static_cast<int64_t>(panels) * row_blocks;
    run_each(team, pieces, parallel ? 1 : pieces, [&](int64_t piece, int) {
        const int first_row = static_cast<int>(piece / panels) * block;
        const int rows = task.rows - first_row < block ? task.rows - first_row : block;
        const int64_t next = piece + 1 < pieces ? piece + 1 : piece;
        panel_product(task, static_cast<int>(piece % panels), static_cast<int>(next % panels), first_row, rows);
    });
}

}  // namespace cpu::SF_ISA

#endif
