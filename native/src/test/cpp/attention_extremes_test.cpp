/* Attention where logits are no numbers, and where segments are shorter than what has been appended. */
#include "check.h"

namespace {

constexpr int kHeadSize = 8;

/* Keys in one block of the cache, in several, and in more than the CPU works on at once. */
constexpr int kTokens[] = {2, 40, 600};

/* More of them tell nothing more. */
constexpr int kMostQueries = 20;

/* One head's rows of queries, keys and values; the first queries attend. */
struct Rows {
    int compute_type;
    int tokens;
    int queries;
    Array<float> qkv;

    Rows(int compute, int num_tokens, float q, float k)
        : compute_type(compute),
          tokens(num_tokens),
          queries(std::min(num_tokens, kMostQueries)),
          qkv(static_cast<size_t>(num_tokens) * 3 * kHeadSize) {
        for (int token = 0; token < tokens; token++) {
            for (int i = 0; i < kHeadSize; i++) {
                *at(token, 0, i) = q;
                *at(token, 1, i) = k;
                *at(token, 2, i) = static_cast<float>(token % 8 + 1);
            }
        }
    }

    /* part: 0 the query, 1 the key, 2 the value. */
    float* at(int token, int part, int i = 0) { return &qkv[static_cast<size_t>((token * 3 + part) * kHeadSize + i)]; }

    /* The mean of the first values but one. */
    double mean(int visible, int without = -1) {
        double sum = 0;
        for (int token = 0; token < visible; token++) sum += token == without ? 0 : static_cast<double>(*at(token, 2));
        return sum / (without < 0 ? visible : visible - 1);
    }

    /* Appends all rows; element 0 of what each query gets of the first `visible` of them. */
    std::vector<double> attend(sf_stream* stream, int visible) {
        const int type = compute_type == SF_TF32 ? SF_F32 : compute_type;
        const auto elements = static_cast<size_t>(tokens) * kHeadSize;
        Array<unsigned char> cache(static_cast<size_t>(sf_kv_bytes(stream, 1, kHeadSize, tokens, compute_type)));
        Array<float> bias(3 * kHeadSize), out(static_cast<size_t>(queries) * kHeadSize);
        Array<int32_t> counts(static_cast<size_t>(tokens));
        Activations q(type, elements);
        std::fill_n(bias.data(), bias.size(), 0.0f);
        std::fill_n(counts.data(), counts.size(), 1);
        const auto address = reinterpret_cast<uint64_t>(cache.data());
        const auto stride = static_cast<int64_t>(cache.size());
        const Table<sf_kv_append> append = {{address, stride, 0, tokens, 0, tokens}};
        const Table<sf_kv_segment> segment = {{address, stride, visible, 0}};
        const Table<sf_query_block> block = {{0, 0, queries, 0, 1, 0}};
        check_ok(stream,
                 sf_append_kv(stream, append.data(), 1, tokens, 1, kHeadSize, 0, compute_type, qkv.data(), bias.data(),
                              counts.data(), q.data()),
                 "sf_append_kv");
        check_ok(stream,
                 sf_attention(stream, block.data(), 1, queries, queries, segment.data(), 1, 1, kHeadSize, 0,
                              compute_type, q.data(), SF_F32, out.data()),
                 "sf_attention");
        std::vector<double> result;
        for (int query = 0; query < queries; query++) {
            result.push_back(static_cast<double>(out[static_cast<size_t>(query) * kHeadSize]));
        }
        return result;
    }
};

std::string with(const Rows& rows, const std::string& what) {
    return what + ", " + std::to_string(rows.tokens) + " tokens in compute type " + std::to_string(rows.compute_type);
}

/* What overflows must not look like an answer: a query with a logit that is NaN or infinite gets NaN. */
void test_not_finite(sf_stream* stream, int compute_type, int tokens) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const int at : {0, 1, tokens / 2, tokens - 1}) {
        for (const auto& [key, name] : {std::pair(nan, "NaN"), std::pair(INFINITY, "infinite")}) {
            Rows rows(compute_type, tokens, 1, 0);
            *rows.at(at, 1) = key;
            int numbers = 0;
            for (const double v : rows.attend(stream, tokens)) numbers += !std::isnan(v);
            check_equal(numbers, 0, with(rows, std::string("answers with a key that is ") + name));
        }
        Rows query(compute_type, tokens, 0, 1);
        const int without = at % query.queries;
        *query.at(without, 0) = nan;
        std::vector<double> out = query.attend(stream, tokens);
        check(std::isnan(out[static_cast<size_t>(without)]), with(query, "a query that is NaN"));
        out[static_cast<size_t>(without)] = query.mean(tokens);
        check_near(out, std::vector<double>(out.size(), query.mean(tokens)), 1e-3, with(query, "the other queries"));

        /* The key drops out, as the limit of smaller logits has it. */
        Rows least(compute_type, tokens, 1, 0);
        *least.at(at, 1) = -INFINITY;
        out = least.attend(stream, tokens);
        check_near(out, std::vector<double>(out.size(), least.mean(tokens, at)), 1e-3,
                   with(least, "a logit of minus infinity"));
    }
    for (const float sign : {1.0f, -1.0f}) {
        Rows rows(compute_type, tokens, 3e38f, sign * 3e38f);
        int numbers = 0;
        for (const double v : rows.attend(stream, tokens)) numbers += !std::isnan(v);
        check_equal(numbers, 0, with(rows, "answers where all logits overflow"));
    }
}

/* A segment is as long as its row of the table says; what has been appended after that is not attended to. */
void test_shorter_segment(sf_stream* stream, int compute_type, int tokens) {
    for (const int visible : {1, (tokens + 1) / 2, tokens - 1}) {
        for (const float beyond : {0.0f, 8.0f, std::numeric_limits<float>::quiet_NaN()}) {
            Rows rows(compute_type, tokens, 1, 0);
            for (int token = visible; token < tokens; token++) {
                for (int i = 0; i < kHeadSize; i++) *rows.at(token, 1, i) = *rows.at(token, 2, i) = beyond;
            }
            const std::vector<double> out = rows.attend(stream, visible);
            check_near(out, std::vector<double>(out.size(), rows.mean(visible)), 1e-3,
                       with(rows, "attention to the first " + std::to_string(visible)));
        }
    }
}

}  // namespace

void test_attention_extremes(sf_stream* stream) {
    for (const int compute_type : backend_compute_types) {
        for (const int tokens : kTokens) {
            test_not_finite(stream, compute_type, tokens);
            test_shorter_segment(stream, compute_type, tokens);
        }
    }
}
