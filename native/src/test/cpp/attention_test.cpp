/* The KV cache and attention. */
#include "check.h"

namespace {

/* One layer's keys and values of several segments, the queries, and what attention is to do with them. */
struct Attention {
    int compute_type;
    int heads;
    int head_size;
    int layer;
    int layers;
    std::vector<int> tokens; /* of each segment */
    int rows = 0;
    Array<float> qkv;
    Array<float> bias;
    Array<int32_t> counts;
    Activations q;
    Array<unsigned char> cache;
    std::vector<int64_t> offsets; /* of each segment in a layer of the cache */
    int64_t layer_stride = 0;
    mutable std::vector<double> values; /* see at */

    static int total(const std::vector<int>& values) {
        int sum = 0;
        for (int value : values) sum += value;
        return sum;
    }

    static int64_t stride(const sf_stream* stream, int compute_type, int heads, int head_size,
                          const std::vector<int>& tokens) {
        int64_t bytes = 64;
        for (int t : tokens) bytes += sf_kv_bytes(stream, heads, head_size, t, compute_type);
        return bytes;
    }

    size_t hidden() const { return static_cast<size_t>(heads) * static_cast<size_t>(head_size); }

    /* The type of the queries and of the cache. */
    int element_type() const { return compute_type == SF_TF32 ? SF_F32 : compute_type; }

    Attention(const sf_stream* stream, int in_compute_type, int num_heads, int size, int at_layer,
              const std::vector<int>& segment_tokens, int more_rows, double magnitude)
        : compute_type(in_compute_type),
          heads(num_heads),
          head_size(size),
          layer(at_layer),
          layers(at_layer + 2),
          tokens(segment_tokens),
          rows(total(segment_tokens) + more_rows),
          qkv(static_cast<size_t>(rows) * 3 * hidden()),
          bias(3 * hidden()),
          counts(static_cast<size_t>(rows)),
          q(element_type(), static_cast<size_t>(rows) * hidden()),
          cache(static_cast<size_t>(layers * stride(stream, in_compute_type, num_heads, size, segment_tokens))),
          layer_stride(stride(stream, in_compute_type, num_heads, size, segment_tokens)) {
        fill(qkv, -magnitude, magnitude);
        fill(bias, -0.1, 0.1);
        const int weights[] = {1, 1, 2, 299, 400};
        for (size_t i = 0; i < counts.size(); i++) counts[i] = weights[random_int(0, 4)];
        int64_t offset = 64;
        for (int t : tokens) {
            offsets.push_back(offset);
            offset += sf_kv_bytes(stream, heads, head_size, t, compute_type);
        }
    }

    uint64_t address(size_t segment) { return reinterpret_cast<uint64_t>(cache.data() + offsets[segment]); }

    /* part: 0 the query, 1 the key, 2 the value. qkv and bias must not change after the first call. */
    double at(int row, int part, int head, int i) const {
        const size_t width = 3 * hidden();
        if (values.empty()) {
            for (size_t v = 0; v < static_cast<size_t>(rows) * width; v++) {
                values.push_back(rounded(element_type(), qkv[v] + bias[v % width]));
            }
        }
        return values[static_cast<size_t>(row) * width + static_cast<size_t>(part) * hidden() +
                      static_cast<size_t>(head * head_size + i)];
    }

    /*
     * Appends every segment: all of it at once, or in random pieces, one of each segment a call. What has been appended
     * is NaN in later calls.
     */
    void append(sf_stream* stream, bool in_pieces) {
        std::vector<int> done(tokens.size(), 0);
        Array<float> left_qkv(qkv.size());
        std::memcpy(left_qkv.data(), qkv.data(), qkv.size() * sizeof(float));
        while (total(done) < total(tokens)) {
            Table<sf_kv_append> appends;
            int row = 0;
            for (size_t s = 0; s < tokens.size(); s++) {
                const int left = tokens[s] - done[s];
                const int count = in_pieces ? random_int(0, left) : left;
                appends.push_back({address(s), layer_stride, row + done[s], count, done[s], tokens[s]});
                done[s] += count;
                row += tokens[s];
            }
            check_ok(stream,
                     sf_append_kv(stream, appends.data(), static_cast<int>(appends.size()),
                                  total(tokens) + random_int(0, 40), heads, head_size, layer, compute_type,
                                  left_qkv.data(), bias.data(), counts.data(), q.data()),
                     "sf_append_kv");
            for (const sf_kv_append& append : appends) {
                const size_t width = 3 * hidden();
                float* rows_done = left_qkv.data() + static_cast<size_t>(append.row) * width;
                std::fill_n(rows_done, static_cast<size_t>(append.tokens) * width,
                            std::numeric_limits<float>::quiet_NaN());
            }
        }
    }

