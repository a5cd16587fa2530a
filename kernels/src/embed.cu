/* Sums of embeddings: a row of the residual stream a token, a warp a text token, a block a token of a grid. */
#include "grid.cuh"
#include "normalize.cuh"
#include "ragged.cuh"
#include "shared/positions.h"
#include "stream.cuh"

namespace {

constexpr int kThreads = 128;

__global__ void __launch_bounds__(kThreads)
    embed_text(int tokens, int hidden, const int32_t* ids, const int32_t* positions, const int32_t* token_rows,
               const float* word, int vocab, const float* position, int max_positions, const float* type0,
               const float* weight, const float* bias, float eps, const float* modality0, float* x, TableFault* fault) {
    wait_for_earlier_kernels();
    const int t = static_cast<int>(blockIdx.x) * (kThreads / kWarp) + warp_id();
    if (t >= tokens) return;
    const int id = ids[t];
    const int at = positions[t];
    const Verdict verdict = check_token(id, vocab, at, max_positions, token_rows[t]);
    if (verdict.rule != kValid) {
        if (lane_id() == 0) report(fault, kOperation_embed_text, t, verdict);
        return;
    }
    const float* w = word + static_cast<int64_t>(id) * hidden;
    const float* p = position + static_cast<int64_t>(at) * hidden;
    float* row = x + static_cast<int64_t>(token_rows[t]) * hidden;
    normalize_row(
        hidden, eps, [&](int i) { return w[i] + p[i] + type0[i]; },
        [&](int i, float v) { row[i] = v * weight[i] + bias[i] + modality0[i]; });
}

struct Embeddings {
    const float* patches;
    const int32_t* indices;
    const float* cls;
    const float* position; /* [REG]'s, then the grid */
    int position_grid;
    const float* modality1;
    const float* scales;
    const float* constant;
};

/* Tokens of a valid grid's segment, none of another. */
__device__ __forceinline__ int64_t valid_tokens(const sf_grid& grid) {
    return check_grid(grid).rule == kValid ? tokens_of(grid) : 0;
}

__global__ void __launch_bounds__(kThreads) embed_patches(const sf_grid* grids, int num_grids, int max_patches,
                                                          int hidden, Embeddings e, float* x, TableFault* fault) {
    wait_for_earlier_kernels();
    if (blockIdx.x == 0) check_grids(grids, num_grids, max_patches, kOperation_embed_patches, fault);
    const RaggedTile tile = find_tile(blockIdx.x, num_grids, [&](int g) { return valid_tokens(grids[g]); });
    if (tile.item < 0) return;
    const sf_grid grid = grids[tile.item];
    const float* scale = e.scales + static_cast<int64_t>(grid.scale) * hidden;
    float* row = x + (static_cast<int64_t>(grid.token_row) + tile.offset) * hidden;
    const int first = static_cast<int>(threadIdx.x);
    if (tile.offset == 0) {
        for (int i = first; i < hidden; i += kThreads) row[i] = e.cls[i] + e.position[i] + e.modality1[i] + scale[i];
        return;
    }
    if (tile.offset > grid.selected) {
        for (int i = first; i < hidden; i += kThreads) row[i] = e.constant[i] + e.modality1[i] + scale[i];
        return;
    }
    /* A call for no patches may have no array of them: a table that announces some is at fault. */
    if (e.patches == nullptr) return;
    const int patch = tile.offset - 1;
    const int index = e.indices[grid.mask + patch];
    const Verdict verdict = check_patch_index(grid, index);
    if (verdict.rule != kValid) {
        if (first == 0) report(fault, kOperation_embed_patches, tile.item, verdict);
        return;
    }
    const AxisPosition down = axis_position(index / grid.cols, grid.rows, e.position_grid);
    const AxisPosition across = axis_position(index % grid.cols, grid.cols, e.position_grid);
    const auto stored = [&](int r, int c) {
        return e.position + (1 + static_cast<int64_t>(r) * e.position_grid + c) * hidden;
    };
    const float* p00 = stored(down.low, across.low);
    const float* p01 = stored(down.low, across.high);
    const float* p10 = stored(down.high, across.low);
    const float* p11 = stored(down.high, across.high);
    const float* pixels = e.patches + (static_cast<int64_t>(grid.patch_row) + patch) * hidden;
    for (int i = first; i < hidden; i += kThreads) {
        const float upper = p00[i] + across.fraction * (p01[i] - p00[i]);
        const float lower = p10[i] + across.fraction * (p11[i] - p10[i]);
        row[i] = pixels[i] + (upper + down.fraction * (lower - upper)) + e.modality1[i] + scale[i];
    }
}

}  // namespace

int cuda::embed_text(sf_stream* stream, int tokens, int hidden, const int32_t* ids, const int32_t* positions,
                     const int32_t* token_rows, const float* word, int vocab, const float* position, int max_positions,
                     const float* type0, const float* weight, const float* bias, float eps, const float* modality0,
                     float* x) {
    return launch(stream, "sf_embed_text", ::embed_text, div_up(tokens, kThreads / kWarp), 1, kThreads, tokens, hidden,
                  ids, positions, token_rows, word, vocab, position, max_positions, type0, weight, bias, eps, modality0,
                  x, table_fault(stream));
}

int cuda::embed_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int hidden,
                        const float* patches, const int32_t* indices, const float* cls, const float* position,
                        int position_grid, const float* modality1, const float* scales, const float* constant,
                        float* x) {
    const Embeddings embeddings = {patches, indices, cls, position, position_grid, modality1, scales, constant};
    return launch(stream, "sf_embed_patches", ::embed_patches, max_patches + 2 * static_cast<int64_t>(num_grids), 1,
                  kThreads, grids, num_grids, max_patches, hidden, embeddings, x, table_fault(stream));
}
