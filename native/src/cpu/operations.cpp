/*
 * The operations of scanformer.h: they check what they are given, and then run the kernels of the stream's instruction
 * set. What does no arithmetic worth a vector (compaction, selection, resampling weights) is here itself.
 */
#include <algorithm>
#include <climits>
#include <cmath>
#include <functional>

#include "stream.h"

namespace {

/* Longest row that the kernels keep on their stack. */
constexpr int kMaxColumns = 4096;
constexpr int kMaxHeadSize = 128;

std::string number(int64_t value) { return std::to_string(value); }

int ok() { return SF_OK; }

int invalid(sf_stream* stream, const char* operation, const std::string& message) {
    return fail(stream, SF_INVALID_ARGUMENT, std::string(operation) + ": " + message);
}

bool valid_type(int type) { return type == SF_F32 || type == SF_BF16; }

bool aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 64 == 0; }

bool any_null(std::initializer_list<const void*> pointers) {
    return std::any_of(pointers.begin(), pointers.end(), [](const void* p) { return p == nullptr; });
}

/* "" or what is wrong with the grids. */
std::string grid_fault(const sf_grid* grids, int count, bool with_selection) {
    for (int g = 0; g < count; g++) {
        const sf_grid& grid = grids[g];
        const std::string at = "grid " + number(g) + ": ";
        if (grid.rows < 1 || grid.cols < 1 || static_cast<int64_t>(grid.rows) * grid.cols > INT_MAX) {
            return at + "size " + number(grid.rows) + " x " + number(grid.cols);
        }
        if (grid.mask < 0 || (with_selection && grid.canvas < 0)) return at + "negative offset";
        if (with_selection && (grid.selected < 0 || grid.selected > grid.rows * grid.cols)) {
            return at + "selected must be 0 to " + number(grid.rows * grid.cols) + ", found " + number(grid.selected);
        }
        if (with_selection && (grid.patch_row < 0 || grid.token_row < 0 || grid.scale < 0)) {
            return at + "negative row or scale";
        }
    }
    return "";
}

bool any_selected(const sf_grid* grids, int count) {
    return std::any_of(grids, grids + count, [](const sf_grid& grid) { return grid.selected > 0; });
}

/* "" or that the sum of a member of the table's rows is more than the caller said. */
template <typename Row>
std::string sum_fault(const Row* rows, int count, int32_t Row::*member, int most) {
    int64_t sum = 0;
    for (int i = 0; i < count; i++) sum += rows[i].*member;
    return sum <= most ? "" : "the table names " + number(sum) + " rows, more than the " + number(most) + " expected";
}

std::string head_fault(int heads, int head_size, int layer, int math) {
    if (math != SF_F32) return "attention on the CPU multiplies in fp32, found math " + number(math);
    if (heads < 1 || head_size < 1 || head_size > kMaxHeadSize || layer < 0) {
        return "expected heads >= 1, head size 1 to 128, layer >= 0, found " + number(heads) + ", " +
               number(head_size) + ", " + number(layer);
    }
    return "";
}

constexpr int kMaxScales = 30;

/* Weights of the triangle filter that widens with the reduction, as PIL and PyTorch compute them. */
ResizeAxis resize_axis(sf_stream* stream, int axis, int in, int out) {
    auto& first = stream->resize_first[axis];
    auto& count = stream->resize_count[axis];
    auto& taps = stream->resize_taps[axis];
    const double scale = static_cast<double>(in) / out;
    const double support = std::max(scale, 1.0);
    const int max_taps = static_cast<int>(std::ceil(support)) * 2 + 1;
    first.resize(static_cast<size_t>(out));
    count.resize(static_cast<size_t>(out));
    taps.assign(static_cast<size_t>(out) * static_cast<size_t>(max_taps), 0.0f);
    for (int i = 0; i < out; i++) {
        const double center = scale * (i + 0.5);
        const int low = std::max(static_cast<int>(center - support + 0.5), 0);
        const int high = std::min(static_cast<int>(center + support + 0.5), in);
        float* weights = &taps[static_cast<size_t>(i) * static_cast<size_t>(max_taps)];
        double total = 0;
        for (int j = low; j < high; j++) total += std::max(0.0, 1.0 - std::fabs((j - center + 0.5) / support));
        for (int j = low; j < high; j++) {
            weights[j - low] = static_cast<float>(std::max(0.0, 1.0 - std::fabs((j - center + 0.5) / support)) / total);
        }
        first[static_cast<size_t>(i)] = low;
        count[static_cast<size_t>(i)] = high - low;
    }
    return {max_taps, first.data(), count.data(), taps.data()};
}

}  // namespace

