/*
 * Masked patch gather.
 *
 * Compaction: one block a request walks its mask, 256 entries a step. A warp's ballot gives each lane the number of set
 * entries before it, the warps' totals give each warp its place: the indices come out in row-major order, and stay the
 * same from run to run.
 *
 * Gather: one block a selected patch, and only their pixels are read: four at a time where the patch's rows allow it,
 * written as one row of the patch projection's matrix in the type that it reads.
 */
#include "grid.cuh"
#include "ragged.cuh"
#include "stream.cuh"

namespace {

constexpr int kCompactThreads = 256;
constexpr int kCompactWarps = kCompactThreads / kWarp;
constexpr int kGatherThreads = 192;

struct CompactShared {
    Cell<int> totals[kCompactWarps];
};

__global__ void __launch_bounds__(kCompactThreads)
    compact_patches(const sf_grid* grids, const uint8_t* mask, int32_t* indices, int32_t* counts, TableFault* fault) {
    wait_for_earlier_kernels();
    CompactShared& shared = block_shared<CompactShared>();
    const sf_grid grid = grids[blockIdx.x];
    const Verdict verdict = check_grid_size(grid);
    if (verdict.rule != kValid) {
        if (threadIdx.x == 0) report(fault, kOperation_compact_patches, static_cast<int>(blockIdx.x), verdict);
        return;
    }
    const int total = patches_of(grid);
    const uint8_t* from = mask + grid.mask;
    int32_t* to = indices + grid.mask;
    int written = 0;
    for (int first = 0; first < total; first += kCompactThreads) {
        const int index = first + static_cast<int>(threadIdx.x);
        const bool set = index < total && from[index] != 0;
        const unsigned votes = __ballot_sync(kFullMask, set);
        if (lane_id() == 0) shared.totals[warp_id()] = __popc(votes);
        __syncthreads();
        int place = written;
        for (int w = 0; w < kCompactWarps; w++) {
            const int of_warp = shared.totals[w];
            if (w < warp_id()) place += of_warp;
            written += of_warp;
        }
        if (set) to[place + __popc(votes & ((1u << lane_id()) - 1u))] = index;
        /* The totals are written again in the next step. */
        __syncthreads();
    }
    if (threadIdx.x == 0) counts[blockIdx.x] = written;
}

/* A patch's row of the matrix, VECTOR pixels a thread and step. */
template <typename T, int VECTOR>
__device__ __forceinline__ void copy_patch(const float* corner, int64_t plane, int64_t width, int patch, T* to) {
    const int area = patch * patch;
    for (int i = static_cast<int>(threadIdx.x) * VECTOR; i < 3 * area; i += kGatherThreads * VECTOR) {
        const int channel = i / area;
        const int y = i % area / patch;
        const float* from = corner + channel * plane + y * width + i % patch;
        if (VECTOR == 4) {
            const float4 v = *reinterpret_cast<const float4*>(from);
            store4(to + i, {v.x, v.y, v.z, v.w});
        } else {
            to[i] = from_float<T>(from[0]);
        }
    }
}

template <typename T>
__global__ void __launch_bounds__(kGatherThreads)
    gather_patches(const sf_grid* grids, int num_grids, int max_patches, int patch, const float* canvas,
                   const int32_t* indices, T* rows, TableFault* fault) {
    wait_for_earlier_kernels();
    if (blockIdx.x == 0) check_grids(grids, num_grids, max_patches, kOperation_gather_patches, fault);
    const RaggedTile tile = find_tile(blockIdx.x, num_grids, [&](int g) { return valid_selected(grids[g]); });
    /* A call for no patches has no arrays: a table that announces some is at fault. */
    if (tile.item < 0 || max_patches == 0) return;
    const sf_grid grid = grids[tile.item];
    const int index = indices[grid.mask + tile.offset];
    const Verdict verdict = check_patch_index(grid, index);
    if (verdict.rule != kValid) {
        if (threadIdx.x == 0) report(fault, kOperation_gather_patches, tile.item, verdict);
        return;
    }
    const int64_t width = static_cast<int64_t>(grid.cols) * patch;
    const int64_t plane = static_cast<int64_t>(grid.rows) * patch * width;
    const float* corner =
        canvas + grid.canvas + static_cast<int64_t>(index / grid.cols) * patch * width + index % grid.cols * patch;
    T* to = rows + (static_cast<int64_t>(grid.patch_row) + tile.offset) * 3 * patch * patch;
    /* With patches of a multiple of 4 pixels, every place in a canvas is one of 4 floats from its start. */
    if (patch % 4 == 0 && reinterpret_cast<uintptr_t>(canvas + grid.canvas) % 16 == 0) {
        copy_patch<T, 4>(corner, plane, width, patch, to);
    } else {
        copy_patch<T, 1>(corner, plane, width, patch, to);
    }
}

}  // namespace

int cuda::compact_patches(sf_stream* stream, const sf_grid* grids, int num_grids, const uint8_t* mask, int32_t* indices,
                          int32_t* counts) {
    return launch(stream, "sf_compact_patches", ::compact_patches, num_grids, 1, kCompactThreads, grids, mask, indices,
                  counts, table_fault(stream));
}

int cuda::gather_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int patch,
                         const float* canvas, const int32_t* indices, int type, void* rows) {
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        /* One block checks the table in any case. */
        return launch(stream, "sf_gather_patches", ::gather_patches<T>, max_patches > 0 ? max_patches : 1, 1,
                      kGatherThreads, grids, num_grids, max_patches, patch, canvas, indices, static_cast<T*>(rows),
                      table_fault(stream));
    });
}
