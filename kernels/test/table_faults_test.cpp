/*
 * Faults in tables that only the device reads: the message names the operation, the row, what was found and what was
 * expected, whatever numbers the row holds; and it is reported once.
 */
#include "check.h"

namespace {

void check_fault(sf_stream* stream, int status, const std::string& message) {
    check_equal(status, static_cast<int>(SF_OK), "the call before " + message);
    check_equal(sf_synchronize(stream), static_cast<int>(SF_INVALID_ARGUMENT), message);
    check(sf_error(stream) == message, "expected \"" + message + "\", found \"" + sf_error(stream) + "\"");
    check_equal(sf_synchronize(stream), static_cast<int>(SF_OK), "a fault is reported once: " + message);
}

sf_grid grid_of(int rows, int cols, int selected) {
    sf_grid grid = {};
    grid.rows = rows;
    grid.cols = cols;
    grid.selected = selected;
    return grid;
}

void test_grid_faults(sf_stream* stream) {
    Array<uint8_t> mask(4);
    Array<int32_t> indices(4), counts(2);
    std::memset(mask.data(), 1, 4);
    const Table<sf_grid> large = {grid_of(2, 2, 0), grid_of(1 << 20, 1 << 20, 0)};
    check_fault(stream, sf_compact_patches(stream, large.data(), 2, mask.data(), indices.data(), counts.data()),
                "sf_compact_patches: grid 1 has 1099511627776 patches, expected 1 to 2147483647");
    check_equal(counts[0], 4, "the count of a grid beside one at fault");
    Array<float> canvas(12), rows(16);
    fill(canvas);
    Table<sf_grid> grids = {grid_of(2, 2, 1), grid_of(2, 2, 5)};
    check_fault(stream,
                sf_gather_patches(stream, grids.data(), 2, 4, 1, canvas.data(), indices.data(), SF_F32, rows.data()),
                "sf_gather_patches: grid 1 has 5 selected patches, expected 0 to 4");
    grids[1].selected = 1;
    grids[1].mask = 1;
    indices[1] = 4;
    check_fault(stream,
                sf_gather_patches(stream, grids.data(), 2, 4, 1, canvas.data(), indices.data(), SF_F32, rows.data()),
                "sf_gather_patches: grid 1 has patch index 4, expected less than 4");
}

/* Tables whose sums no int holds: each token that is launched is still found, and the sum is told in full. */
void test_sums(sf_stream* stream) {
    Table<sf_grid> grids = {grid_of(1, 1, 1), grid_of(1, INT32_MAX, INT32_MAX), grid_of(1, INT32_MAX, INT32_MAX)};
    grids[0].token_row = 4;
    Array<int32_t> indices(4);
    for (size_t i = 0; i < 4; i++) indices[i] = static_cast<int32_t>(i);
    indices[0] = 0;
    Array<float> patches(4), row(2), x(6);
    fill(patches);
    fill(row);
    check_fault(stream,
                sf_embed_patches(stream, grids.data(), 3, 0, 1, patches.data(), indices.data(), row.data(), row.data(),
                                 1, row.data(), row.data(), row.data(), x.data()),
                "sf_embed_patches: the 3 rows of the table hold 4294967295 in all, expected at most the 0 that were "
                "announced");
    for (size_t token = 0; token < 6; token++) {
        check(x[token] == x[token], "token " + std::to_string(token) + " of a table that announces too many");
    }
}

void test_token_faults(sf_stream* stream) {
    Array<float> table(4), row(1), x(2);
    fill(table);
    fill(row);
    const auto embed = [&](int32_t id, int32_t position, int32_t token_row) {
        const Table<int32_t> ids = {1, id}, positions = {0, position}, token_rows = {0, token_row};
        const int status =
            sf_embed_text(stream, 2, 1, ids.data(), positions.data(), token_rows.data(), table.data(), 4, table.data(),
                          3, row.data(), row.data(), row.data(), 1e-5f, row.data(), x.data());
        /* The tables go out of scope. */
        return status == SF_OK ? sf_synchronize(stream) : status;
    };
    check_refused(stream, embed(4, 0, 1), SF_INVALID_ARGUMENT, "sf_embed_text", "an id");
    check(std::string(sf_error(stream)) == "sf_embed_text: token 1 has id 4, expected 0 to 3", sf_error(stream));
    check_refused(stream, embed(3, 3, 1), SF_INVALID_ARGUMENT, "sf_embed_text", "a position");
    check(std::string(sf_error(stream)) == "sf_embed_text: token 1 has position 3, expected 0 to 2", sf_error(stream));
    check_refused(stream, embed(3, 2, -7), SF_INVALID_ARGUMENT, "sf_embed_text", "a row");
    check(std::string(sf_error(stream)) == "sf_embed_text: token 1 has row -7, expected at least 0", sf_error(stream));
}

void test_norm_faults(sf_stream* stream) {
    Array<float> x(4), weight(2), out(4);
    fill(x);
    fill(weight);
    const Table<int32_t> row_index = {1, -3};
    check_fault(stream,
                sf_residual_layer_norm(stream, 2, 2, x.data(), row_index.data(), nullptr, nullptr, weight.data(),
                                       weight.data(), 1e-5f, SF_F32, out.data()),
                "sf_residual_layer_norm: row 1 has row index -3, expected at least 0");
    check(out[0] == out[0] && out[2] != out[2], "only the row at fault writes nothing");
}

void test_selection_faults(sf_stream* stream) {
    const Table<sf_grid> parent = {grid_of(2, 2, 2)};
    Table<sf_grid> child = {grid_of(4, 4, 0)};
    child[0].max_selected = 1;
    Array<float> logits(8);
    fill(logits, 1, 2);
    Array<int32_t> indices(2);
    Array<uint8_t> mask(16);
    indices[0] = 0;
    for (const int32_t index : {-1, 4, INT32_MAX, INT32_MIN}) {
        indices[1] = index;
        check_fault(
            stream,
            sf_select_patches(stream, parent.data(), child.data(), 1, logits.data(), indices.data(), mask.data()),
            "sf_select_patches: grid 0 has patch index " + std::to_string(index) + ", expected less than 4");
    }
    const Table<sf_grid> huge = {grid_of(INT32_MAX, 1, 0)};
    check_fault(stream,
                sf_select_patches(stream, huge.data(), child.data(), 1, logits.data(), indices.data(), mask.data()),
                "sf_select_patches: request 0 has 4 rows of children, expected 4294967294");
    check(mask.untouched(), "a selection at fault writes nothing");
}

void test_encoder_faults(sf_stream* stream) {
    const int64_t bytes = sf_kv_bytes(stream, 1, 8, 32, SF_F32);
    Array<unsigned char> cache(static_cast<size_t>(bytes));
    const auto address = reinterpret_cast<uint64_t>(cache.data());
    Array<float> qkv(2 * 24), bias(24), q(3 * 8), out(3 * 8);
    fill(qkv);
    fill(bias);
    const Table<int32_t> counts = {1, 0};
    const auto append = [&](const Table<sf_kv_append>& table) {
        return sf_append_kv(stream, table.data(), static_cast<int>(table.size()), 2, 1, 8, 0, SF_F32, qkv.data(),
                            bias.data(), counts.data(), q.data());
    };
    const Table<sf_kv_append> past_int = {{address, bytes, 0, INT32_MAX, INT32_MAX, 32}};
    check_fault(stream, append(past_int),
                "sf_append_kv: append 0 ends at token 4294967294 or has a negative number, expected at most the "
                "capacity 32");
    const Table<sf_kv_append> two = {{address, bytes, 0, 2, 0, 32}};
    check_fault(stream, append(two), "sf_append_kv: row 1 has count weight 0, expected at least 1");
    fill(q);
    const Table<sf_kv_segment> segments = {{address, bytes, 1, 0}, {address, bytes, 0, 0}};
    Table<sf_query_block> blocks = {{0, 0, 1, 0, 1, 0}, {1, 1, 1, 0, 2, 0}};
    const auto attend = [&](int num_blocks) {
        return sf_attention(stream, blocks.data(), num_blocks, 2, 2, segments.data(), 2, 1, 8, 0, SF_F32, q.data(),
                            SF_F32, out.data());
    };
    check_fault(stream, attend(2), "sf_attention: segment 1 has 0 tokens, expected at least 1");
    blocks[1].segment_end = 3;
    check_fault(stream, attend(2),
                "sf_attention: query block 1 has segments up to 3 or none, expected at least one, of 2");
    check(out[0] == out[0] && out[8] != out[8], "only the query block at fault writes nothing");
    blocks[1].segment_end = 1;
    blocks[1].rows = 2;
    check_fault(stream, attend(2),
                "sf_attention: the 2 rows of the table hold 3 in all, expected at most the 2 that were announced");
    blocks[1].rows = 3;
    check_fault(stream, attend(2),
                "sf_attention: query block 1 has 3 rows, expected at most the 2 that were announced");
}

/* So many query blocks that each warp takes one by itself: one at fault leaves its neighbours to theirs. */
void test_many_query_blocks(sf_stream* stream) {
    constexpr int kBlocks = 1100;
    constexpr int kAtFault = 2;
    Array<unsigned char> cache(static_cast<size_t>(sf_kv_bytes(stream, 1, 8, 16, SF_F16)));
    std::memset(cache.data(), 0, cache.size());
    const auto address = reinterpret_cast<uint64_t>(cache.data());
    Array<uint16_t> q(size_t{kBlocks} * 8), out(size_t{kBlocks} * 8);
    std::memset(q.data(), 0, q.size() * sizeof(uint16_t));
    const Table<sf_kv_segment> segments = {{address, 0, 1, 0}, {address, 0, 0, 0}};
    Table<sf_query_block> blocks;
    for (int b = 0; b < kBlocks; b++) blocks.push_back({b, b, 1, 0, b == kAtFault ? 2 : 1, 0});
    check_fault(stream,
                sf_attention(stream, blocks.data(), kBlocks, 1, kBlocks, segments.data(), 2, 1, 8, 0, SF_F16, q.data(),
                             SF_F16, out.data()),
                "sf_attention: segment 1 has 0 tokens, expected at least 1");
    for (int b = 0; b < kBlocks; b++) {
        bool zeros = true, untouched = true;
        for (size_t i = 0; i < 8; i++) {
            zeros = zeros && out[static_cast<size_t>(b) * 8 + i] == 0;
            untouched = untouched && out[static_cast<size_t>(b) * 8 + i] == 0xffff;
        }
        check(b == kAtFault ? untouched : zeros, "query block " + std::to_string(b) + " beside one at fault");
    }
}

}  // namespace

void test_table_faults(sf_stream* stream) {
    test_grid_faults(stream);
    test_sums(stream);
    test_token_faults(stream);
    test_norm_faults(stream);
    test_selection_faults(stream);
    test_encoder_faults(stream);
    test_many_query_blocks(stream);
}