int sf_build_pyramid(sf_stream* stream, const sf_image* image, int patch, int scales, int rows0, int cols0,
                     const float* mean, const float* std, float* canvas) {
    return guarded(stream, "sf_build_pyramid", [&] {
        const char* operation = "sf_build_pyramid";
        if (any_null({image, mean, std, canvas})) return invalid(stream, operation, "NULL argument");
        const std::string fault = image_fault(*image);
        if (!fault.empty()) return invalid(stream, operation, fault);
        if (patch < 1 || scales < 1 || scales > kMaxScales || rows0 < 1 || cols0 < 1 ||
            (static_cast<int64_t>(std::max(rows0, cols0)) * patch) > (INT_MAX >> (scales - 1)) / 4) {
            return invalid(stream, operation,
                           "pyramid of " + number(scales) + " scales from " + number(rows0) + " x " + number(cols0) +
                               " patches of " + number(patch) + " pixels");
        }
        const int finest = scales - 1;
        const int out_width = (cols0 << finest) * patch;
        const int out_height = (rows0 << finest) * patch;
        float* levels[kMaxScales];
        float* next = canvas;
        for (int s = 0; s < scales; s++) {
            levels[static_cast<size_t>(s)] = next;
            next += 3 * (static_cast<size_t>(rows0) << s) * static_cast<size_t>(patch) *
                    (static_cast<size_t>(cols0) << s) * static_cast<size_t>(patch);
        }
        ResizeTask task = {};
        task.image = image;
        task.yuv = yuv_matrix(image->color);
        task.out_width = out_width;
        task.out_height = out_height;
        task.horizontal = resize_axis(stream, 0, image->width, out_width);
        task.vertical = resize_axis(stream, 1, image->height, out_height);
        for (int c = 0; c < 3; c++) {
            task.scale[c] = static_cast<float>(1.0 / (255.0 * static_cast<double>(std[c])));
            task.shift[c] = static_cast<float>(-static_cast<double>(mean[c]) / static_cast<double>(std[c]));
        }
        task.canvas = levels[static_cast<size_t>(finest)];
        task.scratch = static_cast<float*>(stream->resize_rows.reserve(static_cast<size_t>(stream->threads) *
                                                                       resize_scratch(image->width) * sizeof(float)));
        stream->kernels->resize(task, stream->team.get());
        for (int s = finest - 1; s >= 0; s--) {
            stream->kernels->halve(levels[static_cast<size_t>(s + 1)], (rows0 << s) * patch, (cols0 << s) * patch,
                                   levels[static_cast<size_t>(s)], stream->team.get());
        }
        return ok();
    });
}

int sf_compact_patches(sf_stream* stream, const sf_grid* grids, int num_grids, const uint8_t* mask, int32_t* indices,
                       int32_t* counts) {
    return guarded(stream, "sf_compact_patches", [&] {
        const char* operation = "sf_compact_patches";
        if (num_grids < 0) return invalid(stream, operation, number(num_grids) + " grids");
        if (num_grids == 0) return ok();
        if (any_null({grids, mask, indices, counts})) return invalid(stream, operation, "NULL argument");
        const std::string fault = grid_fault(grids, num_grids, false);
        if (!fault.empty()) return invalid(stream, operation, fault);
        for (int g = 0; g < num_grids; g++) {
            const int total = grids[g].rows * grids[g].cols;
            const uint8_t* from = mask + grids[g].mask;
            int32_t* to = indices + grids[g].mask;
            int32_t count = 0;
            for (int i = 0; i < total; i++) {
                if (from[i] != 0) to[count++] = i;
            }
            counts[g] = count;
        }
        return ok();
    });
}

