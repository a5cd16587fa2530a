/*
 * The ends of the ranges that every backend takes: calls for no rows or patches, with tables that keep to that and
 * tables that do not, and the largest sizes.
 */
#include "check.h"

namespace {

/* What a call for no rows may be given: nothing that has rows. */
struct NoRows {
    Array<unsigned char> cache;
    Array<float> canvas, row;
    Array<int32_t> indices;

    NoRows() : cache(64 * 1024), canvas(12), row(8), indices(4) {
        fill(canvas);
        fill(row);
        std::memset(indices.data(), 0, 4 * sizeof(int32_t));
    }

    int append(sf_stream* stream, int tokens) {
        const Table<sf_kv_append> table = {{reinterpret_cast<uint64_t>(cache.data()), 4096, 0, tokens, 0, 16}};
        return finish(stream,
                      sf_append_kv(stream, table.data(), 1, 0, 1, 8, 0, SF_F32, nullptr, row.data(), nullptr, nullptr));
    }

    int attend(sf_stream* stream, int rows) {
        const Table<sf_query_block> table = {{0, 0, rows, 0, 1, 0}};
        const Table<sf_kv_segment> segments = {{reinterpret_cast<uint64_t>(cache.data()), 4096, 1, 0}};
        return finish(stream, sf_attention(stream, table.data(), 1, rows, 0, segments.data(), 1, 1, 8, 0, SF_F32,
                                           nullptr, SF_F32, nullptr));
    }

    int gather(sf_stream* stream, int selected) {
        const Table<sf_grid> table = {grid(selected)};
        return finish(stream, sf_gather_patches(stream, table.data(), 1, 0, 1, nullptr, nullptr, SF_F32, nullptr));
    }

    int embed(sf_stream* stream, int selected) {
        const Table<sf_grid> table = {grid(selected)};
        Array<float> x(8 * 3);
        return finish(stream, sf_embed_patches(stream, table.data(), 1, 0, 8, nullptr, indices.data(), row.data(),
                                               canvas.data(), 1, row.data(), row.data(), row.data(), x.data()));
    }

  private:
    static sf_grid grid(int selected) {
        sf_grid grid = {};
        grid.rows = grid.cols = 2;
        grid.selected = selected;
        return grid;
    }

    /* The table goes out of scope. */
    static int finish(sf_stream* stream, int status) { return status == SF_OK ? sf_synchronize(stream) : status; }
};

void test_no_rows(sf_stream* stream) {
    NoRows none;
    check_ok(stream, none.append(stream, 0), "sf_append_kv of no rows without arrays");
    check_ok(stream, none.attend(stream, 0), "sf_attention of no rows without arrays");
    check_ok(stream, none.gather(stream, 0), "sf_gather_patches of no patches without arrays");
    check_ok(stream, none.embed(stream, 0), "sf_embed_patches of no patches without an array of them");
    const char* what = "a table that announces one where the call announces none";
    check_refused(stream, none.append(stream, 1), SF_INVALID_ARGUMENT, "sf_append_kv", what);
    check_refused(stream, none.attend(stream, 1), SF_INVALID_ARGUMENT, "sf_attention", what);
    check_refused(stream, none.gather(stream, 1), SF_INVALID_ARGUMENT, "sf_gather_patches", what);
    check_refused(stream, none.embed(stream, 1), SF_INVALID_ARGUMENT, "sf_embed_patches", what);
    check(none.cache.untouched(), "what announces no rows writes none");
}

void test_heads(sf_stream* stream, int heads, int expected) {
    const int64_t bytes = sf_kv_bytes(stream, heads, 1, 1, SF_F32);
    check_equal(bytes > 0, expected == SF_OK, "sf_kv_bytes of " + std::to_string(heads) + " heads is not 0");
    Array<unsigned char> cache(static_cast<size_t>(bytes > 0 ? bytes : 64));
    const auto hidden = static_cast<size_t>(heads);
    Array<float> qkv(3 * hidden), bias(3 * hidden), q(hidden), out(hidden);
    fill(qkv);
    fill(bias);
    const Table<int32_t> counts = {1};
    const auto address = reinterpret_cast<uint64_t>(cache.data());
    const Table<sf_kv_append> append = {{address, 0, 0, 1, 0, 1}};
    const int appended = sf_append_kv(stream, append.data(), 1, 1, heads, 1, 0, SF_F32, qkv.data(), bias.data(),
                                      counts.data(), q.data());
    const Table<sf_query_block> block = {{0, 0, 1, 0, 1, 0}};
    const Table<sf_kv_segment> segment = {{address, 0, 1, 0}};
    const std::string many = std::to_string(heads) + " heads";
    if (expected == SF_OK) {
        check_ok(stream, appended, "sf_append_kv of " + many);
        check_ok(stream,
                 sf_attention(stream, block.data(), 1, 1, 1, segment.data(), 1, heads, 1, 0, SF_F32, q.data(), SF_F32,
                              out.data()),
                 "sf_attention of " + many);
        /* One key: the output is its value. */
        check_near(
            hidden, [&](size_t i) { return static_cast<double>(out[i]); },
            [&](size_t i) { return static_cast<double>(qkv[2 * hidden + i] + bias[2 * hidden + i]); }, 1e-6, many);
        return;
    }
    check_refused(stream, appended, expected, "sf_append_kv", many);
    check_refused(stream,
                  sf_attention(stream, block.data(), 1, 1, 1, segment.data(), 1, heads, 1, 0, SF_F32, q.data(), SF_F32,
                               out.data()),
                  expected, "sf_attention", many);
    check(cache.untouched() && q.untouched() && out.untouched(), "what is refused writes nothing");
}

void test_canvas_side(sf_stream* stream, int rows0, int cols0, int patch, int scales) {
    const Table<uint8_t> pixel = {0};
    sf_image image = {};
    image.planes[0] = reinterpret_cast<uint64_t>(pixel.data());
    image.strides[0] = image.width = image.height = 1;
    image.format = SF_GRAY;
    const Table<float> mean = {0, 0, 0}, std = {1, 1, 1};
    /* A call that is not refused as it should be has room. */
    Array<float> canvas(size_t{3} * 66000 * 4);
    check_refused(stream,
                  sf_build_pyramid(stream, &image, patch, scales, rows0, cols0, mean.data(), std.data(), canvas.data()),
                  SF_INVALID_ARGUMENT, "sf_build_pyramid", "too long a side");
    check(canvas.untouched(), "a refused sf_build_pyramid writes nothing");
}

}  // namespace

void test_limits(sf_stream* stream) {
    test_no_rows(stream);
    if (!brief) test_heads(stream, SF_MAX_HEADS, SF_OK);
    test_heads(stream, SF_MAX_HEADS + 1, SF_INVALID_ARGUMENT);
    test_canvas_side(stream, SF_MAX_CANVAS_SIDE + 1, 1, 1, 1);
    test_canvas_side(stream, 1, SF_MAX_CANVAS_SIDE + 1, 1, 1);
}
