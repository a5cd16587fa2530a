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

/* One block looks through the grids and reports one that makes no sense, or more patches than were launched for. */
__device__ __forceinline__ void check_grids(const sf_grid* grids, int num_grids, int max_patches, Fault* fault) {
    check_table(num_grids, max_patches, fault, kFaultGrid, [&](int g) {
        const sf_grid& grid = grids[g];
        if (valid_grid(grid)) return grid.selected;
        report(fault, kFaultGrid, g, grid.selected, grid.rows * grid.cols);
        return 0;
    });
}

#endif
