/* Checks of a grid that lies in device memory, and of the arguments of operations on grids. */
#ifndef SCANFORMER_GRID_CUH
#define SCANFORMER_GRID_CUH

#include "stream.cuh"

__device__ __forceinline__ int patches_of(const sf_grid& grid) { return grid.rows * grid.cols; }

/* Whether rows, columns and the mask's place make sense. */
__device__ __forceinline__ bool valid_size(const sf_grid& grid) {
    return grid.rows >= 1 && grid.cols >= 1 && grid.mask >= 0 &&
           static_cast<int64_t>(grid.rows) * grid.cols <= 0x7fffffff;
}

__device__ __forceinline__ bool valid_grid(const sf_grid& grid) {
    return valid_size(grid) && grid.canvas >= 0 && grid.selected >= 0 && grid.selected <= patches_of(grid) &&
           grid.patch_row >= 0 && grid.token_row >= 0 && grid.scale >= 0;
}

/* Selected patches of a grid that makes sense, else none. */
__device__ __forceinline__ int valid_selected(const sf_grid& grid) { return valid_grid(grid) ? grid.selected : 0; }

/*
 * The number of selected patches in all, as far as it counts: one block looks through the table and reports a grid that
 * makes no sense, or more patches than were launched for.
 */
__device__ __forceinline__ void check_grids(const sf_grid* grids, int num_grids, int max_patches, Fault* fault) {
    int64_t total = 0;
    for (int g = static_cast<int>(threadIdx.x); g < num_grids; g += static_cast<int>(blockDim.x)) {
        if (!valid_grid(grids[g])) report(fault, kFaultGrid, g, grids[g].selected, grids[g].rows * grids[g].cols);
    }
    if (threadIdx.x == 0) {
        for (int g = 0; g < num_grids; g++) total += valid_selected(grids[g]);
        if (total > max_patches) report(fault, kFaultGrid, num_grids, static_cast<int>(total), max_patches);
    }
}

#endif
