/* What the front's functions share: checks of heads and of tables. */
#ifndef SCANFORMER_FRONT_H
#define SCANFORMER_FRONT_H

#include "../shared/arguments.h"
#include "../shared/faults.h"
#include "../shared/tables.h"
#include "scanformer_backend.h"

/* Whether the stream's device has attention in that compute type. */
inline bool has_compute_type(const sf_stream* stream, int compute_type) {
    return compute_type >= SF_F32 && compute_type <= SF_TF32 && stream->attention_types[compute_type] != 0;
}

inline bool valid_heads(int heads, int head_size) {
    return heads >= 1 && heads <= SF_MAX_HEADS && head_size >= 1 && head_size <= SF_MAX_HEAD_SIZE;
}

/* SF_OK for heads of a size, a layer and a compute type that the stream's device has. */
inline int check_heads(sf_stream* stream, const char* operation, int heads, int head_size, int layer,
                       int compute_type) {
    if (!valid_heads(heads, head_size) || layer < 0 || compute_type < SF_F32 || compute_type > SF_TF32) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: expected heads 1 to %d, head size 1 to %d, layer >= 0 and compute type 0 to 3, found %d, %d, "
                    "%d and %d",
                    operation, SF_MAX_HEADS, SF_MAX_HEAD_SIZE, heads, head_size, layer, compute_type);
    }
    if (!has_compute_type(stream, compute_type)) {
        return fail(stream, SF_UNSUPPORTED, "%s: the %s device does not have compute type %d", operation,
                    stream->backend->name, compute_type);
    }
    return SF_OK;
}

/*
 * Looks through a table that the host can read: row(i, count) checks row i and adds to count what it announces, at most
 * `most` in all. SF_OK at once where only the device can read it.
 */
template <typename Row>
int check_table(sf_stream* stream, Operation operation, int rows, int most, const Row& row) {
    if (!stream->backend->tables_on_host) return SF_OK;
    int64_t total = 0;
    for (int i = 0; i < rows; i++) {
        const Verdict verdict = row(i, total);
        if (verdict.rule != kValid) {
            return fail_table(stream, {1, operation, verdict.rule, i, verdict.found, verdict.expected});
        }
    }
    const Verdict verdict = check_total(total, most);
    if (verdict.rule == kValid) return SF_OK;
    return fail_table(stream, {1, operation, verdict.rule, rows, verdict.found, verdict.expected});
}

/*
 * Looks through grids and then through their patch indices, which may be NULL where none is selected: how many there
 * are is known only of grids that are valid, and of which there are not too many.
 */
inline int check_grids(sf_stream* stream, Operation operation, const sf_grid* grids, int num_grids, int max_patches,
                       const int32_t* indices) {
    const int status = check_table(stream, operation, num_grids, max_patches, [&](int g, int64_t& patches) {
        const Verdict verdict = check_grid(grids[g]);
        if (verdict.rule == kValid) patches += grids[g].selected;
        return verdict;
    });
    if (status != SF_OK || max_patches == 0) return status;
    return check_table(stream, operation, num_grids, 0,
                       [&](int g, int64_t&) { return check_indices(grids[g], indices); });
}

#endif
