/*
 * Packing of a batch whose size only the device knows, so that the host need not wait between two scales.
 *
 * One block of threads. All of them go through the segments twice: first for the sums of rows and patches, by which a
 * launch size is chosen, then to write each segment's entries, which they share among them. A segment's place follows
 * from all before it; the batch of a single image has a handful, for which a walk takes less than a scan. Nothing is
 * written before everything was found to fit, so a table at fault leaves the work behind the switch without a body; nor
 * behind the switches after it, since what they work on would be what an earlier call left.
 */
#include <limits.h>

#include "scanformer_cuda.h"
#include "stream.cuh"
#include "table_faults.cuh"

static_assert(sizeof(sf_batch_segment) == 24, "Java writes rows of 24 bytes");

namespace {

constexpr int kThreads = 256;
/* So that the rows of a step of all threads are far from an int's end. */
constexpr int kMostBlockRows = 1 << 16;

struct LaunchSizes {
    int count;
    int rows[SF_MAX_LAUNCH_SIZES];
    int patches[SF_MAX_LAUNCH_SIZES];
};

struct Packing {
    const sf_batch_segment* batch;
    int num_batch;
    const int32_t* selected;
    sf_kv_segment* segments;
    int num_segments;
    sf_kv_append* appends;
    sf_query_block* blocks;
    int block_rows;
    int32_t* counts;
    int32_t* token_rows;
    int32_t* patch_rows;
    sf_query_block* reg_blocks;
    int32_t* reg_rows;
    int num_regs;
};

/* A segment of the batch, and what it adds to it. */
struct Part {
    sf_batch_segment segment;
    int tokens;
    int patches;
    int discarded;
    int token_row; /* among those of its scale */
};

__device__ __forceinline__ sf_grid* grid_at(uint64_t address) { return reinterpret_cast<sf_grid*>(address); }

/* Reads a segment, and nothing of what this kernel writes. */
__device__ Verdict read_part(const Packing& packing, int i, Part& part) {
    part.segment = packing.batch[i];
    const sf_batch_segment& segment = part.segment;
    if (segment.segment_begin < 0 || segment.segment < segment.segment_begin ||
        segment.segment >= packing.num_segments) {
        return {kBlockSegments, static_cast<int64_t>(segment.segment) + 1, packing.num_segments};
    }
    if (segment.grid == 0 || segment.grid % alignof(sf_grid) != 0) {
        return {kGridOffset, static_cast<int64_t>(segment.grid), alignof(sf_grid)};
    }
    sf_grid grid = *grid_at(segment.grid);
    if (packing.selected != nullptr) {
        grid.selected = packing.selected[i];
        grid.patch_row = 0;
        grid.token_row = 0;
    }
    const Verdict verdict = check_grid(grid);
    if (verdict.rule != kValid) return verdict;
    const int64_t tokens = tokens_of(grid);
    if (tokens > segment.capacity) return {kAppendRange, tokens, segment.capacity};
    part.tokens = static_cast<int>(tokens);
    part.patches = grid.selected;
    part.discarded = patches_of(grid) - grid.selected;
    part.token_row = grid.token_row;
    return valid_row();
}

/* The first size that holds a batch; their number if none does. */
__device__ __forceinline__ int choose_size(const LaunchSizes& sizes, int64_t rows, int64_t patches) {
    int size = 0;
    while (size < sizes.count && (sizes.rows[size] < rows || sizes.patches[size] < patches)) size++;
    return size;
}

/* Where the next segment begins. */
struct Place {
    int row;
    int patch;
    int block;
};

/* All threads write a segment's entries, one of them its rows in the tables. */
__device__ void write_part(const Packing& packing, int i, const Part& part, const Place& place) {
    const sf_batch_segment& segment = part.segment;
    const int first = static_cast<int>(threadIdx.x);
    if (first == 0) {
        sf_kv_segment& own = packing.segments[segment.segment];
        packing.appends[i] = {own.kv, own.layer_stride, place.row, part.tokens, 0, segment.capacity};
        if (packing.selected != nullptr) {
            own.tokens = part.tokens;
            sf_grid* grid = grid_at(segment.grid);
            grid->selected = part.patches;
            grid->patch_row = place.patch;
            grid->token_row = part.token_row;
        }
        const int reg = i - (packing.num_batch - packing.num_regs);
        if (reg >= 0) {
            packing.reg_rows[reg] = place.row;
            packing.reg_blocks[reg] = {place.row, reg, 1, segment.segment_begin, segment.segment + 1, 0};
        }
    }
    for (int t = first; t < part.tokens; t += kThreads) {
        const bool constant = part.discarded > 0 && t == part.tokens - 1;
        packing.counts[place.row + t] = constant ? part.discarded : 1;
        if (packing.token_rows != nullptr) packing.token_rows[place.row + t] = segment.row + part.token_row + t;
    }
    if (packing.patch_rows != nullptr) {
        for (int p = first; p < part.patches; p += kThreads) packing.patch_rows[place.patch + p] = place.row + 1 + p;
    }
    for (int begin = first * packing.block_rows, b = first; begin < part.tokens;
         begin += kThreads * packing.block_rows, b += kThreads) {
        const int left = part.tokens - begin;
        packing.blocks[place.block + b] = {
            place.row + begin,     place.row + begin,   left < packing.block_rows ? left : packing.block_rows,
            segment.segment_begin, segment.segment + 1, 0};
    }
}

/* The entries that rounding adds. */
__device__ void write_rest(const Packing& packing, const Place& end, int rows, int patches) {
    const int first = static_cast<int>(threadIdx.x);
    const int blocks = rows / packing.block_rows + packing.num_batch;
    for (int b = end.block + first; b < blocks; b += kThreads) packing.blocks[b] = {0, 0, 0, 0, 1, 0};
    if (packing.token_rows != nullptr) {
        for (int t = end.row + first; t < rows; t += kThreads) packing.token_rows[t] = 0;
    }
    if (packing.patch_rows != nullptr) {
        for (int p = end.patch + first; p < patches; p += kThreads) packing.patch_rows[p] = 0;
    }
}

__global__ void __launch_bounds__(kThreads)
    pack_batch(Packing packing, LaunchSizes sizes, uint64_t condition, TableFault* fault) {
    wait_for_earlier_kernels();
    /* In the host's memory, which is far: read now, and needed after the first walk. */
    const bool in_vain = found_before(fault);
    const bool speaks = threadIdx.x == 0;
    int64_t rows = 0, patches = 0;
    int faulty = -1;
    Verdict verdict = valid_row();
    for (int i = 0; i < packing.num_batch && faulty < 0; i++) {
        Part part = {};
        verdict = read_part(packing, i, part);
        if (verdict.rule != kValid) {
            faulty = i;
        } else {
            rows += part.tokens;
            patches += part.patches;
        }
    }
    int size = sizes.count;
    if (faulty < 0 && !in_vain) {
        size = choose_size(sizes, rows, patches);
        if (size == sizes.count) {
            faulty = packing.num_batch;
            const int most_rows = sizes.rows[size - 1], most_patches = sizes.patches[size - 1];
            verdict = {kTooMany, rows > most_rows ? rows : patches, rows > most_rows ? most_rows : most_patches};
        }
    }
    if (speaks && condition != 0) set_condition(condition, static_cast<unsigned>(size));
    if (size == sizes.count) {
        if (speaks && !in_vain) report(fault, kOperation_pack_batch, faulty, verdict);
        return;
    }
    Place place = {0, 0, 0};
    for (int i = 0; i < packing.num_batch; i++) {
        Part part;
        (void)read_part(packing, i, part);
        if (packing.selected != nullptr) part.token_row = place.row;
        /* Its grid is written next. */
        __syncthreads();
        write_part(packing, i, part, place);
        place.row += part.tokens;
        place.patch += part.patches;
        place.block += (part.tokens + packing.block_rows - 1) / packing.block_rows;
    }
    write_rest(packing, place, sizes.rows[size], sizes.patches[size]);
}

}  // namespace

