/* Calls for no rows or patches, with tables that keep to that and tables that do not. */
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
        return finish(stream, sf_attention(stream, table.data(), 1, 0, segments.data(), 1, 1, 8, 0, SF_F32, nullptr,
                                           SF_F32, nullptr));
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

}  // namespace

void test_limits(sf_stream* stream) {
    test_no_rows(stream);
}
