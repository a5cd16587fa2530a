#include "resize.h"

#include <algorithm>
#include <new>
#include <vector>

#include "../shared/resample.h"
#include "memory.h"

/* Kept from image to image. */
struct ResizeMemory {
    struct Axis {
        std::vector<int32_t> first;
        std::vector<int32_t> count;
        std::vector<double> totals;
    };
    Axis horizontal;
    Axis vertical;
    std::vector<int64_t> offsets;
    std::vector<float> weights;
    Scratch rows;
};

namespace {

ResizeAxis filter_axis(ResizeMemory::Axis& axis, int in, int out) {
    axis.first.resize(static_cast<size_t>(out));
    axis.count.resize(static_cast<size_t>(out));
    axis.totals.resize(static_cast<size_t>(out));
    for (int i = 0; i < out; i++) {
        const FilterWindow window = filter_window(in, out, i);
        axis.first[static_cast<size_t>(i)] = window.first;
        axis.count[static_cast<size_t>(i)] = window.end - window.first;
        axis.totals[static_cast<size_t>(i)] = triangle_sum(window);
    }
    return {in, out, axis.first.data(), axis.count.data(), axis.totals.data()};
}

/* Weights of an axis' output i for the source pixels [begin, end) of its window. */
void filter_weights(const ResizeAxis& axis, int i, int begin, int end, float* weights) {
    const FilterWindow window = filter_window(axis.in, axis.out, i);
    for (int j = begin; j < end; j++) weights[j - begin] = static_cast<float>(triangle(window, j) / axis.totals[i]);
}

/* The most weights that a band of an axis has: at most three windows meet in a source pixel, or three pixels in one. */
size_t band_weights(int in, int out) {
    return 3 * (static_cast<size_t>(std::min(in, static_cast<int>(kBandColumns))) + static_cast<size_t>(out) + 1);
}

/* The band of the source columns from begin on, whose first output is that or a later one. */
void make_band(ResizeMemory& memory, const ResizeAxis& axis, int begin, int first_output, ResizeBand* band) {
    band->begin = begin;
    band->end = static_cast<int>(std::min<int64_t>(axis.in, static_cast<int64_t>(begin) + kBandColumns));
    while (axis.first[first_output] + axis.count[first_output] <= begin) first_output++;
    band->first_output = first_output;
    memory.offsets.clear();
    memory.weights.clear();
    int output = first_output;
    for (; output < axis.out && axis.first[output] < band->end; output++) {
        const int from = std::max(axis.first[output], begin);
        const int to = std::min(axis.first[output] + axis.count[output], band->end);
        const size_t offset = memory.weights.size();
        memory.offsets.push_back(static_cast<int64_t>(offset));
        memory.weights.resize(offset + static_cast<size_t>(to - from));
        filter_weights(axis, output, from, to, memory.weights.data() + offset);
    }
    memory.offsets.push_back(static_cast<int64_t>(memory.weights.size()));
    band->end_output = output;
    band->offsets = memory.offsets.data();
    band->weights = memory.weights.data();
}

}  // namespace

ResizeMemory* resize_memory_create() { return new (std::nothrow) ResizeMemory; }

void resize_memory_destroy(ResizeMemory* memory) { delete memory; }

int prepare_resize(CpuStream* stream, const sf_image* image, int out_width, int out_height, const float* mean,
                   const float* std, float* canvas, ResizeTask* task) {
    ResizeMemory& memory = *stream->resize;
    try {
        task->horizontal = filter_axis(memory.horizontal, image->width, out_width);
        task->vertical = filter_axis(memory.vertical, image->height, out_height);
        memory.offsets.reserve(static_cast<size_t>(out_width) + 1);
        memory.weights.reserve(band_weights(image->width, out_width));
        make_band(memory, task->horizontal, 0, 0, &task->band);
        const size_t floats = static_cast<size_t>(stream->threads) * resize_scratch(image->width);
        task->scratch = static_cast<float*>(memory.rows.reserve(floats * sizeof(float)));
    } catch (const std::bad_alloc&) {
        return fail(stream, SF_OUT_OF_MEMORY, "sf_build_pyramid: out of host memory for an image of %d x %d pixels",
                    image->width, image->height);
    }
    task->image = image;
    task->yuv = yuv_matrix(image->format, image->color);
    task->layout = yuv_layout(image->format);
    for (int c = 0; c < 3; c++) {
        task->scale[c] = static_cast<float>(1.0 / (255.0 * static_cast<double>(std[c])));
        task->shift[c] = static_cast<float>(-static_cast<double>(mean[c]) / static_cast<double>(std[c]));
    }
    task->canvas = canvas;
    return SF_OK;
}

bool resize_next_band(CpuStream* stream, ResizeTask* task) {
    if (task->band.end == task->horizontal.in) return false;
    make_band(*stream->resize, task->horizontal, task->band.end, task->band.first_output, &task->band);
    return true;
}

void resize_row_weights(const ResizeTask& task, int y, int k, int n, float* weights) {
    const int begin = task.vertical.first[y] + k;
    filter_weights(task.vertical, y, begin, begin + n, weights);
}
