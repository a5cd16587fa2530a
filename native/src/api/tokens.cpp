/* The front of the tokens' embeddings. */
#include "front.h"

int sf_embed_text(sf_stream* stream, int tokens, int hidden, const int32_t* ids, const int32_t* positions,
                  const int32_t* token_rows, const float* word, int vocab, const float* position, int max_positions,
                  const float* type0, const float* weight, const float* bias, float eps, const float* modality0,
                  float* x) {
    const char* operation = "sf_embed_text";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (tokens < 0 || hidden < 1 || hidden > SF_MAX_HIDDEN) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: expected tokens >= 0 of size 1 to %d, found %d of size %d",
                    operation, SF_MAX_HIDDEN, tokens, hidden);
    }
    if (tokens == 0) return SF_OK;
    int status =
        check_arrays(stream, operation, ids, positions, token_rows, word, position, type0, weight, bias, modality0, x);
    if (status != SF_OK) return status;
    status = check_table(stream, kOperation_embed_text, tokens, 0, [&](int t, int64_t&) {
        return check_token(ids[t], vocab, positions[t], max_positions, token_rows[t]);
    });
    if (status != SF_OK) return status;
    return stream->backend->embed_text(stream, tokens, hidden, ids, positions, token_rows, word, vocab, position,
                                       max_positions, type0, weight, bias, eps, modality0, x);
}

int sf_embed_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int hidden,
                     const float* patches, const int32_t* indices, const float* cls, const float* position,
                     int position_grid, const float* modality1, const float* scales, const float* constant, float* x) {
    const char* operation = "sf_embed_patches";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_grids < 0 || max_patches < 0 || hidden < 1 || position_grid < 1) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: expected numbers of grids and patches of at least 0, a token size and a position grid of at "
                    "least 1, found %d, %d, %d and %d",
                    operation, num_grids, max_patches, hidden, position_grid);
    }
    if (num_grids == 0) return SF_OK;
    if (max_patches > 0 && patches == nullptr) return fail_null(stream, operation);
    int status = check_arrays(stream, operation, grids, indices, cls, position, modality1, scales, constant, x);
    if (status == SF_OK) status = check_alignment(stream, operation, patches);
    if (status == SF_OK) {
        status = check_grids(stream, kOperation_embed_patches, grids, num_grids, max_patches, indices);
    }
    if (status != SF_OK) return status;
    return stream->backend->embed_patches(stream, grids, num_grids, max_patches, hidden, patches, indices, cls,
                                          position, position_grid, modality1, scales, constant, x);
}
