/* Grids in device memory. */
#ifndef SCANFORMER_GRID_CUH
#define SCANFORMER_GRID_CUH

#include "table_faults.cuh"

/* Selected patches of a valid grid, none of another. */
__device__ __forceinline__ int valid_selected(const sf_grid& grid) {
    return check_grid(grid).rule == kValid ? grid.selected : 0;
}

/* One warp reports a grid that is not valid, or more patches than were launched for. */
__device__ __forceinline__ void check_grids(const sf_grid* grids, int num_grids, int max_patches, Operation operation,
                                            TableFault* fault) {
    check_table(
        num_grids, max_patches, fault, operation, [&](int g) { return check_grid(grids[g]); },
        [&](int g) { return grids[g].selected; });
}

#endif