    Table<sf_kv_segment> segments() {
        Table<sf_kv_segment> table;
        for (size_t s = 0; s < tokens.size(); s++) table.push_back({address(s), layer_stride, tokens[s], 0});
        return table;
    }

    /* The output of one query row over the segments [begin, end). */
    std::vector<double> expected(int q_row, int begin, int end) const {
        std::vector<double> out;
        int first = 0;
        for (int s = 0; s < begin; s++) first += tokens[static_cast<size_t>(s)];
        int last = first;
        for (int s = begin; s < end; s++) last += tokens[static_cast<size_t>(s)];
        for (int h = 0; h < heads; h++) {
            std::vector<double> logits;
            double maximum = -INFINITY;
            for (int key = first; key < last; key++) {
                double logit = 0;
                for (int i = 0; i < head_size; i++) logit += at(q_row, 0, h, i) * at(key, 1, h, i);
                logits.push_back(logit / std::sqrt(head_size) + std::log(counts[static_cast<size_t>(key)]));
                maximum = std::max(maximum, logits.back());
            }
            double sum = 0;
            std::vector<double> head_out(static_cast<size_t>(head_size), 0.0);
            for (int key = first; key < last; key++) {
                const double p = std::exp(logits[static_cast<size_t>(key - first)] - maximum);
                sum += p;
                for (int i = 0; i < head_size; i++) head_out[static_cast<size_t>(i)] += p * at(key, 2, h, i);
            }
            for (double v : head_out) out.push_back(v / sum);
        }
        return out;
    }
};

/* `more_blocks`: query blocks without queries behind the others. */
void test_one_attention(sf_stream* stream, int compute_type, int heads, int head_size, const std::vector<int>& tokens,
                        int type, double magnitude, double tolerance, int more_blocks = 0) {
    const int query_counts[] = {1, 2, 7, 31, 32, 33, 70};
    Attention a(stream, compute_type, heads, head_size, random_int(0, 2), tokens, 70, magnitude);
    const int num_segments = static_cast<int>(tokens.size());
    a.append(stream, false);
    const std::string what = "attention in compute type " + std::to_string(compute_type) + " of " +
                             std::to_string(heads) + " heads of " + std::to_string(head_size) + ", values to " +
                             std::to_string(magnitude) + ", " + std::to_string(more_blocks) + " blocks more";
    const auto appended_rows = static_cast<size_t>(Attention::total(tokens));
    check_near(
        appended_rows * a.hidden(), [&](size_t i) { return a.q[i]; },
        [&](size_t i) {
            const size_t column = i % a.hidden();
            return a.at(static_cast<int>(i / a.hidden()), 0, static_cast<int>(column) / head_size,
                        static_cast<int>(column) % head_size);
        },
        compute_type == SF_TF32 ? 1e-3 : 1e-6, what + ", queries");
    bool others = true;
    for (int layer = 0; layer < a.layers; layer++) {
        const unsigned char* start = a.cache.data() + layer * a.layer_stride;
        for (int64_t i = 0; i < a.layer_stride; i++) others = others && (layer == a.layer || start[i] == 0xff);
    }
    check(others, what + ": other layers are untouched");
    /* The rows after the appended ones are only queries. */
    for (size_t i = appended_rows * a.hidden(); i < static_cast<size_t>(a.rows) * a.hidden(); i++) {
        const size_t column = i % a.hidden();
        a.q.set(i, a.at(static_cast<int>(i / a.hidden()), 0, static_cast<int>(column) / head_size,
                        static_cast<int>(column) % head_size));
    }
    const Table<sf_kv_segment> segments = a.segments();
    Table<sf_query_block> blocks;
    int out_rows = 0, longest = 0;
    const int num_blocks = std::max(3, num_segments);
    for (int b = 0; b < num_blocks; b++) {
        const int rows = query_counts[random_int(0, num_blocks > 3 ? 2 : 6)];
        const int begin = random_int(0, num_segments - 1);
        const int end = b == 0 ? num_segments : random_int(begin + 1, num_segments);
        blocks.push_back({random_int(0, a.rows - rows), out_rows, rows, b == 0 ? 0 : begin, end, 0});
        out_rows += rows;
        longest = std::max(longest, rows);
    }
    for (int b = 0; b < more_blocks; b++) blocks.push_back({0, 0, 0, 0, 1, 0});
    Activations out(type, static_cast<size_t>(out_rows) * a.hidden());
    const auto attend = [&](Attention& from, const Table<sf_kv_segment>& table, Activations& to) {
        check_ok(stream,
                 sf_attention(stream, blocks.data(), static_cast<int>(blocks.size()), longest + random_int(0, 40),
                              out_rows + random_int(0, 40), table.data(), num_segments, heads, head_size, from.layer,
                              compute_type, a.q.data(), type, to.data()),
                 "sf_attention");
    };
    attend(a, segments, out);
    std::vector<double> expected;
    for (const sf_query_block& block : blocks) {
        for (int i = 0; i < block.rows; i++) {
            const std::vector<double> row = a.expected(block.q_row + i, block.segment_begin, block.segment_end);
            expected.insert(expected.end(), row.begin(), row.end());
        }
    }
    check_near(out, expected, out.tolerance(tolerance), what);

    a.cache.poison();
    Activations q(a.element_type(), static_cast<size_t>(a.rows) * a.hidden());
    q.copy_from(a.q);
    a.append(stream, true);
    check(a.q.same_bytes(q), what + ": queries appended in pieces");
    Activations again(type, static_cast<size_t>(out_rows) * a.hidden());
    attend(a, segments, again);
    check(again.same_bytes(out), what + ": appended in pieces gives the same bytes");
}

/*
 * A GPU divides a query's keys among more or fewer of its warps, by how many query blocks and heads there are for a
 * multiprocessor, blocks without queries too. With 7 to 24 multiprocessors, or 66 to 257, these numbers of blocks meet
 * every division.
 */
void test_divisions(sf_stream* stream, int compute_type, double tolerance) {
    if (compute_type == SF_F32) return;
    const int type = compute_type == SF_TF32 ? SF_F32 : compute_type;
    for (const int more_blocks : {0, 9, 128, 512}) {
        for (const int head_size : cases({24, 64, 128}, {24, 64, 80, 128})) {
            test_one_attention(stream, compute_type, 2, head_size, {70, 1, 33}, type, 1, tolerance, more_blocks);
        }
    }
    std::vector<int> many;
    for (int s = 0; s < kManyItems; s++) many.push_back(random_int(1, 20));
    test_one_attention(stream, compute_type, 2, 32, many, type, 1, tolerance, 512);
}

/* The order of a batch's requests changes no bit; that of a request's segments no more than rounding. */
void test_order(sf_stream* stream, int compute_type, double tolerance) {
    const int heads = 2, head_size = 48;
    const std::vector<int> tokens = {33, 1, 17, 70, 16};
    Attention a(stream, compute_type, heads, head_size, 0, tokens, 0, 1);
    a.append(stream, false);
    const auto num_segments = static_cast<int>(tokens.size());
    const Table<sf_kv_segment> segments = a.segments();
    Table<sf_query_block> blocks;
    int rows = 0;
    for (int s = 0; s < num_segments; s++) {
        blocks.push_back({rows, rows, tokens[static_cast<size_t>(s)], s / 2 * 2, s + 1, 0});
        rows += tokens[static_cast<size_t>(s)];
    }
    const auto attend = [&](const Table<sf_query_block>& order, const Table<sf_kv_segment>& table, Array<float>& out) {
        check_ok(stream,
                 sf_attention(stream, order.data(), num_segments, 70, rows, table.data(), num_segments, heads,
                              head_size, 0, compute_type, a.q.data(), SF_F32, out.data()),
                 "sf_attention");
    };
    const size_t n = static_cast<size_t>(rows) * a.hidden();
    Array<float> out(n), shuffled_out(n), reversed_out(n);
    attend(blocks, segments, out);
    Table<sf_query_block> shuffled = blocks;
    std::shuffle(shuffled.begin(), shuffled.end(), generator);
    attend(shuffled, segments, shuffled_out);
    check(shuffled_out.same_bytes(out),
          "attention of a batch in another order, in compute type " + std::to_string(compute_type));
    for (sf_query_block& block : blocks) block.segment_begin = 0, block.segment_end = num_segments;
    attend(blocks, segments, out);
    Table<sf_kv_segment> reversed(segments.rbegin(), segments.rend());
    attend(blocks, reversed, reversed_out);
    check_near(reversed_out, std::vector<double>(out.data(), out.data() + n), tolerance,
               "attention over segments in another order, in compute type " + std::to_string(compute_type));
}

/*
 * Weights are rounded to the nearest number of their type, not cut: over positive values, errors of both signs cancel.
 * A cut would make outputs smaller by a third of a unit in the last place: 3e-3 of them for bf16, 4e-4 for 11 bits.
 */
void test_mean_error(sf_stream* stream, int compute_type) {
    const int heads = 2, head_size = 64, keys = 300, queries = 70;
    Attention a(stream, compute_type, heads, head_size, 0, {keys}, queries, 1);
    const size_t hidden = a.hidden();
    std::fill_n(a.bias.data(), a.bias.size(), 0.0f);
    for (size_t i = 0; i < static_cast<size_t>(a.rows) * hidden; i++) {
        a.qkv[i / hidden * 3 * hidden + 2 * hidden + i % hidden] = random_float(1, 2);
    }
    a.append(stream, false);
    for (size_t i = static_cast<size_t>(keys) * hidden; i < static_cast<size_t>(a.rows) * hidden; i++) {
        const auto column = static_cast<int>(i % hidden);
        a.q.set(i, a.at(static_cast<int>(i / hidden), 0, column / head_size, column % head_size));
    }
    const Table<sf_kv_segment> segments = a.segments();
    const Table<sf_query_block> block = {{keys, 0, queries, 0, 1, 0}};
    Array<float> out(static_cast<size_t>(queries) * hidden);
    check_ok(stream,
             sf_attention(stream, block.data(), 1, queries, queries, segments.data(), 1, heads, head_size, 0,
                          compute_type, a.q.data(), SF_F32, out.data()),
             "sf_attention");
    double sum = 0;
    for (int row = 0; row < queries; row++) {
        const std::vector<double> expected = a.expected(keys + row, 0, 1);
        for (size_t i = 0; i < hidden; i++) {
            sum += static_cast<double>(out[static_cast<size_t>(row) * hidden + i]) / expected[i] - 1;
        }
    }
    const double mean = sum / static_cast<double>(out.size());
    const double most = compute_type == SF_F32 ? 1e-6 : compute_type == SF_BF16 ? 3e-4 : 5e-5;
    check(std::fabs(mean) <= most, "mean relative error of attention in compute type " + std::to_string(compute_type) +
                                       ": " + std::to_string(mean * 1e6) + "e-6, at most " +
                                       std::to_string(most * 1e6) + "e-6 expected");
}

/* A key with a count weight of n is the same as n copies of it. */
void test_merged_key(sf_stream* stream, int compute_type, double tolerance) {
    const int copies = random_int(2, 40);
    const int merged = random_int(0, 4);
    const int heads = 2, head_size = 24;
    Attention one(stream, compute_type, heads, head_size, 0, {5}, 1, 1);
    Attention many(stream, compute_type, heads, head_size, 0, {4 + copies}, 1, 1);
    const size_t width = 3 * one.hidden();
    std::memcpy(many.bias.data(), one.bias.data(), many.bias.size() * sizeof(float));
    int row = 0;
    for (int key = 0; key < 5; key++) {
        one.counts[static_cast<size_t>(key)] = key == merged ? copies : 1;
        for (int n = 0; n < (key == merged ? copies : 1); n++, row++) {
            many.counts[static_cast<size_t>(row)] = 1;
            std::memcpy(&many.qkv[static_cast<size_t>(row) * width], &one.qkv[static_cast<size_t>(key) * width],
                        width * sizeof(float));
        }
    }
    one.append(stream, false);
    many.append(stream, false);
    const Table<sf_query_block> block = {{0, 0, 5, 0, 1, 0}};
    Array<float> out_one(5 * one.hidden()), out_many(5 * one.hidden());
    check_ok(stream,
             sf_attention(stream, block.data(), 1, 5, 5, one.segments().data(), 1, heads, head_size, 0, compute_type,
                          one.q.data(), SF_F32, out_one.data()),
             "sf_attention");
    check_ok(stream,
             sf_attention(stream, block.data(), 1, 5, 5, many.segments().data(), 1, heads, head_size, 0, compute_type,
                          one.q.data(), SF_F32, out_many.data()),
             "sf_attention");
    check_near(out_one, std::vector<double>(out_many.data(), out_many.data() + out_many.size()), tolerance,
               "a merged key and " + std::to_string(copies) + " copies");
}

}  // namespace

