/*
 * Masked patch gather, second half: only the selected patches' pixels are read, as runs of one patch row each, and
 * written as one matrix row a patch.
 */
#include "common.h"

namespace cpu::SF_ISA {

static void gather_patch(const sf_grid& grid, int index, int patch, const float* canvas, int type, void* rows,
                         int out_row) {
    const size_t width = static_cast<size_t>(grid.cols) * static_cast<size_t>(patch);
    const size_t height = static_cast<size_t>(grid.rows) * static_cast<size_t>(patch);
    const size_t top = static_cast<size_t>(index / grid.cols) * static_cast<size_t>(patch);
    const size_t left = static_cast<size_t>(index % grid.cols) * static_cast<size_t>(patch);
    size_t out = static_cast<size_t>(out_row) * 3 * static_cast<size_t>(patch) * static_cast<size_t>(patch);
    for (size_t channel = 0; channel < 3; channel++) {
        const float* from = canvas + grid.canvas + (channel * height + top) * width + left;
        for (int y = 0; y < patch; y++) {
            store_as(type, rows, out, from, patch);
            from += width;
            out += static_cast<size_t>(patch);
        }
    }
}

int gather_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int, int patch, const float* canvas,
                   const int32_t* indices, int type, void* rows) {
    for (int g = 0; g < num_grids; g++) {
        const sf_grid& grid = grids[g];
        const bool parallel = static_cast<int64_t>(grid.selected) * 3 * patch * patch > PARALLEL_ELEMENTS;
        parallel_for(cpu_stream(stream)->team, grid.selected, parallel, [&](int64_t i, int) {
            gather_patch(grid, indices[grid.mask + i], patch, canvas, type, rows, grid.patch_row + static_cast<int>(i));
        });
    }
    return SF_OK;
}

}  // namespace cpu::SF_ISA
