/*
 * What the rows of tables must keep, for the host and for kernels. Sums and products of their numbers are taken in 64
 * bits: a row may hold anything.
 */
#ifndef SCANFORMER_TABLES_H
#define SCANFORMER_TABLES_H

#include "faults.h"

SF_SHARED Verdict valid_row() { return {kValid, 0, 0}; }

/* Patches of a grid whose size is valid. */
SF_SHARED int patches_of(const sf_grid& grid) { return grid.rows * grid.cols; }

/* Rows, columns and the mask's place. */
SF_SHARED Verdict check_grid_size(const sf_grid& grid) {
    const int64_t patches = static_cast<int64_t>(grid.rows) * grid.cols;
    if (grid.rows < 1 || grid.cols < 1 || patches > INT32_MAX) {
        return {kGridSize, grid.rows < 1 || grid.cols < 1 ? 0 : patches, INT32_MAX};
    }
    if (grid.mask < 0) return {kGridOffset, grid.mask, 0};
    return valid_row();
}

/* The same with what is known once its patches are selected. */
SF_SHARED Verdict check_grid(const sf_grid& grid) {
    const Verdict size = check_grid_size(grid);
    if (size.rule != kValid) return size;
    if (grid.canvas < 0) return {kGridOffset, grid.canvas, 0};
    if (grid.selected < 0 || grid.selected > patches_of(grid)) return {kGridSelected, grid.selected, patches_of(grid)};
    if (grid.patch_row < 0) return {kGridRow, grid.patch_row, 0};
    if (grid.token_row < 0) return {kGridRow, grid.token_row, 0};
    if (grid.scale < 0) return {kGridRow, grid.scale, 0};
    return valid_row();
}

/* Tokens of a valid grid's segment: [REG], its selected patches, and the constant token when a patch is discarded. */
SF_SHARED int64_t tokens_of(const sf_grid& grid) {
    return int64_t{1} + grid.selected + (grid.selected < patches_of(grid) ? 1 : 0);
}

/* One of a valid grid's patch indices. */
SF_SHARED Verdict check_patch_index(const sf_grid& grid, int32_t index) {
    if (index < 0 || index >= patches_of(grid)) return {kPatchIndex, index, patches_of(grid)};
    return valid_row();
}

/* All patch indices of a valid grid, for the host. */
static inline Verdict check_indices(const sf_grid& grid, const int32_t* indices) {
    for (int i = 0; i < grid.selected; i++) {
        const Verdict verdict = check_patch_index(grid, indices[grid.mask + i]);
        if (verdict.rule != kValid) return verdict;
    }
    return valid_row();
}

/* A text token of a vocabulary of `vocab` and of up to max_positions. */
SF_SHARED Verdict check_token(int32_t id, int vocab, int32_t position, int max_positions, int32_t row) {
    if (id < 0 || id >= vocab) return {kTokenId, id, static_cast<int64_t>(vocab) - 1};
    if (position < 0 || position >= max_positions) {
        return {kTokenPosition, position, static_cast<int64_t>(max_positions) - 1};
    }
    if (row < 0) return {kTokenRow, row, 0};
    return valid_row();
}

/* The address of a segment's block and its stride from layer to layer. */
SF_SHARED Verdict check_kv_address(uint64_t kv, int64_t layer_stride, int rule) {
    if (kv == 0 || kv % 64 != 0) return {rule, static_cast<int64_t>(kv), 64};
    if (layer_stride % 64 != 0) return {rule, layer_stride, 64};
    return valid_row();
}

SF_SHARED Verdict check_append(const sf_kv_append& append) {
    const int64_t end = static_cast<int64_t>(append.position) + append.tokens;
    if (append.row < 0 || append.tokens < 0 || append.position < 0 || end > append.capacity) {
        return {kAppendRange, end, append.capacity};
    }
    return check_kv_address(append.kv, append.layer_stride, kAppendAddress);
}

SF_SHARED Verdict check_count_weight(int32_t count) {
    if (count < 1) return {kCountWeight, count, 1};
    return valid_row();
}

/* Which row of x a normalised row is made of. */
SF_SHARED Verdict check_row_index(int32_t index) {
    if (index < 0) return {kNormRow, index, 0};
    return valid_row();
}

SF_SHARED Verdict check_query_block(const sf_query_block& block, int block_rows, int num_segments) {
    if (block.q_row < 0) return {kBlockRows, block.q_row, 0};
    if (block.out_row < 0) return {kBlockRows, block.out_row, 0};
    if (block.rows < 0) return {kBlockRows, block.rows, 0};
    if (block.rows > block_rows) return {kBlockMost, block.rows, block_rows};
    if (block.segment_begin < 0 || block.segment_end <= block.segment_begin || block.segment_end > num_segments) {
        return {kBlockSegments, block.segment_end, num_segments};
    }
    return valid_row();
}

SF_SHARED Verdict check_segment(const sf_kv_segment& segment) {
    if (segment.tokens < 1) return {kSegmentTokens, segment.tokens, 1};
    return check_kv_address(segment.kv, segment.layer_stride, kSegmentAddress);
}

/* The grids of a request's scale and of the next one. */
SF_SHARED Verdict check_children(const sf_grid& parent, const sf_grid& child, bool has_logits) {
    Verdict verdict = check_grid(parent);
    if (verdict.rule == kValid) verdict = check_grid_size(child);
    if (verdict.rule != kValid) return verdict;
    if (child.rows != 2 * static_cast<int64_t>(parent.rows)) {
        return {kChildRows, child.rows, 2 * static_cast<int64_t>(parent.rows)};
    }
    if (child.cols != 2 * static_cast<int64_t>(parent.cols)) {
        return {kChildCols, child.cols, 2 * static_cast<int64_t>(parent.cols)};
    }
    if (child.max_selected < SF_GIVEN) return {kChildMost, child.max_selected, SF_GIVEN};
    if (!has_logits && parent.selected > 0) return {kNoLogits, parent.selected, 0};
    return valid_row();
}

/* What a table's rows announce together: patches of grids, rows of appends or of query blocks. */
SF_SHARED Verdict check_total(int64_t total, int most) {
    if (total > most) return {kTooMany, total, most};
    return valid_row();
}

#endif
