/* The way from a block's number to its tile of a ragged batch. */
#ifndef SCANFORMER_RAGGED_CUH
#define SCANFORMER_RAGGED_CUH

#include "warp.cuh"

/* A tile of a ragged batch: the item that it belongs to and its number in it; item is -1 past the last tile. */
struct RaggedTile {
    int item;
    int offset;
};

/*
 * Sums of the lanes up to this one, cut at `most`: a table at fault may announce more than an int holds. v is at most
 * `most`, which is at most 2^31.
 */
__device__ __forceinline__ unsigned warp_inclusive_sum(unsigned v, unsigned most) {
    for (int step = 1; step < kWarp; step *= 2) {
        const unsigned before = __shfl_up_sync(kFullMask, v, static_cast<unsigned>(step));
        if (lane_id() >= step) v = v + before < most ? v + before : most;
    }
    return v;
}

/*
 * Which item the tile of that number belongs to, when item i has tiles(i) of them, at most 2^31. All lanes of a warp
 * call it with the same number. 32 items a step: batches are small, and a table of sums would cost a launch of its own.
 */
template <typename Tiles>
__device__ __forceinline__ RaggedTile find_tile(unsigned number, int items, const Tiles& tiles) {
    /* Sums are of interest only up to the number: what is more is counted as one more. */
    const unsigned most = number + 1;
    unsigned before = 0;
    for (int first = 0; first < items; first += kWarp) {
        const int item = first + lane_id();
        const unsigned own = item < items ? static_cast<unsigned>(tiles(item)) : 0u;
        const unsigned end = before + warp_inclusive_sum(own < most ? own : most, most);
        const unsigned reached = __ballot_sync(kFullMask, end > number);
        if (reached != 0) {
            const int lane = __ffs(static_cast<int>(reached)) - 1;
            const unsigned begin = lane == 0 ? before : __shfl_sync(kFullMask, end, lane - 1);
            return {first + lane, static_cast<int>(number - begin)};
        }
        before = __shfl_sync(kFullMask, end, kWarp - 1);
    }
    return {-1, 0};
}

#endif
