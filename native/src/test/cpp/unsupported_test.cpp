/*
 * What a backend lacks is SF_UNSUPPORTED, and what the header does not define SF_INVALID_ARGUMENT, the same on every
 * backend; nothing is written.
 */
#include "check.h"

namespace {

bool has(const std::vector<int>& values, int value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/* The status that a call with valid arguments has to have but for one constant, of low to high and of the backend's. */
int expected(int value, int high, const std::vector<int>& supported) {
    if (value < 0 || value > high) return SF_INVALID_ARGUMENT;
    return has(supported, value) ? SF_OK : SF_UNSUPPORTED;
}

void check_status(sf_stream* stream, int status, int value, int high, const std::vector<int>& supported,
                  const std::string& operation, const std::string& what) {
    const int right = expected(value, high, supported);
    const std::string with = what + " " + std::to_string(value);
    if (right == SF_OK) {
        check_ok(stream, status, operation + " with " + with);
    } else {
        check_refused(stream, status, right, operation, with);
    }
}

void test_element_types(sf_stream* stream) {
    Array<float> x(64), weight(64), out(64), canvas(12);
    fill(x);
    fill(weight);
    fill(canvas);
    Table<sf_grid> grid(1);
    grid[0].rows = grid[0].cols = 2;
    grid[0].selected = 1;
    Array<int32_t> indices(4);
    indices[0] = 1;
    for (const int type : {-1, 0, 1, 2, 3, 9}) {
        out.poison();
        check_status(stream,
                     sf_residual_layer_norm(stream, 1, 64, x.data(), nullptr, nullptr, nullptr, weight.data(),
                                            weight.data(), 1e-5f, type, out.data()),
                     type, SF_BF16, backend_types, "sf_residual_layer_norm", "element type");
        check(expected(type, SF_BF16, backend_types) == SF_OK || out.untouched(), "a refused type writes nothing");
        out.poison();
        check_status(stream,
                     sf_gather_patches(stream, grid.data(), 1, 1, 1, canvas.data(), indices.data(), type, out.data()),
                     type, SF_BF16, backend_types, "sf_gather_patches", "element type");
        check(expected(type, SF_BF16, backend_types) == SF_OK || out.untouched(), "a refused type writes nothing");
    }
}

void test_compute_types(sf_stream* stream) {
    Array<unsigned char> cache(64 * 1024);
    Array<float> qkv(24), bias(24), q(8);
    fill(qkv);
    fill(bias);
    const Table<int32_t> counts = {1};
    const Table<sf_kv_append> append = {{reinterpret_cast<uint64_t>(cache.data()), 4096, 0, 1, 0, 16}};
    for (const int compute_type : {-1, 0, 1, 2, 3, 4}) {
        const bool right = expected(compute_type, SF_TF32, backend_compute_types) == SF_OK;
        check_equal(sf_kv_bytes(stream, 1, 8, 16, compute_type) > 0, right,
                    "sf_kv_bytes is not 0 in compute type " + std::to_string(compute_type));
        q.poison();
        check_status(stream,
                     sf_append_kv(stream, append.data(), 1, 1, 1, 8, 0, compute_type, qkv.data(), bias.data(),
                                  counts.data(), q.data()),
                     compute_type, SF_TF32, backend_compute_types, "sf_append_kv", "compute type");
        check(right || q.untouched(), "a refused compute type writes nothing");
    }
}

/* sf_kv_bytes is 0 for what is out of range. */
void test_kv_bytes(sf_stream* stream) {
    const int bad[][3] = {{0, 8, 16}, {1, 0, 16}, {1, 129, 16}, {1, 8, 0}, {1, 8, -1}, {-1, 8, 16}, {4097, 8, 16}};
    for (const auto& b : bad) {
        check_equal(sf_kv_bytes(stream, b[0], b[1], b[2], SF_F32), int64_t{0},
                    "sf_kv_bytes of " + std::to_string(b[0]) + " heads of " + std::to_string(b[1]) + ", " +
                        std::to_string(b[2]) + " tokens");
    }
    check_equal(sf_kv_bytes(nullptr, 1, 8, 16, SF_F32), int64_t{0}, "sf_kv_bytes without a stream");
    /* Products of the sizes do not overflow. */
    const int64_t large = sf_kv_bytes(stream, SF_MAX_HEADS, 128, INT32_MAX, SF_F32);
    check(large >= int64_t{1} << 52, "sf_kv_bytes of 2^31 - 1 tokens of 2^12 heads is " + std::to_string(large));
}

}  // namespace

void test_unsupported(sf_stream* stream) {
    test_element_types(stream);
    test_compute_types(stream);
    test_kv_bytes(stream);
}
