/* Masked patch gather, first half: the indices of a mask's entries that are set, in row-major order. */
#include "common.h"

namespace cpu::SF_ISA {

int compact_patches(sf_stream*, const sf_grid* grids, int num_grids, const uint8_t* mask, int32_t* indices,
                    int32_t* counts) {
    for (int g = 0; g < num_grids; g++) {
        const int total = patches_of(grids[g]);
        const uint8_t* from = mask + grids[g].mask;
        int32_t* to = indices + grids[g].mask;
        int32_t count = 0;
        for (int i = 0; i < total; i++) {
            if (from[i] != 0) to[count++] = i;
        }
        counts[g] = count;
    }
    return SF_OK;
}

}  // namespace cpu::SF_ISA