int sf_gather_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int patch,
                      const float* canvas, const int32_t* indices, int type, void* rows) {
    return guarded(stream, "sf_gather_patches", [&] {
        const char* operation = "sf_gather_patches";
        if (num_grids < 0 || patch < 1 || !valid_type(type)) {
            return invalid(stream, operation,
                           number(num_grids) + " grids, patch size " + number(patch) + ", type " + number(type));
        }
        if (num_grids == 0) return ok();
        if (grids == nullptr) return invalid(stream, operation, "NULL argument");
        std::string fault = grid_fault(grids, num_grids, true);
        if (fault.empty()) fault = sum_fault(grids, num_grids, &sf_grid::selected, max_patches);
        if (!fault.empty()) return invalid(stream, operation, fault);
        if (!any_selected(grids, num_grids)) return ok();
        if (any_null({canvas, indices, rows}) || !aligned(rows)) {
            return invalid(stream, operation, "NULL argument, or rows not aligned to 64 bytes");
        }
        stream->kernels->gather(grids, num_grids, patch, canvas, indices, type, rows, stream->team.get());
        return ok();
    });
}

int sf_embed_text(sf_stream* stream, int tokens, int hidden, const int32_t* ids, const int32_t* positions,
                  const int32_t* token_rows, const float* word, int vocab, const float* position, int max_positions,
                  const float* type0, const float* weight, const float* bias, float eps, const float* modality0,
                  float* x) {
    return guarded(stream, "sf_embed_text", [&] {
        const char* operation = "sf_embed_text";
        if (tokens < 0 || hidden < 1 || hidden > kMaxColumns) {
            return invalid(stream, operation, number(tokens) + " tokens of size " + number(hidden));
        }
        if (tokens == 0) return ok();
        if (any_null({ids, positions, token_rows, word, position, type0, weight, bias, modality0, x})) {
            return invalid(stream, operation, "NULL argument");
        }
        for (int t = 0; t < tokens; t++) {
            if (ids[t] < 0 || ids[t] >= vocab || positions[t] < 0 || positions[t] >= max_positions ||
                token_rows[t] < 0) {
                return invalid(stream, operation,
                               "token " + number(t) + ": id " + number(ids[t]) + " of " + number(vocab) +
                                   ", position " + number(positions[t]) + " of " + number(max_positions) + ", row " +
                                   number(token_rows[t]));
            }
        }
        stream->kernels->embed_text(tokens, hidden, ids, positions, token_rows, word, position, type0, weight, bias,
                                    eps, modality0, x, stream->team.get());
        return ok();
    });
}

int sf_embed_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int hidden,
                     const float* patches, const int32_t* indices, const float* cls, const float* position,
                     int position_grid, const float* modality1, const float* scales, const float* constant, float* x) {
    return guarded(stream, "sf_embed_patches", [&] {
        const char* operation = "sf_embed_patches";
        if (num_grids < 0 || hidden < 1 || position_grid < 1) {
            return invalid(
                stream, operation,
                number(num_grids) + " grids, size " + number(hidden) + ", position grid " + number(position_grid));
        }
        if (num_grids == 0) return ok();
        if (any_null({grids, indices, cls, position, modality1, scales, constant, x})) {
            return invalid(stream, operation, "NULL argument");
        }
        std::string fault = grid_fault(grids, num_grids, true);
        if (fault.empty()) fault = sum_fault(grids, num_grids, &sf_grid::selected, max_patches);
        if (!fault.empty()) return invalid(stream, operation, fault);
        if (patches == nullptr && any_selected(grids, num_grids)) return invalid(stream, operation, "NULL argument");
        stream->kernels->embed_patches(grids, num_grids, hidden, patches, indices, cls, position, position_grid,
                                       modality1, scales, constant, x, stream->team.get());
        return ok();
    });
}

