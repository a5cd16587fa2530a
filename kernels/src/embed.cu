/* Sums of embeddings: a row of the residual stream a token, a warp a text token, a block a token of a grid. */
#include "grid.cuh"
#include "normalize.cuh"

namespace {

constexpr int kThreads = 128;
constexpr int kMaxColumns = 4096;

__global__ void __launch_bounds__(kThreads)
    embed_text(int tokens, int hidden, const int32_t* ids, const int32_t* positions, const int32_t* token_rows,
               const float* word, int vocab, const float* position, int max_positions, const float* type0,
               const float* weight, const float* bias, float eps, const float* modality0, float* x, Fault* fault) {
    const int t = static_cast<int>(blockIdx.x) * (kThreads / kWarp) + warp_id();
    if (t >= tokens) return;
    const int id = ids[t];
    const int at = positions[t];
    if (id < 0 || id >= vocab || at < 0 || at >= max_positions || token_rows[t] < 0) {
        if (lane_id() == 0) report(fault, kFaultText, t, id, vocab);
        return;
    }
    const float* w = word + static_cast<int64_t>(id) * hidden;
    const float* p = position + static_cast<int64_t>(at) * hidden;
    float* row = x + static_cast<int64_t>(token_rows[t]) * hidden;
    normalize_row(
        hidden, eps, [&](int i) { return w[i] + p[i] + type0[i]; },
        [&](int i, float v) { row[i] = v * weight[i] + bias[i] + modality0[i]; });
}

/* Where output i of n falls between the stored positions of one axis, corners on corners. */
struct AxisPosition {
    int low;
    int high;
    float fraction;
};

/* In integers: i (stored - 1) / (n - 1) is its quotient and the remainder over n - 1. */
__device__ __forceinline__ AxisPosition axis_position(int i, int n, int stored) {
    if (n == 1) return {0, 0, 0.0f};
    const int64_t scaled = static_cast<int64_t>(i) * (stored - 1);
    const int low = static_cast<int>(scaled / (n - 1));
    const int high = low + 1 < stored ? low + 1 : low;
    return {low, high, static_cast<float>(scaled % (n - 1)) / static_cast<float>(n - 1)};
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

/* A segment's tokens: [REG], its selected patches, and the constant when a patch is discarded. */
__device__ __forceinline__ int tokens_of(const sf_grid& grid) {
    return valid_grid(grid) ? 1 + grid.selected + (grid.selected < patches_of(grid) ? 1 : 0) : 0;
}

__global__ void __launch_bounds__(kThreads) embed_patches(const sf_grid* grids, int num_grids, int max_patches,
                                                          int hidden, Embeddings e, float* x, Fault* fault) {
    if (blockIdx.x == 0) check_grids(grids, num_grids, max_patches, fault);
    const Piece piece = find_piece(static_cast<int>(blockIdx.x), num_grids, [&](int g) { return tokens_of(grids[g]); });
    if (piece.item < 0) return;
    const sf_grid grid = grids[piece.item];
    const float* scale = e.scales + static_cast<int64_t>(grid.scale) * hidden;
    float* row = x + (static_cast<int64_t>(grid.token_row) + piece.offset) * hidden;
    const int first = static_cast<int>(threadIdx.x);
    if (piece.offset == 0) {
        for (int i = first; i < hidden; i += kThreads) row[i] = e.cls[i] + e.position[i] + e.modality1[i] + scale[i];
        return;
    }
    if (piece.offset > grid.selected) {
        for (int i = first; i < hidden; i += kThreads) row[i] = e.constant[i] + e.modality1[i] + scale[i];
        return;
    }
    const int patch = piece.offset - 1;
    const int index = e.indices[grid.mask + patch];
    if (index < 0 || index >= patches_of(grid)) {
        if (first == 0) report(fault, kFaultGrid, piece.item, index, patches_of(grid));
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

int sf_embed_text(sf_stream* stream, int tokens, int hidden, const int32_t* ids, const int32_t* positions,
                  const int32_t* token_rows, const float* word, int vocab, const float* position, int max_positions,
                  const float* type0, const float* weight, const float* bias, float eps, const float* modality0,
                  float* x) {
    const char* operation = "sf_embed_text";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (tokens < 0 || hidden < 1 || hidden > kMaxColumns) {
        return invalid(stream, operation, number(tokens) + " tokens of size " + number(hidden));
    }
    if (tokens == 0) return SF_OK;
    if (any_null({ids, positions, token_rows, word, position, type0, weight, bias, modality0, x})) {
        return invalid(stream, operation, "NULL argument");
    }
    return launch(stream, operation, embed_text, div_up(tokens, kThreads / kWarp), 1, kThreads, tokens, hidden, ids,
                  positions, token_rows, word, vocab, position, max_positions, type0, weight, bias, eps, modality0, x,
                  stream->fault);
}

int sf_embed_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int hidden,
                     const float* patches, const int32_t* indices, const float* cls, const float* position,
                     int position_grid, const float* modality1, const float* scales, const float* constant, float* x) {
    const char* operation = "sf_embed_patches";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_grids < 0 || max_patches < 0 || hidden < 1 || position_grid < 1) {
        return invalid(stream, operation,
                       number(num_grids) + " grids of " + number(max_patches) + " patches, size " + number(hidden) +
                           ", position grid " + number(position_grid));
    }
    if (num_grids == 0) return SF_OK;
    if (any_null({grids, indices, cls, position, modality1, scales, constant, x}) ||
        (max_patches > 0 && patches == nullptr)) {
        return invalid(stream, operation, "NULL argument");
    }
    const Embeddings embeddings = {patches, indices, cls, position, position_grid, modality1, scales, constant};
    return launch(stream, operation, embed_patches, static_cast<int64_t>(max_patches) + 2 * num_grids, 1, kThreads,
                  grids, num_grids, max_patches, hidden, embeddings, x, stream->fault);
}