void test_attention(sf_stream* stream) {
    const int segment_tokens[] = {1, 15, 16, 17, 33, 70};
    for (const int compute_type : backend_compute_types) {
        test_mean_error(stream, compute_type);
        /* Queries, keys and values are compared as the types hold them: what is left is the rounding of the weights. */
        const double tolerance = compute_type == SF_F32 ? 1e-5 : compute_type == SF_BF16 ? 5e-3 : 2e-3;
        for (const int head_size : cases({24, 64, 128}, {1, 8, 24, 32, 48, 64, 80, 128})) {
            for (int heads = brief ? 3 : 1; heads <= 3; heads++) {
                std::vector<int> tokens;
                for (int s = random_int(1, 5); s > 0; s--) tokens.push_back(segment_tokens[random_int(0, 5)]);
                test_one_attention(stream, compute_type, heads, head_size, tokens, SF_F32, 1, tolerance);
            }
            if (compute_type == SF_F32) {
                /* q . k / sqrt(head_size) is about magnitude^2 / 3, and up to three times that. */
                test_one_attention(stream, compute_type, 2, head_size, {17, 70}, SF_F32, 15.5, 2e-3);
            }
            const int narrow = compute_type == SF_F32 && !tables_on_device ? SF_BF16 : compute_type;
            if (narrow == SF_BF16 || narrow == SF_F16) {
                test_one_attention(stream, compute_type, 2, head_size, {70, 1, 33}, narrow, 1, tolerance);
            }
        }
        /* More keys than a chunk of attention on the CPU holds, and enough of them for two threads to append. */
        test_one_attention(stream, compute_type, 2, 64, {299, 16, 250}, SF_F32, 1, tolerance);
        std::vector<std::vector<int>> ragged = {{17, 33, 65}};
        if (!brief) ragged.insert(ragged.end(), {{1, 1}, {2, 3}, {512}, {256, 1, 256}, {1, 1024}});
        for (const auto& tokens : ragged) test_one_attention(stream, compute_type, 1, 32, tokens, SF_F32, 1, tolerance);
        std::vector<int> many;
        for (int s = random_int(kManyItems, 2 * kManyItems); s > 0; s--) many.push_back(random_int(1, 20));
        test_one_attention(stream, compute_type, 1, 8, many, SF_F32, 1, tolerance);
        for (int i = 0; i < fewer(5); i++) test_merged_key(stream, compute_type, tolerance);
        test_divisions(stream, compute_type, tolerance);
        test_order(stream, compute_type, tolerance);
    }
}
