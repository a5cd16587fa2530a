/*
 * Times the products of few rows, with the tiles and splits of docs/GPU.md, and what else a call at batch 1
 * is made of: the heads and the text. Weights are zeros, on which the time does not depend.
 */
#include "kernel_case.h"

namespace {

constexpr int kHeadSize = 64, kText = 20;

int hidden() { return quick ? kHeadSize : 768; }

/* How a product is divided. */
struct Division {
    int tile_rows;
    int splits;
};

struct Rows {
    int rows;
    Division qkv, projection, fc1, fc2;
};

constexpr Rows kRows[] = {{48, {32, 1}, {32, 3}, {64, 2}, {64, 8}},
                          {64, {32, 1}, {32, 3}, {64, 1}, {64, 6}},
                          {112, {64, 1}, {32, 1}, {64, 1}, {64, 3}},
                          {160, {64, 1}, {32, 1}, {64, 1}, {64, 2}},
                          {192, {64, 1}, {32, 1}, {64, 1}, {64, 2}}};

std::string name(const char* layer, int rows) { return std::string(layer) + ", " + std::to_string(rows) + " rows"; }

double flops(int rows, int out, int in) { return 2.0 * rows * out * in; }

void time_product(sf_stream* stream, const char* layer, int rows, int out, int in, int activation, bool added,
                  const Division& by, const Buffer& workspace) {
    const int64_t weight = 2LL * out * in;
    const int64_t bytes = weight + 2LL * rows * in + (added ? 8LL : 2LL) * rows * out;
    measure(stream, {name(layer, rows).c_str(), SF_BF16, 1, static_cast<double>(bytes), flops(rows, out, in)}, bytes,
            [&] {
                auto b = kept(normal(stream, static_cast<int64_t>(rows) * in, SF_BF16), Buffer(stream, weight),
                              normal(stream, out, SF_F32), normal(stream, static_cast<int64_t>(rows) * out, SF_F32));
                return [=, &workspace] {
                    const float* sum = added ? (*b)[3].as<float>() : nullptr;
                    require(sf_tensor_matmul(stream, rows, out, in, SF_BF16, (*b)[0].as(), (*b)[1].as(),
                                             (*b)[2].as<float>(), activation, sum, added ? SF_F32 : SF_BF16,
                                             (*b)[3].as(), by.tile_rows, by.splits, workspace.as()),
                            stream, "sf_tensor_matmul");
                };
            });
}

/* Queries, keys and values of one request, appended to its cache. */
void time_qkv(sf_stream* stream, int rows, const Division& by, const Buffer& workspace) {
    const int in = hidden(), heads = in / kHeadSize;
    const int64_t weight = 2LL * 3 * in * in;
    const int64_t cache = sf_kv_bytes(stream, heads, kHeadSize, rows, SF_BF16);
    const int64_t bytes = weight + 2LL * rows * in * 4;
    measure(stream, {name("qkv", rows).c_str(), SF_BF16, 1, static_cast<double>(bytes), flops(rows, 3 * in, in)}, bytes,
            [&] {
                auto b = kept(normal(stream, static_cast<int64_t>(rows) * in, SF_BF16), Buffer(stream, weight),
                              normal(stream, 3 * in, SF_F32), Buffer(stream, cache), Buffer(stream, 2LL * rows * in));
                auto tables =
                    kept(uploaded(stream, std::vector<sf_kv_append>{{(*b)[3].address(), cache, 0, rows, 0, rows}}),
                         uploaded(stream, std::vector<int32_t>(static_cast<size_t>(rows), 1)));
                return [=, &workspace] {
                    require(sf_tensor_matmul_qkv(stream, rows, in, SF_BF16, (*b)[0].as(), (*b)[1].as(),
                                                 (*tables)[0].as<sf_kv_append>(), 1, heads, kHeadSize, 0,
                                                 (*b)[2].as<float>(), (*tables)[1].as<int32_t>(), (*b)[4].as(),
                                                 by.tile_rows, by.splits, workspace.as()),
                            stream, "sf_tensor_matmul_qkv");
                };
            });
}

/* A hidden layer of a head. */
void time_head(sf_stream* stream) {
    const int size = hidden();
    const int64_t bytes = 4LL * size * size;
    measure(stream, {"few_rows_linear", SF_F32, 1, static_cast<double>(bytes), flops(1, size, size)}, bytes, [&] {
        auto b = kept(normal(stream, size, SF_F32), Buffer(stream, bytes), normal(stream, size, SF_F32),
                      Buffer(stream, 4LL * size));
        return [=] {
            require(sf_few_rows_linear(stream, 1, size, size, (*b)[0].as<float>(), (*b)[1].as<float>(),
                                       (*b)[2].as<float>(), SF_GELU, (*b)[3].as<float>()),
                    stream, "sf_few_rows_linear");
        };
    });
}

void time_text(sf_stream* stream) {
    const int size = hidden();
    const double bytes = 4.0 * 3 * kText * size;
    measure(stream, {"embed_text", SF_F32, 1, bytes, 0}, static_cast<int64_t>(bytes), [&] {
        std::vector<int32_t> numbers(kText);
        for (int i = 0; i < kText; i++) numbers[static_cast<size_t>(i)] = i;
        auto b = kept(uploaded(stream, numbers), normal(stream, static_cast<int64_t>(kText) * size, SF_F32),
                      Buffer(stream, 4LL * kText * size));
        return [=] {
            const int32_t* index = (*b)[0].as<int32_t>();
            const float* rows = (*b)[1].as<float>();
            require(sf_embed_text(stream, kText, size, index, index, index, rows, kText, rows, kText, rows, rows, rows,
                                  1e-5f, rows, (*b)[2].as<float>()),
                    stream, "sf_embed_text");
        };
    });
}

}  // namespace

void time_few_rows(sf_stream* stream) {
    time_head(stream);
    time_text(stream);
    if (sf_compute_capability(stream) < 80) return;
    const Buffer workspace(stream, sf_tensor_matmul_workspace());
    require(sf_clear(stream, workspace.as(), workspace.bytes()), stream, "sf_clear");
    const int size = hidden(), inner = 4 * size;
    for (const Rows& of : kRows) {
        time_qkv(stream, of.rows, of.qkv, workspace);
        time_product(stream, "projection", of.rows, size, size, SF_IDENTITY, true, of.projection, workspace);
        time_product(stream, "fc1", of.rows, inner, size, SF_GELU, false, of.fc1, workspace);
        time_product(stream, "fc2", of.rows, size, inner, SF_IDENTITY, true, of.fc2, workspace);
        if (quick) break;
    }
}
