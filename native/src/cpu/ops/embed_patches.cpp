/* The tokens of a scale's segment: a row of the residual stream for [REG], each selected patch and the constant token.
 */
#include "../../shared/positions.h"
#include "common.h"

namespace cpu::SF_ISA {

static void embed_patch(const sf_grid& grid, int index, int hidden, const float* patch, const float* grid_positions,
                        int position_grid, const float* modality1, const float* scale, float* row) {
    const AxisPosition y = axis_position(index / grid.cols, grid.rows, position_grid);
    const AxisPosition x = axis_position(index % grid.cols, grid.cols, position_grid);
    const size_t columns = static_cast<size_t>(hidden);
    const auto stored = [&](int r, int c) {
        return grid_positions +
               (static_cast<size_t>(r) * static_cast<size_t>(position_grid) + static_cast<size_t>(c)) * columns;
    };
    const float* p00 = stored(y.low, x.low);
    const float* p01 = stored(y.low, x.high);
    const float* p10 = stored(y.high, x.low);
    const float* p11 = stored(y.high, x.high);
    for (int i = 0; i < hidden; i++) {
        const float upper = p00[i] + x.fraction * (p01[i] - p00[i]);
        const float lower = p10[i] + x.fraction * (p11[i] - p10[i]);
        row[i] = patch[i] + (upper + y.fraction * (lower - upper)) + modality1[i] + scale[i];
    }
}

int embed_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int, int hidden, const float* patches,
                  const int32_t* indices, const float* cls, const float* position, int position_grid,
                  const float* modality1, const float* scales, const float* constant, float* x) {
    const size_t columns = static_cast<size_t>(hidden);
    for (int g = 0; g < num_grids; g++) {
        const sf_grid& grid = grids[g];
        const float* scale = scales + static_cast<size_t>(grid.scale) * columns;
        float* reg = x + static_cast<size_t>(grid.token_row) * columns;
        for (int i = 0; i < hidden; i++) reg[i] = cls[i] + position[i] + modality1[i] + scale[i];
        const bool parallel = static_cast<int64_t>(grid.selected) * hidden > PARALLEL_ELEMENTS;
        parallel_for(cpu_stream(stream)->team, grid.selected, parallel, [&](int64_t i, int) {
            embed_patch(grid, indices[grid.mask + i], hidden,
                        patches + static_cast<size_t>(grid.patch_row + i) * columns, position + columns, position_grid,
                        modality1, scale, reg + static_cast<size_t>(1 + i) * columns);
        });
        if (grid.selected < patches_of(grid)) {
            float* last = reg + static_cast<size_t>(1 + grid.selected) * columns;
            for (int i = 0; i < hidden; i++) last[i] = constant[i] + modality1[i] + scale[i];
        }
    }
    return SF_OK;
}

}  // namespace cpu::SF_ISA