int sf_residual_layer_norm(sf_stream* stream, int rows, int columns, const float* x, const int32_t* row_index,
                           const float* y, float* x_out, const float* weight, const float* bias, float eps, int type,
                           void* out) {
    return guarded(stream, "sf_residual_layer_norm", [&] {
        const char* operation = "sf_residual_layer_norm";
        if (rows < 0 || columns < 1 || columns > kMaxColumns || !valid_type(type)) {
            return invalid(stream, operation,
                           "expected rows >= 0, columns 1 to 4096 and type fp32 or bf16, found " + number(rows) + ", " +
                               number(columns) + ", " + number(type));
        }
        if (rows == 0) return ok();
        if (x == nullptr || (out != nullptr && any_null({weight, bias}))) {
            return invalid(stream, operation, "NULL argument");
        }
        if (row_index != nullptr && x_out == x) {
            return invalid(stream, operation, "x_out may be x only without row_index");
        }
        stream->kernels->residual_layer_norm(rows, columns, x, row_index, y, x_out, weight, bias, eps, type, out,
                                             stream->team.get());
        return ok();
    });
}

int64_t sf_kv_bytes(int heads, int head_size, int tokens, int math) {
    if (math != SF_F32 || heads < 1 || head_size < 1 || tokens < 1) return 0;
    const int64_t blocks = (static_cast<int64_t>(tokens) + KV_BLOCK - 1) / KV_BLOCK;
    return blocks * static_cast<int64_t>(kv_block_floats(heads, head_size) * sizeof(float));
}

int sf_append_kv(sf_stream* stream, const sf_kv_append* appends, int num_appends, int max_rows, int heads,
                 int head_size, int layer, int math, const float* qkv, const float* bias, const int32_t* counts,
                 void* q) {
    return guarded(stream, "sf_append_kv", [&] {
        const char* operation = "sf_append_kv";
        const std::string fault = head_fault(heads, head_size, layer, math);
        if (!fault.empty() || num_appends < 0) {
            return invalid(stream, operation, fault + ", " + number(num_appends) + " appends");
        }
        if (num_appends == 0) return ok();
        if (any_null({appends, qkv, bias, counts, q})) return invalid(stream, operation, "NULL argument");
        for (int a = 0; a < num_appends; a++) {
            const sf_kv_append& append = appends[a];
            if (append.row < 0 || append.tokens < 0 || append.position < 0 || append.kv == 0 || append.kv % 64 != 0 ||
                append.layer_stride % 64 != 0 ||
                static_cast<int64_t>(append.position) + append.tokens > append.capacity) {
                return invalid(stream, operation,
                               "append " + number(a) + ": " + number(append.tokens) + " tokens at position " +
                                   number(append.position) + " of a segment for " + number(append.capacity) +
                                   ", from row " + number(append.row) + ", layers " + number(append.layer_stride) +
                                   " bytes apart");
            }
            for (int t = 0; t < append.tokens; t++) {
                if (counts[append.row + t] < 1) {
                    return invalid(
                        stream, operation,
                        "the count weight of row " + number(append.row + t) + " is " + number(counts[append.row + t]));
                }
            }
        }
        const std::string sum = sum_fault(appends, num_appends, &sf_kv_append::tokens, max_rows);
        if (!sum.empty()) return invalid(stream, operation, sum);
        stream->kernels->append_kv(appends, num_appends, heads, head_size, layer, qkv, bias, counts,
                                   static_cast<float*>(q), stream->team.get());
        return ok();
    });
}