int sf_pack_batch(sf_stream* stream, const sf_batch_segment* batch, int num_batch, const int32_t* selected,
                  sf_kv_segment* segments, int num_segments, const int32_t* sizes, int num_sizes, uint64_t condition,
                  sf_kv_append* appends, sf_query_block* blocks, int block_rows, int32_t* counts, int32_t* token_rows,
                  int32_t* patch_rows, sf_query_block* reg_blocks, int32_t* reg_rows, int num_regs) {
    const char* operation = "sf_pack_batch";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (num_batch < 1 || num_segments < 1 || num_sizes < 1 || num_sizes > SF_MAX_LAUNCH_SIZES || block_rows < 1 ||
        block_rows > kMostBlockRows || num_regs < 0 || num_regs > num_batch) {
        return fail(
            stream, SF_INVALID_ARGUMENT,
            "%s: expected segments in the batch and in their table, 1 to %d sizes, query blocks of 1 to %d rows "
            "and at most as many regs as segments in the batch, found %d, %d, %d, %d and %d",
            operation, SF_MAX_LAUNCH_SIZES, kMostBlockRows, num_batch, num_segments, num_sizes, block_rows, num_regs);
    }
    status = check_arrays(stream, operation, batch, segments, sizes, appends, blocks, counts);
    if (status == SF_OK) status = check_alignment(stream, operation, selected, token_rows, patch_rows);
    if (status == SF_OK && num_regs > 0) status = check_arrays(stream, operation, reg_blocks, reg_rows);
    if (status != SF_OK) return status;
    LaunchSizes launch_sizes = {};
    launch_sizes.count = num_sizes;
    for (int i = 0; i < num_sizes; i++) {
        launch_sizes.rows[i] = sizes[2 * i];
        launch_sizes.patches[i] = sizes[2 * i + 1];
    }
    const Packing packing = {batch,      num_batch, selected,   segments,   num_segments, appends,  blocks,
                             block_rows, counts,    token_rows, patch_rows, reg_blocks,   reg_rows, num_regs};
    return launch(stream, operation, pack_batch, 1, 1, kThreads, packing, launch_sizes, condition, table_fault(stream));
}
