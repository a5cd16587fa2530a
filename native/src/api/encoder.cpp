/* The front of the encoder's operations. */
#include "front.h"

int sf_residual_layer_norm(sf_stream* stream, int rows, int columns, const float* x, const int32_t* row_index,
                           const float* y, float* x_out, const float* weight, const float* bias, float eps, int type,
                           void* out) {
    const char* operation = "sf_residual_layer_norm";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (rows < 0 || columns < 1 || columns > SF_MAX_HIDDEN) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: expected rows >= 0 and columns 1 to %d, found %d and %d",
                    operation, SF_MAX_HIDDEN, rows, columns);
    }
    int status = check_type(stream, operation, type);
    if (status != SF_OK || rows == 0) return status;
    if (x == nullptr || (out != nullptr && any_null({weight, bias}))) return fail_null(stream, operation);
    status = check_alignment(stream, operation, x, row_index, y, x_out, weight, bias);
    if (status == SF_OK) status = check_alignment_of(stream, operation, type, out);
    if (status != SF_OK) return status;
    if (row_index != nullptr && x_out == x) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: x_out may be x only without row_index", operation);
    }
    if (row_index != nullptr) {
        status = check_table(stream, kOperation_residual_layer_norm, rows, 0,
                             [&](int i, int64_t&) { return check_row_index(row_index[i]); });
    }
    if (status != SF_OK) return status;
    return stream->backend->residual_layer_norm(stream, rows, columns, x, row_index, y, x_out, weight, bias, eps, type,
                                                out);
}

int64_t sf_kv_bytes(const sf_stream* stream, int heads, int head_size, int tokens, int compute_type) {
    if (stream == nullptr || !valid_heads(heads, head_size) || tokens < 1 || !has_compute_type(stream, compute_type)) {
        return 0;
    }
    return stream->backend->kv_bytes(stream, heads, head_size, tokens, compute_type);
}

int sf_append_kv(sf_stream* stream, const sf_kv_append* appends, int num_appends, int max_rows, int heads,
                 int head_size, int layer, int compute_type, const float* qkv, const float* bias, const int32_t* counts,
                 void* q) {
    const char* operation = "sf_append_kv";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_appends < 0 || max_rows < 0) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %d appends of %d rows, expected at least 0", operation,
                    num_appends, max_rows);
    }
    int status = check_heads(stream, operation, heads, head_size, layer, compute_type);
    if (status != SF_OK || num_appends == 0) return status;
    if (max_rows > 0 && any_null({qkv, counts, q})) return fail_null(stream, operation);
    status = check_arrays(stream, operation, appends, bias);
    if (status == SF_OK) status = check_alignment(stream, operation, qkv, counts);
    if (status == SF_OK) status = check_alignment_of(stream, operation, compute_type, q);
    if (status != SF_OK) return status;
    status = check_table(stream, kOperation_append_kv, num_appends, max_rows, [&](int a, int64_t& rows) {
        rows += appends[a].tokens;
        return check_append(appends[a]);
    });
    /* A count weight's place in the message is its row, not its append. */
    for (int a = 0; stream->backend->tables_on_host && status == SF_OK && a < num_appends; a++) {
        const int row = appends[a].row;
        for (int t = 0; status == SF_OK && t < appends[a].tokens; t++) {
            const Verdict verdict = check_count_weight(counts[row + t]);
            if (verdict.rule != kValid) {
                status = fail_table(stream,
                                    {1, kOperation_append_kv, verdict.rule, row + t, verdict.found, verdict.expected});
            }
        }
    }
    if (status != SF_OK) return status;
    return stream->backend->append_kv(stream, appends, num_appends, max_rows, heads, head_size, layer, compute_type,
                                      qkv, bias, counts, q);
}

int sf_attention(sf_stream* stream, const sf_query_block* blocks, int num_blocks, int block_rows, int max_rows,
                 const sf_kv_segment* segments, int num_segments, int heads, int head_size, int layer, int compute_type,
                 const void* q, int type, void* out) {
    const char* operation = "sf_attention";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_blocks < 0 || block_rows < 0 || max_rows < 0 || num_segments < 0) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: %d blocks of up to %d rows, %d rows in all and %d segments, expected at least 0", operation,
                    num_blocks, block_rows, max_rows, num_segments);
    }
    int status = check_heads(stream, operation, heads, head_size, layer, compute_type);
    if (status == SF_OK) status = check_type(stream, operation, type);
    if (status != SF_OK) return status;
    if ((stream->attention_types[compute_type] >> type & 1) == 0) {
        return fail(stream, SF_UNSUPPORTED, "%s: the %s device does not write element type %d from compute type %d",
                    operation, stream->backend->name, type, compute_type);
    }
    if (num_blocks == 0) return SF_OK;
    if (max_rows > 0 && any_null({q, out})) return fail_null(stream, operation);
    status = check_arrays(stream, operation, blocks, segments);
    if (status == SF_OK) status = check_alignment_of(stream, operation, compute_type, q);
    if (status == SF_OK) status = check_alignment_of(stream, operation, type, out);
    if (status != SF_OK) return status;
    status = check_table(stream, kOperation_attention, num_blocks, max_rows, [&](int b, int64_t& rows) {
        rows += blocks[b].rows;
        return check_query_block(blocks[b], block_rows, num_segments);
    });
    for (int b = 0; stream->backend->tables_on_host && status == SF_OK && b < num_blocks; b++) {
        for (int s = blocks[b].segment_begin; status == SF_OK && s < blocks[b].segment_end; s++) {
            const Verdict verdict = check_segment(segments[s]);
            if (verdict.rule != kValid) {
                status =
                    fail_table(stream, {1, kOperation_attention, verdict.rule, s, verdict.found, verdict.expected});
            }
        }
    }
    if (status != SF_OK) return status;
    return stream->backend->attention(stream, blocks, num_blocks, block_rows, max_rows, segments, num_segments, heads,
                                      head_size, layer, compute_type, q, type, out);
}