int sf_attention(sf_stream* stream, const sf_query_block* blocks, int num_blocks, int max_rows,
                 const sf_kv_segment* segments, int num_segments, int heads, int head_size, int layer, int math,
                 const void* q, int type, void* out) {
    return guarded(stream, "sf_attention", [&] {
        const char* operation = "sf_attention";
        const std::string fault = head_fault(heads, head_size, layer, math);
        if (!fault.empty() || num_blocks < 0 || num_segments < 0 || !valid_type(type)) {
            return invalid(stream, operation,
                           fault + ", " + number(num_blocks) + " blocks, " + number(num_segments) + " segments, type " +
                               number(type));
        }
        if (num_blocks == 0) return ok();
        if (any_null({blocks, segments, q, out})) return invalid(stream, operation, "NULL argument");
        for (int b = 0; b < num_blocks; b++) {
            const sf_query_block& block = blocks[b];
            if (block.q_row < 0 || block.out_row < 0 || block.rows < 0 || block.segment_begin < 0 ||
                block.segment_end <= block.segment_begin || block.segment_end > num_segments) {
                return invalid(stream, operation,
                               "block " + number(b) + ": rows " + number(block.rows) + ", segments " +
                                   number(block.segment_begin) + " to " + number(block.segment_end) + " of " +
                                   number(num_segments));
            }
            for (int s = block.segment_begin; s < block.segment_end; s++) {
                if (segments[s].tokens < 1 || segments[s].kv == 0 || segments[s].kv % 64 != 0 ||
                    segments[s].layer_stride % 64 != 0) {
                    return invalid(stream, operation,
                                   "segment " + number(s) + ": " + number(segments[s].tokens) +
                                       " tokens, or an address or a stride that is not a multiple of 64 bytes");
                }
            }
        }
        const std::string sum = sum_fault(blocks, num_blocks, &sf_query_block::rows, max_rows);
        if (!sum.empty()) return invalid(stream, operation, sum);
        stream->kernels->attention(blocks, num_blocks, segments, heads, head_size, layer, static_cast<const float*>(q),
                                   type, out, stream->team.get());
        return ok();
    });
}

int sf_select_patches(sf_stream* stream, const sf_grid* parents, const sf_grid* children, int num_requests,
                      const float* logits, const int32_t* indices, uint8_t* mask) {
    return guarded(stream, "sf_select_patches", [&] {
        const char* operation = "sf_select_patches";
        if (num_requests < 0) return invalid(stream, operation, number(num_requests) + " requests");
        if (num_requests == 0) return ok();
        if (any_null({parents, children, indices, mask})) return invalid(stream, operation, "NULL argument");
        std::string fault = grid_fault(parents, num_requests, true);
        if (fault.empty()) fault = grid_fault(children, num_requests, false);
        if (!fault.empty()) return invalid(stream, operation, fault);
        if (logits == nullptr && any_selected(parents, num_requests)) {
            return invalid(stream, operation, "NULL argument");
        }
        for (int r = 0; r < num_requests; r++) {
            if (children[r].rows != 2 * parents[r].rows || children[r].cols != 2 * parents[r].cols ||
                children[r].max_selected < SF_GIVEN) {
                return invalid(stream, operation,
                               "request " + number(r) + ": children " + number(children[r].rows) + " x " +
                                   number(children[r].cols) + " of parents " + number(parents[r].rows) + " x " +
                                   number(parents[r].cols) + ", at most " + number(children[r].max_selected));
            }
        }
        auto& candidates = stream->candidates;
        for (int r = 0; r < num_requests; r++) {
            const sf_grid& parent = parents[r];
            const sf_grid& child = children[r];
            if (child.max_selected == SF_GIVEN) continue;
            uint8_t* to = mask + child.mask;
            std::fill(to, to + static_cast<size_t>(child.rows) * static_cast<size_t>(child.cols), uint8_t{0});
            candidates.clear();
            for (int i = 0; i < parent.selected; i++) {
                const int index = indices[parent.mask + i];
                const int row = index / parent.cols;
                const int col = index % parent.cols;
                const float* four = logits + 4 * (static_cast<int64_t>(parent.patch_row) + i);
                for (int c = 0; c < 4; c++) {
                    if (four[c] > child.logit_bound) {
                        candidates.emplace_back(four[c], (2 * row + c / 2) * child.cols + 2 * col + c % 2);
                    }
                }
            }
            if (candidates.size() > static_cast<size_t>(child.max_selected)) {
                const auto end = candidates.begin() + child.max_selected;
                std::nth_element(candidates.begin(), end, candidates.end(), [](const auto& a, const auto& b) {
                    return a.first != b.first ? a.first > b.first : a.second < b.second;
                });
                candidates.erase(end, candidates.end());
            }
            for (const auto& candidate : candidates) to[candidate.second] = 1;
        }
        return ok();
    });
}
