/*
 * What the operations refuse, and that they then write nothing; empty calls. Each group of refusals has arguments that
 * are valid, and changes one of them a call.
 */
#include "check.h"

namespace {

void test_pyramid_refusals(sf_stream* stream) {
    Array<uint8_t> pixels(4 * 4 * 3);
    const Table<float> mean = {0, 0, 0}, std = {1, 1, 1};
    Array<float> canvas(3 * 8 * 8);
    const auto refused = [&](const sf_image* image, int patch, int scales, int rows0, const float* means, float* to,
                             const char* what) {
        check_refused(stream, sf_build_pyramid(stream, image, patch, scales, rows0, 1, means, std.data(), to),
                      SF_INVALID_ARGUMENT, "sf_build_pyramid", what);
    };
    const auto address = reinterpret_cast<uint64_t>(pixels.data());
    sf_image valid = {};
    valid.width = valid.height = 4;
    valid.format = SF_I420;
    for (int p = 0; p < 3; p++) {
        valid.planes[p] = address;
        valid.strides[p] = p == 0 ? 4 : 2;
    }
    refused(nullptr, 2, 1, 1, mean.data(), canvas.data(), "no image");
    refused(&valid, 0, 1, 1, mean.data(), canvas.data(), "no patch size");
    refused(&valid, 1025, 1, 1, mean.data(), canvas.data(), "too large a patch");
    refused(&valid, 2, 0, 1, mean.data(), canvas.data(), "no scales");
    refused(&valid, 2, 31, 1, mean.data(), canvas.data(), "too many scales");
    refused(&valid, 2, 1, -1, mean.data(), canvas.data(), "negative rows");
    refused(&valid, 2, 1, 1, nullptr, canvas.data(), "no mean");
    refused(&valid, 2, 1, 1, mean.data(), nullptr, "no canvas");
    std::vector<std::pair<std::string, sf_image>> broken(15, {"", valid});
    for (size_t p = 0; p < 3; p++) {
        broken[p].first = "no plane " + std::to_string(p), broken[p].second.planes[p] = 0;
        broken[3 + p].first = "a short stride of plane " + std::to_string(p), broken[3 + p].second.strides[p]--;
    }
    broken[6].first = "no width", broken[6].second.width = 0;
    broken[7].first = "a negative height", broken[7].second.height = -4;
    broken[8].first = "an unknown format", broken[8].second.format = 11;
    broken[9].first = "a negative format", broken[9].second.format = -1;
    broken[10].first = "an unknown color", broken[10].second.color = 4;
    broken[11].first = "a short stride of RGB", broken[11].second.format = SF_RGB, broken[11].second.strides[0] = 11;
    broken[12].first = "a short stride of pairs", broken[12].second.format = SF_NV12, broken[12].second.strides[1] = 3;
    broken[13].first = "a short stride of YUYV", broken[13].second.format = SF_YUYV, broken[13].second.strides[0] = 7;
    broken[14].first = "a short stride of P010", broken[14].second.format = SF_P010, broken[14].second.strides[1] = 7;
    for (const auto& one : broken) refused(&one.second, 2, 1, 1, mean.data(), canvas.data(), one.first.c_str());
    check(canvas.untouched(), "a refused sf_build_pyramid writes nothing");
}

/* Every field of a grid that a call reads, made invalid. */
std::vector<std::pair<std::string, Table<sf_grid>>> broken_grids(const sf_grid& valid) {
    std::vector<std::pair<std::string, Table<sf_grid>>> result(6, {"", {valid}});
    result[0].first = "no rows", result[0].second[0].rows = 0;
    result[1].first = "negative columns", result[1].second[0].cols = -1;
    result[2].first = "a negative mask", result[2].second[0].mask = -1;
    result[3].first = "too many patches", result[3].second[0].rows = result[3].second[0].cols = INT32_MAX;
    result[4].first = "too many selected", result[4].second[0].selected = valid.rows * valid.cols + 1;
    result[5].first = "a negative patch row", result[5].second[0].patch_row = -1;
    return result;
}

sf_grid small_grid() {
    sf_grid grid = {};
    grid.rows = grid.cols = 2;
    grid.selected = 1;
    return grid;
}

void test_patch_refusals(sf_stream* stream) {
    const Table<sf_grid> grid = {small_grid()};
    Array<uint8_t> mask(4);
    std::memset(mask.data(), 1, 4);
    Array<int32_t> indices(4), counts(1);
    const auto compact = [&](const sf_grid* grids, int count, const uint8_t* from, int32_t* to, int32_t* number,
                             const std::string& what) {
        check_refused(stream, sf_compact_patches(stream, grids, count, from, to, number), SF_INVALID_ARGUMENT,
                      "sf_compact_patches", what);
    };
    compact(grid.data(), -1, mask.data(), indices.data(), counts.data(), "a negative count");
    compact(nullptr, 1, mask.data(), indices.data(), counts.data(), "no grids");
    compact(grid.data(), 1, nullptr, indices.data(), counts.data(), "no mask");
    compact(grid.data(), 1, mask.data(), nullptr, counts.data(), "no indices");
    compact(grid.data(), 1, mask.data(), indices.data(), nullptr, "no counts");
    const auto broken = broken_grids(grid[0]);
    for (size_t i = 0; i < 4; i++) {
        compact(broken[i].second.data(), 1, mask.data(), indices.data(), counts.data(), broken[i].first);
    }
    check(indices.untouched() && counts.untouched(), "a refused sf_compact_patches writes nothing");
    check_ok(stream, sf_compact_patches(stream, nullptr, 0, nullptr, nullptr, nullptr), "no grids to compact");

    indices[0] = 3;
    Array<float> canvas(12), rows(32);
    fill(canvas);
    const auto gather = [&](const sf_grid* grids, int count, int patch, const float* from, const int32_t* chosen,
                            int type, void* to, const std::string& what) {
        check_refused(stream, sf_gather_patches(stream, grids, count, 1, patch, from, chosen, type, to),
                      SF_INVALID_ARGUMENT, "sf_gather_patches", what);
    };
    gather(grid.data(), -1, 1, canvas.data(), indices.data(), SF_F32, rows.data(), "a negative count");
    gather(grid.data(), 1, 0, canvas.data(), indices.data(), SF_F32, rows.data(), "no patch size");
    gather(grid.data(), 1, 1025, canvas.data(), indices.data(), SF_F32, rows.data(), "too large a patch");
    gather(grid.data(), 1, 1, canvas.data(), indices.data(), 7, rows.data(), "an unknown type");
    gather(nullptr, 1, 1, canvas.data(), indices.data(), SF_F32, rows.data(), "no grids");
    gather(grid.data(), 1, 1, nullptr, indices.data(), SF_F32, rows.data(), "no canvas");
    gather(grid.data(), 1, 1, canvas.data(), nullptr, SF_F32, rows.data(), "no indices");
    gather(grid.data(), 1, 1, canvas.data(), indices.data(), SF_F32, nullptr, "no rows");
    gather(grid.data(), 1, 1, canvas.data(), indices.data(), SF_F32, rows.data() + 1, "misaligned rows");
    for (const int32_t index : {-1, 4, INT32_MAX}) {
        indices[0] = index;
        gather(grid.data(), 1, 1, canvas.data(), indices.data(), SF_F32, rows.data(), "an index out of range");
    }
    indices[0] = 3;
    for (const auto& one : broken) {
        gather(one.second.data(), 1, 1, canvas.data(), indices.data(), SF_F32, rows.data(), one.first);
    }
    if (!tables_on_device) {
        /* A device gathers the patches that were announced. */
        Table<sf_grid> huge = grid;
        huge[0].rows = huge[0].selected = INT32_MAX;
        huge[0].cols = 1;
        gather(huge.data(), 1, 1, canvas.data(), indices.data(), SF_F32, rows.data(), "more selected than announced");
    }
    check(rows.untouched(), "a refused sf_gather_patches writes nothing");
    check_ok(stream, sf_gather_patches(stream, nullptr, 0, 0, 1, nullptr, nullptr, SF_F32, nullptr),
             "no grids to gather");
    Table<sf_grid> none = grid;
    none[0].selected = 0;
    check_ok(stream, sf_gather_patches(stream, none.data(), 1, 0, 1, canvas.data(), indices.data(), SF_F32, nullptr),
             "no patches to gather");
}

void test_selection_refusals(sf_stream* stream) {
    const Table<sf_grid> parent = {small_grid()};
    Table<sf_grid> child(1);
    child[0].rows = child[0].cols = 4;
    child[0].max_selected = 16;
    Array<float> logits(4);
    fill(logits);
    Array<int32_t> indices(4);
    indices[0] = 0;
    Array<uint8_t> mask(16);
    const auto refused = [&](const sf_grid* parents, const sf_grid* children, int count, const float* from,
                             const int32_t* chosen, uint8_t* to, const std::string& what) {
        check_refused(stream, sf_select_patches(stream, parents, children, count, from, chosen, to),
                      SF_INVALID_ARGUMENT, "sf_select_patches", what);
    };
    refused(parent.data(), child.data(), -1, logits.data(), indices.data(), mask.data(), "a negative count");
    refused(nullptr, child.data(), 1, logits.data(), indices.data(), mask.data(), "no parents");
    refused(parent.data(), nullptr, 1, logits.data(), indices.data(), mask.data(), "no children");
    refused(parent.data(), child.data(), 1, nullptr, indices.data(), mask.data(), "no logits");
    refused(parent.data(), child.data(), 1, logits.data(), nullptr, mask.data(), "no indices");
    refused(parent.data(), child.data(), 1, logits.data(), indices.data(), nullptr, "no mask");
    for (const auto& one : broken_grids(parent[0])) {
        refused(one.second.data(), child.data(), 1, logits.data(), indices.data(), mask.data(), one.first);
    }
    Table<sf_grid> wrong = child;
    wrong[0].cols = 3;
    refused(parent.data(), wrong.data(), 1, logits.data(), indices.data(), mask.data(), "a child of another size");
    wrong = child;
    wrong[0].max_selected = SF_GIVEN - 1;
    refused(parent.data(), wrong.data(), 1, logits.data(), indices.data(), mask.data(), "a negative cap");
    check(mask.untouched(), "a refused sf_select_patches writes nothing");
    for (const int32_t index : {-1, 4, INT32_MAX}) {
        indices[0] = index;
        refused(parent.data(), child.data(), 1, logits.data(), indices.data(), mask.data(), "an index out of range");
    }
    indices[0] = 0;
    check(mask.untouched(), "sf_select_patches with an index out of range writes nothing");
    check_ok(stream, sf_select_patches(stream, nullptr, nullptr, 0, nullptr, nullptr, nullptr), "no requests");
    Table<sf_grid> none = parent;
    none[0].selected = 0;
    check_ok(stream, sf_select_patches(stream, none.data(), child.data(), 1, nullptr, indices.data(), mask.data()),
             "no selected parents");
    check_near(mask, std::vector<double>(16, 0.0), 0, "the mask without selected parents");
}

void test_embedding_refusals(sf_stream* stream) {
    Array<float> table(8), row(4), x(16);
    fill(table);
    fill(row);
    const auto text = [&](int tokens, int hidden, const int32_t* id, int32_t position, int32_t token_row, float* to,
                          const char* what) {
        const Table<int32_t> positions = {position}, token_rows = {token_row};
        check_refused(stream,
                      sf_embed_text(stream, tokens, hidden, id, positions.data(), token_rows.data(), table.data(), 2,
                                    table.data(), 2, row.data(), row.data(), row.data(), 1e-5f, row.data(), to),
                      SF_INVALID_ARGUMENT, "sf_embed_text", what);
    };
    const Table<int32_t> good = {1}, high = {2}, low = {-1};
    text(-1, 4, good.data(), 0, 0, x.data(), "negative tokens");
    text(1, 0, good.data(), 0, 0, x.data(), "a size of 0");
    text(1, 1 << 20, good.data(), 0, 0, x.data(), "too large a size");
    text(1, 4, nullptr, 0, 0, x.data(), "no ids");
    text(1, 4, good.data(), 0, 0, nullptr, "no x");
    text(1, 4, high.data(), 0, 0, x.data(), "an id too high");
    text(1, 4, low.data(), 0, 0, x.data(), "a negative id");
    text(1, 4, good.data(), 2, 0, x.data(), "a position too high");
    text(1, 4, good.data(), -1, 0, x.data(), "a negative position");
    text(1, 4, good.data(), 0, -1, x.data(), "a negative row");
    check(x.untouched(), "a refused sf_embed_text writes nothing");
    check_ok(stream,
             sf_embed_text(stream, 0, 4, nullptr, nullptr, nullptr, nullptr, 0, nullptr, 0, nullptr, nullptr, nullptr,
                           1e-5f, nullptr, nullptr),
             "no text");

    const Table<sf_grid> grid = {small_grid()};
    Array<int32_t> indices(4);
    indices[0] = 0;
    const auto patches = [&](const sf_grid* grids, int count, int hidden, const float* from, int stored, float* to,
                             const std::string& what) {
        check_refused(stream,
                      sf_embed_patches(stream, grids, count, 1, hidden, from, indices.data(), row.data(), table.data(),
                                       stored, row.data(), row.data(), row.data(), to),
                      SF_INVALID_ARGUMENT, "sf_embed_patches", what);
    };
    patches(grid.data(), -1, 4, row.data(), 1, x.data(), "a negative count");
    patches(grid.data(), 1, 0, row.data(), 1, x.data(), "a size of 0");
    patches(grid.data(), 1, 4, row.data(), 0, x.data(), "no position grid");
    patches(nullptr, 1, 4, row.data(), 1, x.data(), "no grids");
    patches(grid.data(), 1, 4, nullptr, 1, x.data(), "no patches");
    patches(grid.data(), 1, 4, row.data(), 1, nullptr, "no x");
    for (const auto& one : broken_grids(grid[0])) patches(one.second.data(), 1, 4, row.data(), 1, x.data(), one.first);
    if (!tables_on_device) {
        /* A device writes the rows of a grid that are not at fault. */
        indices[0] = 4;
        patches(grid.data(), 1, 4, row.data(), 1, x.data(), "an index out of range");
        indices[0] = 0;
    }
    check(x.untouched(), "a refused sf_embed_patches writes nothing");
    check_ok(stream,
             sf_embed_patches(stream, nullptr, 0, 0, 4, nullptr, nullptr, nullptr, nullptr, 1, nullptr, nullptr,
                              nullptr, nullptr),
             "no grids to embed");
    Table<sf_grid> none = grid;
    none[0].selected = 0;
    check_ok(stream,
             sf_embed_patches(stream, none.data(), 1, 0, 4, nullptr, indices.data(), row.data(), table.data(), 1,
                              row.data(), row.data(), row.data(), x.data()),
             "no patches to embed");
}

void test_norm_refusals(sf_stream* stream) {
    Array<float> x(8), weight(4), out(8);
    fill(x);
    fill(weight);
    const Table<int32_t> row_index = {1, 0};
    const auto refused = [&](int rows, int columns, const float* from, const int32_t* index, float* sums,
                             const float* scale, int type, const char* what) {
        check_refused(stream,
                      sf_residual_layer_norm(stream, rows, columns, from, index, nullptr, sums, scale, weight.data(),
                                             1e-5f, type, out.data()),
                      SF_INVALID_ARGUMENT, "sf_residual_layer_norm", what);
    };
    refused(-1, 4, x.data(), nullptr, nullptr, weight.data(), SF_F32, "negative rows");
    refused(2, 0, x.data(), nullptr, nullptr, weight.data(), SF_F32, "no columns");
    refused(2, 4097, x.data(), nullptr, nullptr, weight.data(), SF_F32, "too many columns");
    refused(2, 4, nullptr, nullptr, nullptr, weight.data(), SF_F32, "no x");
    refused(2, 4, x.data(), nullptr, nullptr, nullptr, SF_F32, "no weight");
    refused(2, 4, x.data(), nullptr, nullptr, weight.data(), 9, "an unknown type");
    refused(2, 4, x.data(), row_index.data(), x.data(), weight.data(), SF_F32, "x_out on x with row_index");
    const Table<int32_t> negative = {-1};
    refused(1, 4, x.data() + 4, negative.data(), nullptr, weight.data(), SF_F32, "a negative row");
    check(out.untouched(), "a refused sf_residual_layer_norm writes nothing");
    check_ok(stream,
             sf_residual_layer_norm(stream, 0, 4, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 1e-5f, SF_F32,
                                    nullptr),
             "no rows to normalise");
}

void test_attention_refusals(sf_stream* stream) {
    const int64_t bytes = sf_kv_bytes(stream, 1, 8, 16, SF_F32);
    check(bytes > 0 && bytes % 64 == 0, "sf_kv_bytes is a multiple of 64");
    check(sf_kv_bytes(stream, 1, 8, 16, SF_F32) <= sf_kv_bytes(stream, 1, 8, 17, SF_F32), "sf_kv_bytes rises");
    Array<unsigned char> cache(static_cast<size_t>(bytes));
    const auto address = reinterpret_cast<uint64_t>(cache.data());
    Array<float> qkv(2 * 24), bias(24), q(2 * 8), out(2 * 8);
    fill(qkv);
    fill(bias);
    const Table<int32_t> counts = {1, 1}, zero_counts = {0, 1};
    const auto append = [&](const sf_kv_append* appends, int count, int heads, int head_size, int layer,
                            const float* from, const int32_t* weights, float* to, const char* what) {
        check_refused(
            stream,
            sf_append_kv(stream, appends, count, 4, heads, head_size, layer, SF_F32, from, bias.data(), weights, to),
            SF_INVALID_ARGUMENT, "sf_append_kv", what);
    };
    const Table<sf_kv_append> good = {{address, bytes, 0, 2, 0, 16}};
    append(good.data(), -1, 1, 8, 0, qkv.data(), counts.data(), q.data(), "a negative count");
    append(good.data(), 1, 0, 8, 0, qkv.data(), counts.data(), q.data(), "no heads");
    append(good.data(), 1, 1, 129, 0, qkv.data(), counts.data(), q.data(), "too large a head");
    append(good.data(), 1, 1, 8, -1, qkv.data(), counts.data(), q.data(), "a negative layer");
    append(nullptr, 1, 1, 8, 0, qkv.data(), counts.data(), q.data(), "no appends");
    append(good.data(), 1, 1, 8, 0, nullptr, counts.data(), q.data(), "no qkv");
    append(good.data(), 1, 1, 8, 0, qkv.data(), nullptr, q.data(), "no counts");
    append(good.data(), 1, 1, 8, 0, qkv.data(), counts.data(), nullptr, "no q");
    const Table<sf_kv_append> one_token = {{address, bytes, 0, 1, 0, 16}};
    append(one_token.data(), 1, 1, 8, 0, qkv.data(), zero_counts.data(), q.data(), "a count weight of 0");
    const std::pair<const char*, sf_kv_append> bad_appends[] = {
        {"a misaligned address", {address + 4, bytes, 0, 2, 0, 16}},
        {"a misaligned stride", {address, bytes + 4, 0, 2, 0, 16}},
        {"no address", {0, bytes, 0, 2, 0, 16}},
        {"a negative row", {address, bytes, -1, 2, 0, 16}},
        {"negative tokens", {address, bytes, 0, -1, 0, 16}},
        {"a negative position", {address, bytes, 0, 2, -1, 16}},
        {"one token too many", {address, bytes, 0, 2, 15, 16}},
        {"a position at the limit", {address, bytes, 0, 2, INT32_MAX, 16}},
    };
    for (const auto& bad : bad_appends) {
        /* On the device the rows of a table stand for themselves. */
        const Table<sf_kv_append> appends = {bad.second, good[0]};
        append(appends.data(), tables_on_device ? 1 : 2, 1, 8, 0, qkv.data(), counts.data(), q.data(), bad.first);
    }
    check(cache.untouched() && q.untouched(), "a refused sf_append_kv writes nothing");
    check_ok(stream, sf_append_kv(stream, nullptr, 0, 0, 1, 8, 0, SF_F32, nullptr, nullptr, nullptr, nullptr),
             "no appends");
    const Table<sf_kv_append> empty = {{address, bytes, 0, 0, 2, 16}};
    check_ok(
        stream,
        sf_append_kv(stream, empty.data(), 1, 0, 1, 8, 0, SF_F32, qkv.data(), bias.data(), counts.data(), q.data()),
        "no tokens");
    check(cache.untouched() && q.untouched(), "an append of no tokens writes nothing");
    check_ok(stream,
             sf_append_kv(stream, good.data(), 1, 2, 1, 8, 0, SF_F32, qkv.data(), bias.data(), counts.data(), q.data()),
             "sf_append_kv");

    int block_rows = 2;
    const auto attend = [&](const sf_query_block* blocks, int num_blocks, const sf_kv_segment* segments,
                            int num_segments, int head_size, const float* from, int type, void* to, const char* what) {
        check_refused(stream,
                      sf_attention(stream, blocks, num_blocks, block_rows, 4, segments, num_segments, 1, head_size, 0,
                                   SF_F32, from, type, to),
                      SF_INVALID_ARGUMENT, "sf_attention", what);
    };
    const Table<sf_query_block> block = {{0, 0, 2, 0, 1, 0}};
    const Table<sf_kv_segment> segment = {{address, bytes, 2, 0}};
    attend(block.data(), -1, segment.data(), 1, 8, q.data(), SF_F32, out.data(), "a negative count of blocks");
    attend(block.data(), 1, segment.data(), -1, 8, q.data(), SF_F32, out.data(), "a negative count of segments");
    attend(block.data(), 1, segment.data(), 1, 0, q.data(), SF_F32, out.data(), "no head size");
    attend(block.data(), 1, segment.data(), 1, 8, q.data(), 3, out.data(), "an unknown type");
    attend(nullptr, 1, segment.data(), 1, 8, q.data(), SF_F32, out.data(), "no blocks");
    attend(block.data(), 1, nullptr, 1, 8, q.data(), SF_F32, out.data(), "no segments");
    attend(block.data(), 1, segment.data(), 1, 8, nullptr, SF_F32, out.data(), "no q");
    attend(block.data(), 1, segment.data(), 1, 8, q.data(), SF_F32, nullptr, "no out");
    const sf_query_block bad_blocks[] = {{-1, 0, 2, 0, 1, 0}, {0, -1, 2, 0, 1, 0}, {0, 0, -2, 0, 1, 0},
                                         {0, 0, 2, -1, 1, 0}, {0, 0, 2, 0, 0, 0},  {0, 0, 2, 0, 2, 0}};
    for (const sf_query_block& bad : bad_blocks) {
        const Table<sf_query_block> blocks = {bad, block[0]};
        attend(blocks.data(), tables_on_device ? 1 : 2, segment.data(), 1, 8, q.data(), SF_F32, out.data(),
               "an invalid block");
    }
    for (const sf_kv_segment& bad : {sf_kv_segment{address, bytes, 0, 0}, sf_kv_segment{address + 4, bytes, 2, 0},
                                     sf_kv_segment{address, bytes + 4, 2, 0}, sf_kv_segment{0, bytes, 2, 0}}) {
        const Table<sf_kv_segment> segments = {bad};
        attend(block.data(), 1, segments.data(), 1, 8, q.data(), SF_F32, out.data(), "an invalid segment");
    }
    block_rows = -1;
    attend(block.data(), 1, segment.data(), 1, 8, q.data(), SF_F32, out.data(), "negative rows of a block");
    block_rows = 1;
    attend(block.data(), 1, segment.data(), 1, 8, q.data(), SF_F32, out.data(), "a block of too many rows");
    check(out.untouched(), "a refused sf_attention writes nothing");
    check_ok(stream, sf_attention(stream, nullptr, 0, 0, 0, nullptr, 0, 1, 8, 0, SF_F32, nullptr, SF_F32, nullptr),
             "no blocks");
    const Table<sf_query_block> no_queries = {{0, 0, 0, 0, 1, 0}};
    check_ok(stream,
             sf_attention(stream, no_queries.data(), 1, 0, 0, segment.data(), 1, 1, 8, 0, SF_F32, q.data(), SF_F32,
                          out.data()),
             "no queries");
    check(out.untouched(), "a block of no queries writes nothing");
}

}  // namespace

void test_refusals(sf_stream* stream) {
    test_pyramid_refusals(stream);
    test_patch_refusals(stream);
    test_selection_refusals(stream);
    test_embedding_refusals(stream);
    test_norm_refusals(stream);
    test_attention_refusals(stream);
}
