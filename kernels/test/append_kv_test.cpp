/* The KV-cache append where its vectors break: arrays that are not aligned to them, and tokens that are not there. */
#include "check.h"

namespace {

constexpr int kFirst = 11;  /* tokens that the segment already holds */
constexpr int kTokens = 42; /* part of a block, two whole ones, and part of one */

/* Elements that an array begins after its aligned memory. */
struct Shifts {
    size_t qkv;
    size_t bias;
    size_t q;
};

/* Rows [begin, end). */
struct Run {
    int begin;
    int end;
};

struct Rows {
    int compute_type;
    int heads;
    int head_size;
    size_t hidden;
    size_t element_bytes;
    Array<float> qkv;
    Array<float> bias;
    Array<int32_t> counts;

    Rows(int compute, int num_heads, int size)
        : compute_type(compute),
          heads(num_heads),
          head_size(size),
          hidden(static_cast<size_t>(num_heads) * static_cast<size_t>(size)),
          element_bytes(compute == SF_F32 || compute == SF_TF32 ? 4 : 2),
          qkv(kTokens * 3 * hidden),
          bias(3 * hidden),
          counts(kTokens) {
        fill(qkv);
        fill(bias);
        for (size_t i = 0; i < counts.size(); i++) counts[i] = random_int(1, 400);
    }

    size_t cache_bytes(const sf_stream* stream) const {
        return static_cast<size_t>(sf_kv_bytes(stream, heads, head_size, kFirst + kTokens, compute_type));
    }

    size_t q_bytes() const { return kTokens * hidden * element_bytes; }
};

/* A cache and queries before anything is written. */
struct Written {
    Array<unsigned char> cache;
    Array<unsigned char> q;
    size_t q_begin; /* bytes */

    Written(const sf_stream* stream, const Rows& rows, size_t q_shift)
        : cache(rows.cache_bytes(stream)),
          q(rows.q_bytes() + q_shift * rows.element_bytes),
          q_begin(q_shift * rows.element_bytes) {}

    bool same_queries(const Written& other, size_t bytes) const {
        return std::memcmp(&q[q_begin], &other.q[other.q_begin], bytes) == 0;
    }
};

/* Appends those rows in one call, and waits for it. */
int append(sf_stream* stream, const Rows& rows, const std::vector<Run>& runs, const Shifts& shifts, Written& to) {
    Array<float> qkv(rows.qkv.size() + shifts.qkv), bias(rows.bias.size() + shifts.bias);
    std::memcpy(qkv.data() + shifts.qkv, rows.qkv.data(), rows.qkv.size() * sizeof(float));
    std::memcpy(bias.data() + shifts.bias, rows.bias.data(), rows.bias.size() * sizeof(float));
    Table<int32_t> counts(rows.counts.data(), rows.counts.data() + kTokens);
    Table<sf_kv_append> appends;
    for (const Run& run : runs) {
        appends.push_back({reinterpret_cast<uint64_t>(to.cache.data()), 0, run.begin, run.end - run.begin,
                           kFirst + run.begin, kFirst + kTokens});
    }
    const int status = sf_append_kv(stream, appends.data(), static_cast<int>(appends.size()), kTokens, rows.heads,
                                    rows.head_size, 0, rows.compute_type, qkv.data() + shifts.qkv,
                                    bias.data() + shifts.bias, counts.data(), to.q.data() + to.q_begin);
    return status == SF_OK ? sf_synchronize(stream) : status;
}

/* What the arrays are aligned to changes no bit. */
void test_alignment(sf_stream* stream, const Rows& rows, const std::string& what) {
    Written expected(stream, rows, 0);
    check_equal(append(stream, rows, {{0, kTokens}}, {0, 0, 0}, expected), static_cast<int>(SF_OK), what);
    for (const Shifts& shifts : {Shifts{1, 0, 0}, Shifts{0, 2, 0}, Shifts{0, 0, 1}, Shifts{4, 4, 4}}) {
        Written shifted(stream, rows, shifts.q);
        check_equal(append(stream, rows, {{0, kTokens}}, shifts, shifted), static_cast<int>(SF_OK), what);
        const std::string where = what + ", arrays " + std::to_string(shifts.qkv) + ", " + std::to_string(shifts.bias) +
                                  " and " + std::to_string(shifts.q) + " elements on";
        check(shifted.cache.same_bytes(expected.cache), "the cache of " + where);
        check(shifted.same_queries(expected, rows.q_bytes()), "the queries of " + where);
    }
}

/* Rows whose count weights are at fault are left out, and all others written as if appended without them. */
void test_holes(sf_stream* stream, Rows& rows, const std::string& what) {
    std::vector<Run> runs;
    Table<int32_t> valid(rows.counts.data(), rows.counts.data() + kTokens);
    int begin = 0;
    for (int row = 0; row <= kTokens; row++) {
        if (row < kTokens && random_int(0, 4) > 0 && row != 20) continue;
        if (row > begin) runs.push_back({begin, row});
        begin = row + 1;
        if (row < kTokens) rows.counts[static_cast<size_t>(row)] = -random_int(0, 1);
    }
    Written found(stream, rows, 0), expected(stream, rows, 0);
    check_equal(append(stream, rows, {{0, kTokens}}, {0, 0, 0}, found), static_cast<int>(SF_INVALID_ARGUMENT), what);
    std::copy(valid.begin(), valid.end(), rows.counts.data());
    check_equal(append(stream, rows, runs, {0, 0, 0}, expected), static_cast<int>(SF_OK), what);
    check(found.cache.same_bytes(expected.cache), "the cache of " + what + " with rows at fault");
    check(found.same_queries(expected, rows.q_bytes()), "the queries of " + what + " with rows at fault");
}

}  // namespace

void test_append_kv(sf_stream* stream) {
    for (const int compute_type : backend_compute_types) {
        for (const int head_size : {1, 4, 31, 32, 36, 64, 66, 100, 128}) {
            Rows rows(compute_type, random_int(1, 3), head_size);
            const std::string what = std::to_string(rows.heads) + " heads of " + std::to_string(head_size) +
                                     " in compute type " + std::to_string(compute_type);
            test_alignment(stream, rows, what);
            test_holes(stream, rows, what);
        }
    }
}
