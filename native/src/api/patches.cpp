/* The front of the masked patch gather and of the selection. */
#include "front.h"

int sf_compact_patches(sf_stream* stream, const sf_grid* grids, int num_grids, const uint8_t* mask, int32_t* indices,
                       int32_t* counts) {
    const char* operation = "sf_compact_patches";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_grids < 0) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %d grids, expected at least 0", operation, num_grids);
    }
    if (num_grids == 0) return SF_OK;
    int status = check_arrays(stream, operation, grids, mask, indices, counts);
    if (status != SF_OK) return status;
    status = check_table(stream, kOperation_compact_patches, num_grids, 0,
                         [&](int g, int64_t&) { return check_grid_size(grids[g]); });
    if (status != SF_OK) return status;
    return stream->backend->compact_patches(stream, grids, num_grids, mask, indices, counts);
}

int sf_gather_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int patch,
                      const float* canvas, const int32_t* indices, int type, void* rows) {
    const char* operation = "sf_gather_patches";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_grids < 0 || max_patches < 0 || patch < 1 || patch > SF_MAX_PATCH) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: expected numbers of grids and patches of at least 0 and a patch size of 1 to %d, found %d, %d "
                    "and %d",
                    operation, SF_MAX_PATCH, num_grids, max_patches, patch);
    }
    int status = check_type(stream, operation, type);
    if (status != SF_OK || num_grids == 0) return status;
    if (grids == nullptr || (max_patches > 0 && any_null({canvas, indices, rows}))) return fail_null(stream, operation);
    if (!aligned(rows)) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: rows is not aligned to 64 bytes", operation);
    }
    status = check_alignment(stream, operation, grids, canvas, indices);
    if (status == SF_OK) {
        status = check_grids(stream, kOperation_gather_patches, grids, num_grids, max_patches, indices);
    }
    if (status != SF_OK) return status;
    return stream->backend->gather_patches(stream, grids, num_grids, max_patches, patch, canvas, indices, type, rows);
}

int sf_select_patches(sf_stream* stream, const sf_grid* parents, const sf_grid* children, int num_requests,
                      const float* logits, const int32_t* indices, uint8_t* mask) {
    const char* operation = "sf_select_patches";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_requests < 0) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %d requests, expected at least 0", operation, num_requests);
    }
    if (num_requests == 0) return SF_OK;
    int status = check_arrays(stream, operation, parents, children, indices, mask);
    if (status == SF_OK) status = check_alignment(stream, operation, logits);
    if (status != SF_OK) return status;
    status = check_table(stream, kOperation_select_patches, num_requests, 0, [&](int r, int64_t&) {
        const Verdict verdict = check_children(parents[r], children[r], logits != nullptr);
        if (verdict.rule != kValid || children[r].max_selected == SF_GIVEN) return verdict;
        return check_indices(parents[r], indices);
    });
    if (status != SF_OK) return status;
    return stream->backend->select_patches(stream, parents, children, num_requests, logits, indices, mask);
}
