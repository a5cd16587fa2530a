/*
 * Times every kernel with the arguments of ViLT-B/32's finest scale (640 x 480 pixels, 50 % and 25 % of the patches
 * selected, 20 tokens of text), for batches of 1, 8 and 64, beside the device's copy bandwidth and the cost of a launch
 * and of a graph's node. A line of JSON each. A kernel's sets of arguments are rotated, so that in large cases none is
 * still in the L2 cache ("cold"). --quick runs each once with a tiny case, to see that all of it works.
 */
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernel_case.h"

void time_few_rows(sf_stream* stream);

namespace {

constexpr int kHidden = 768, kHeads = 12, kHeadSize = 64, kInner = 3072, kPatch = 32;
constexpr int kBlockRows = 32; /* of queries */
constexpr int kText = 20, kRows = 16, kCols = 20, kCoarser = 1 + 20 + 1 + 40 + 1;

/* What a batch's finest scale is made of. */
struct Scale {
    int batch, selected, tokens, patches;
    int64_t canvas;
    std::vector<sf_grid> grids;
    std::vector<int32_t> indices;
    std::vector<uint8_t> mask;

    explicit Scale(int of) : batch(of), selected(kRows * kCols / 4), tokens(selected + 2), patches(batch * selected) {
        canvas = 3LL * kRows * kCols * kPatch * kPatch;
        for (int r = 0; r < batch; r++) {
            sf_grid grid = {};
            grid.canvas = r * canvas;
            grid.mask = static_cast<int64_t>(r) * kRows * kCols;
            grid.rows = kRows;
            grid.cols = kCols;
            grid.scale = 2;
            grid.selected = selected;
            grid.patch_row = r * selected;
            grid.token_row = r * tokens;
            grid.max_selected = kRows * kCols;
            grids.push_back(grid);
            std::vector<int32_t> all(kRows * kCols);
            for (size_t i = 0; i < all.size(); i++) all[i] = static_cast<int32_t>(i);
            std::shuffle(all.begin(), all.end(), generator);
            std::sort(all.begin(), all.begin() + selected);
            std::vector<uint8_t> bits(all.size());
            for (int i = 0; i < selected; i++) bits[static_cast<size_t>(all[static_cast<size_t>(i)])] = 1;
            mask.insert(mask.end(), bits.begin(), bits.end());
            all[static_cast<size_t>(selected)] = 0;
            indices.insert(indices.end(), all.begin(), all.end());
        }
    }
    int rows() const { return batch * tokens; }
};

void time_patches(sf_stream* stream, const Scale& s, int type) {
    const int64_t pixels = 3LL * kPatch * kPatch;
    const int64_t gathered = s.patches * pixels;
    measure(stream, {"gather_patches", type, s.batch, static_cast<double>(gathered * (4 + bytes_of(type))), 0},
            s.batch * s.canvas * 4 + gathered * bytes_of(type), [&] {
                auto b = kept(uploaded(stream, s.grids), uploaded(stream, s.indices),
                              normal(stream, s.batch * s.canvas, SF_F32), Buffer(stream, gathered * bytes_of(type)));
                return [=, batch = s.batch, patches = s.patches] {
                    require(sf_gather_patches(stream, (*b)[0].as<sf_grid>(), batch, patches, kPatch,
                                              (*b)[2].as<float>(), (*b)[1].as<int32_t>(), type, (*b)[3].as()),
                            stream, "sf_gather_patches");
                };
            });
    if (type != SF_F32) return;
    const int64_t entries = static_cast<int64_t>(s.mask.size());
    measure(stream, {"compact_patches", type, s.batch, static_cast<double>(entries + 4 * s.patches), 0}, 5 * entries,
            [&] {
                auto b = kept(uploaded(stream, s.grids), uploaded(stream, s.mask), Buffer(stream, 4 * entries),
                              Buffer(stream, 4 * s.batch));
                return [=, batch = s.batch] {
                    require(sf_compact_patches(stream, (*b)[0].as<sf_grid>(), batch, (*b)[1].as<uint8_t>(),
                                               (*b)[2].as<int32_t>(), (*b)[3].as<int32_t>()),
                            stream, "sf_compact_patches");
                };
            });
    const double embedded = 8.0 * s.rows() * kHidden;
    measure(stream, {"embed_patches", type, s.batch, embedded, 0}, static_cast<int64_t>(embedded), [&] {
        auto b = kept(uploaded(stream, s.grids), uploaded(stream, s.indices),
                      normal(stream, static_cast<int64_t>(s.patches) * kHidden, SF_F32),
                      normal(stream, 150 * kHidden, SF_F32), Buffer(stream, 4LL * s.rows() * kHidden));
        return [=, batch = s.batch, patches = s.patches] {
            const float* rows = (*b)[3].as<float>();
            require(sf_embed_patches(stream, (*b)[0].as<sf_grid>(), batch, patches, kHidden, (*b)[2].as<float>(),
                                     (*b)[1].as<int32_t>(), rows, rows, 12, rows, rows, rows, (*b)[4].as<float>()),
                    stream, "sf_embed_patches");
        };
    });
}

void time_selection(sf_stream* stream, const Scale& s) {
    std::vector<sf_grid> parents = s.grids, children = s.grids;
    for (size_t r = 0; r < parents.size(); r++) {
        parents[r].rows /= 2;
        parents[r].cols /= 2;
        parents[r].mask /= 4;
        parents[r].selected = kRows * kCols / 8;
        parents[r].patch_row = static_cast<int32_t>(r) * parents[r].selected;
    }
    std::vector<int32_t> indices(s.mask.size() / 4);
    for (size_t i = 0; i < indices.size(); i++) indices[i] = static_cast<int32_t>(i % (kRows * kCols / 4));
    const int64_t logits = 4LL * parents[0].selected * s.batch;
    measure(
        stream,
        {"select_patches", SF_F32, s.batch, static_cast<double>(4 * logits + static_cast<int64_t>(s.mask.size())), 0},
        4 * logits + static_cast<int64_t>(s.mask.size()), [&] {
            auto b = kept(uploaded(stream, parents), uploaded(stream, children), normal(stream, logits, SF_F32),
                          uploaded(stream, indices), Buffer(stream, static_cast<int64_t>(s.mask.size())));
            return [=, batch = s.batch] {
                require(sf_select_patches(stream, (*b)[0].as<sf_grid>(), (*b)[1].as<sf_grid>(), batch,
                                          (*b)[2].as<float>(), (*b)[3].as<int32_t>(), (*b)[4].as<uint8_t>()),
                        stream, "sf_select_patches");
            };
        });
}

void time_rows(sf_stream* stream, const Scale& s, int type) {
    const int64_t n = static_cast<int64_t>(s.rows()) * kHidden;
    const double norm_bytes = static_cast<double>(n * (12 + bytes_of(type)));
    measure(stream, {"residual_layer_norm", type, s.batch, norm_bytes, 0}, static_cast<int64_t>(norm_bytes), [&] {
        auto b = kept(normal(stream, n, SF_F32), normal(stream, n, SF_F32), normal(stream, kHidden, SF_F32),
                      Buffer(stream, n * bytes_of(type)));
        return [=, rows = s.rows()] {
            float* x = (*b)[0].as<float>();
            const float* weight = (*b)[2].as<float>();
            require(sf_residual_layer_norm(stream, rows, kHidden, x, nullptr, (*b)[1].as<float>(), x, weight, weight,
                                           1e-5f, type, (*b)[3].as()),
                    stream, "sf_residual_layer_norm");
        };
    });
    const int64_t inner = static_cast<int64_t>(s.rows()) * kInner;
    measure(stream, {"bias_activation", type, s.batch, static_cast<double>(2 * inner * bytes_of(type)), 0},
            inner * bytes_of(type), [&] {
                auto b = kept(normal(stream, inner, type), normal(stream, kInner, SF_F32));
                return [=, rows = s.rows()] {
                    require(sf_bias_activation(stream, rows, kInner, (*b)[1].as<float>(), SF_GELU, type, (*b)[0].as()),
                            stream, "sf_bias_activation");
                };
            });
}

/* One layer's append and attention: text, the coarser scales' segments and this scale's own as keys. */
void time_attention(sf_stream* stream, const Scale& s, int compute) {
    const int type = compute == SF_TF32 ? SF_F32 : compute;
    const int64_t n = static_cast<int64_t>(s.rows()) * kHidden;
    const int segment_tokens[] = {kText, kCoarser, s.tokens};
    int64_t segment_bytes[3], cache_bytes = 0;
    for (int i = 0; i < 3; i++) {
        segment_bytes[i] = sf_kv_bytes(stream, kHeads, kHeadSize, segment_tokens[i], compute);
        cache_bytes += segment_bytes[i];
    }
    const int keys = kText + kCoarser + s.tokens;
    const double append_bytes = static_cast<double>(n * (12 + 3 * bytes_of(type)));
    const auto make = [&](bool attend) {
        auto b =
            kept(normal(stream, 3 * n, SF_F32), normal(stream, 3 * kHidden, SF_F32), Buffer(stream, n * bytes_of(type)),
                 Buffer(stream, s.batch * cache_bytes), Buffer(stream, n * bytes_of(type)));
        std::vector<sf_kv_append> appends;
        std::vector<sf_kv_segment> segments;
        std::vector<sf_query_block> blocks;
        std::vector<int32_t> counts(static_cast<size_t>(s.batch * (kText + kCoarser + s.tokens)), 1);
        for (int r = 0; r < s.batch; r++) {
            uint64_t kv = (*b)[3].address() + static_cast<uint64_t>(r * cache_bytes);
            for (int i = 0; i < 3; i++) {
                segments.push_back({kv, segment_bytes[i], segment_tokens[i], 0});
                if (i == 2) appends.push_back({kv, segment_bytes[i], r * s.tokens, s.tokens, 0, s.tokens});
                kv += static_cast<uint64_t>(segment_bytes[i]);
            }
            for (int row = 0; row < s.tokens; row += kBlockRows) {
                const int first = r * s.tokens + row;
                blocks.push_back({first, first, std::min(kBlockRows, s.tokens - row), 3 * r, 3 * r + 3, 0});
            }
        }
        auto tables = kept(uploaded(stream, appends), uploaded(stream, segments), uploaded(stream, blocks),
                           uploaded(stream, counts));
        const int rows = s.rows();
        const auto append = [=, batch = s.batch] {
            require(sf_append_kv(stream, (*tables)[0].as<sf_kv_append>(), batch, rows, kHeads, kHeadSize, 0, compute,
                                 (*b)[0].as<float>(), (*b)[1].as<float>(), (*tables)[3].as<int32_t>(), (*b)[2].as()),
                    stream, "sf_append_kv");
        };
        /* Queries and the scale's own keys are in place before attention is timed; older keys are zeros. */
        append();
        require(sf_synchronize(stream), stream, "sf_synchronize");
        const auto num_blocks = static_cast<int>(blocks.size());
        return !attend ? std::function<void()>(append) : [=, batch = s.batch] {
            require(sf_attention(stream, (*tables)[2].as<sf_query_block>(), num_blocks, kBlockRows, rows,
                                 (*tables)[1].as<sf_kv_segment>(), 3 * batch, kHeads, kHeadSize, 0, compute,
                                 (*b)[2].as(), type, (*b)[4].as()),
                    stream, "sf_attention");
        };
    };
    const int64_t held = 12 * n + 2 * n * bytes_of(type) + s.batch * cache_bytes;
    measure(stream, {"append_kv", compute, s.batch, append_bytes, 0}, held, [&] { return make(false); });
    measure(stream,
            {"attention", compute, s.batch,
             static_cast<double>(2 * n * bytes_of(type)) +
                 2.0 * s.batch * keys * kHidden * static_cast<double>(bytes_of(type)),
             4.0 * s.rows() * keys * kHidden},
            held, [&] { return make(true); });
}

/* The pyramid cannot be recorded: a call at a time, launches and all. */
void time_pyramid(sf_stream* stream) {
    const Buffer pixels = uploaded(stream, std::vector<uint8_t>(3 * 640 * 480, 127));
    const Buffer mean = uploaded(stream, std::vector<float>(3, 0.5f));
    const int64_t canvas_pixels = 3LL * kRows * kCols * kPatch * kPatch;
    const Buffer canvas(stream, 4 * (canvas_pixels + canvas_pixels / 4 + canvas_pixels / 16));
    sf_image image = {};
    image.planes[0] = pixels.address();
    image.strides[0] = 3 * 640;
    image.width = 640;
    image.height = 480;
    Timer timer(stream);
    std::vector<double> times;
    for (int run = -3; run < runs(); run++) {
        const double time = timer.time([&] {
            require(sf_build_pyramid(stream, &image, kPatch, 3, kRows / 4, kCols / 4, mean.as<float>(),
                                     mean.as<float>(), canvas.as<float>()),
                    stream, "sf_build_pyramid");
        });
        if (run >= 0) times.push_back(time);
    }
    const Times of = percentiles(times);
    const double bytes = 3.0 * 640 * 480 + static_cast<double>(canvas.bytes());
    print_record(
        "{\"record\": \"kernel\", \"kernel\": \"build_pyramid\", \"type\": \"fp32\", \"batch\": 1, \"us\": %.3f, "
        "\"us_p10\": %.3f, \"us_p90\": %.3f, \"bytes\": %.0f, \"flops\": 0, \"gb_s\": %.1f, \"tflop_s\": 0, "
        "\"cold\": false}",
        of.median, of.p10, of.p90, bytes, bytes / of.median / 1e3);
}

/* Limits of the device: a large copy, read and write counted, and what the smallest kernel costs. */
void time_limits(sf_stream* stream) {
#ifndef SF_EMULATION
    const int64_t bytes = 1LL << 30;
    const Buffer from = Buffer(stream, bytes), to = Buffer(stream, bytes);
    Timer timer(stream);
    std::vector<double> copies;
    for (int run = -2; run < 10; run++) {
        const double time = timer.time([&] {
            (void)cudaMemcpyAsync(to.as(), from.as(), static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice,
                                  static_cast<cudaStream_t>(sf_cuda_queue(stream)));
        });
        if (run >= 0) copies.push_back(time);
    }
    print_record("{\"record\": \"limit\", \"what\": \"copy\", \"gb_s\": %.1f}",
                 2.0 * static_cast<double>(bytes) / percentiles(copies).median / 1e3);
#endif
    const Buffer one = normal(stream, 1, SF_F32), other(stream, 4);
    const auto smallest = [&](int) {
        require(sf_convert(stream, 1, one.as<float>(), SF_F16, other.as()), stream, "sf_convert");
    };
    const int nodes = quick ? 2 : 1000;
    print_record("{\"record\": \"limit\", \"what\": \"graph node\", \"us\": %.3f}",
                 time_in_graph(stream, nodes, runs(), smallest).median);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < nodes; i++) smallest(i);
    require(sf_synchronize(stream), stream, "sf_synchronize");
    print_record("{\"record\": \"limit\", \"what\": \"launch\", \"us\": %.3f}",
                 std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() / nodes);
}

}  // namespace

int main(int argc, char** argv) {
    quick = parse_quick(argc, argv);
    sf_stream* stream = open_device();
    time_limits(stream);
    const bool ampere = sf_compute_capability(stream) >= 80;
    for (const int batch : {1, 8, 64}) {
        if (quick && batch > 1) break;
        const Scale scale(batch);
        for (const int type : {SF_F32, SF_F16, SF_BF16}) {
            time_patches(stream, scale, type);
            time_rows(stream, scale, type);
        }
        for (const int compute : std::initializer_list<int>{SF_F32, SF_TF32, SF_F16, SF_BF16}) {
            if (ampere || (compute != SF_TF32 && compute != SF_BF16)) time_attention(stream, scale, compute);
        }
        time_selection(stream, scale);
    }
    time_few_rows(stream);
    time_pyramid(stream);
    sf_stream_destroy(stream);
    return 0;
}
