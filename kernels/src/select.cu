/*
 * Selection of the next scale's patches, one block a request. The children of selected parents whose logit is above the
 * bound are candidates. When there are more of them than may be selected, a radix search over their logits, eight bits
 * a step, finds the least logit that is selected; among those equal to it the lower indices win, found by a walk over
 * the grid in order. No sort, and the same result from run to run.
 */
#include "shared/radix.h"
#include "stream.cuh"
#include "table_faults.cuh"

namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;

struct SelectShared {
    Cell<int> invalid; /* patch indices out of range */
    Cell<int> histogram[256];
    Cell<int> totals[kWarps];
    Cell<int> candidates;
    Cell<uint32_t> prefix;
    Cell<int> wanted;
};

/* Orders floats as unsigned integers; negative zero as zero, since they are equal. */
__device__ __forceinline__ uint32_t sortable(float v) { return sortable_bits(__float_as_uint(v == 0.0f ? 0.0f : v)); }

/* Reports the parent's patch indices that are out of range, and returns whether there are any, to all threads. */
__device__ __forceinline__ bool has_invalid_index(const sf_grid& parent, const int32_t* indices, TableFault* fault,
                                                  SelectShared& shared) {
    for (int i = static_cast<int>(threadIdx.x); i < parent.selected; i += kThreads) {
        const Verdict verdict = check_patch_index(parent, indices[parent.mask + i]);
        if (verdict.rule != kValid) {
            report(fault, kOperation_select_patches, static_cast<int>(blockIdx.x), verdict);
            atomic_add(&shared.invalid, 1);
        }
    }
    __syncthreads();
    return shared.invalid > 0;
}

/* Calls body(logit, child's index) for each child of a selected parent that falls to this thread. */
template <typename Body>
__device__ __forceinline__ void each_child(const sf_grid& parent, const sf_grid& child, const float* logits,
                                           const int32_t* indices, const Body& body) {
    const float* from = logits + 4 * static_cast<int64_t>(parent.patch_row);
    for (int i = static_cast<int>(threadIdx.x); i < 4 * parent.selected; i += kThreads) {
        const int index = indices[parent.mask + i / 4];
        const int row = 2 * (index / parent.cols) + i % 4 / 2;
        const int col = 2 * (index % parent.cols) + i % 2;
        body(from[i], row * child.cols + col);
    }
}

/* What a child's mask holds while ties are open. */
constexpr uint8_t kTie = 2;

/* Of the children marked as ties the first `wanted` in row-major order stay. */
__device__ void settle_ties(uint8_t* mask, int total, int wanted, SelectShared& shared) {
    int seen = 0;
    for (int first = 0; first < total; first += kThreads) {
        const int index = first + static_cast<int>(threadIdx.x);
        const bool tie = index < total && mask[index] == kTie;
        const unsigned votes = __ballot_sync(kFullMask, tie);
        if (lane_id() == 0) shared.totals[warp_id()] = __popc(votes);
        __syncthreads();
        int place = seen;
        for (int w = 0; w < kWarps; w++) {
            const int of_warp = shared.totals[w];
            if (w < warp_id()) place += of_warp;
            seen += of_warp;
        }
        place += __popc(votes & ((1u << lane_id()) - 1u));
        if (tie) mask[index] = place < wanted ? 1 : 0;
        __syncthreads();
    }
}

__global__ void __launch_bounds__(kThreads)
    select_patches(const sf_grid* parents, const sf_grid* children, const float* logits, const int32_t* indices,
                   uint8_t* mask, TableFault* fault) {
    wait_for_earlier_kernels();
    SelectShared& shared = block_shared<SelectShared>();
    const sf_grid parent = parents[blockIdx.x];
    const sf_grid child = children[blockIdx.x];
    const Verdict verdict = check_children(parent, child, logits != nullptr);
    if (verdict.rule != kValid) {
        if (threadIdx.x == 0) report(fault, kOperation_select_patches, static_cast<int>(blockIdx.x), verdict);
        return;
    }
    if (child.max_selected == SF_GIVEN) return;
    if (threadIdx.x == 0) {
        shared.invalid = 0;
        shared.candidates = 0;
        shared.prefix = 0;
        shared.wanted = child.max_selected;
    }
    __syncthreads();
    if (has_invalid_index(parent, indices, fault, shared)) return;
    const int total = patches_of(child);
    uint8_t* to = mask + child.mask;
    for (int i = static_cast<int>(threadIdx.x); i < total; i += kThreads) to[i] = 0;
    __syncthreads();
    each_child(parent, child, logits, indices, [&](float logit, int index) {
        if (logit > child.logit_bound) {
            to[index] = 1;
            atomic_add(&shared.candidates, 1);
        }
    });
    __syncthreads();
    if (shared.candidates <= child.max_selected) return;

    /* The key of the last one selected, from its highest bits down. */
    for (int shift = 24; shift >= 0; shift -= 8) {
        shared.histogram[threadIdx.x] = 0;
        __syncthreads();
        const uint32_t prefix = shared.prefix;
        const uint32_t known = known_bits(shift);
        each_child(parent, child, logits, indices, [&](float logit, int) {
            const uint32_t key = sortable(logit);
            if (logit > child.logit_bound && (key & known) == prefix) {
                atomic_add(&shared.histogram[key >> shift & 255u], 1);
            }
        });
        __syncthreads();
        if (threadIdx.x == 0) {
            int wanted = shared.wanted;
            const int digit = digit_of(shared.histogram, wanted);
            shared.wanted = wanted;
            shared.prefix = prefix | static_cast<uint32_t>(digit) << shift;
        }
        __syncthreads();
    }
    const uint32_t last = shared.prefix;
    each_child(parent, child, logits, indices, [&](float logit, int index) {
        if (logit > child.logit_bound) {
            const uint32_t key = sortable(logit);
            to[index] = key > last ? 1 : key == last ? kTie : 0;
        }
    });
    __syncthreads();
    settle_ties(to, total, shared.wanted, shared);
}

}  // namespace

int cuda::select_patches(sf_stream* stream, const sf_grid* parents, const sf_grid* children, int num_requests,
                         const float* logits, const int32_t* indices, uint8_t* mask) {
    return launch(stream, "sf_select_patches", ::select_patches, num_requests, 1, kThreads, parents, children, logits,
                  indices, mask, table_fault(stream));
}
