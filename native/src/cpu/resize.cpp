#include "resize.h"

#include <new>
#include <vector>

#include "../shared/resample.h"
#include "memory.h"

/* Kept from image to image. */
struct ResizeMemory {
    struct Axis {
        std::vector<int32_t> first;
        std::vector<int32_t> count;
        std::vector<float> taps;
    };
    Axis horizontal;
    Axis vertical;
    Scratch rows;
};

namespace {

ResizeAxis filter_taps(ResizeMemory::Axis& axis, int in, int out) {
    const int64_t most = max_taps(in, out);
    axis.first.resize(static_cast<size_t>(out));
    axis.count.resize(static_cast<size_t>(out));
    axis.taps.assign(static_cast<size_t>(out) * static_cast<size_t>(most), 0.0f);
    for (int i = 0; i < out; i++) {
        const FilterWindow window = filter_window(in, out, i);
        const double total = triangle_sum(window);
        float* taps = &axis.taps[static_cast<size_t>(i) * static_cast<size_t>(most)];
        for (int j = window.first; j < window.end; j++) {
            taps[j - window.first] = static_cast<float>(triangle(window, j) / total);
        }
        axis.first[static_cast<size_t>(i)] = window.first;
        axis.count[static_cast<size_t>(i)] = window.end - window.first;
    }
    return {most, axis.first.data(), axis.count.data(), axis.taps.data()};
}

}  // namespace

ResizeMemory* resize_memory_create() { return new (std::nothrow) ResizeMemory; }

void resize_memory_destroy(ResizeMemory* memory) { delete memory; }

int prepare_resize(CpuStream* stream, const sf_image* image, int out_width, int out_height, const float* mean,
                   const float* std, float* canvas, ResizeTask* task) {
    ResizeMemory& memory = *stream->resize;
    try {
        task->horizontal = filter_taps(memory.horizontal, image->width, out_width);
        task->vertical = filter_taps(memory.vertical, image->height, out_height);
        const size_t floats = static_cast<size_t>(stream->threads) * resize_scratch(image->width);
        task->scratch = static_cast<float*>(memory.rows.reserve(floats * sizeof(float)));
    } catch (const std::bad_alloc&) {
        return fail(stream, SF_OUT_OF_MEMORY, "sf_build_pyramid: out of host memory for an image of %d x %d pixels",
                    image->width, image->height);
    }
    task->image = image;
    task->yuv = yuv_matrix(image->color);
    task->out_width = out_width;
    task->out_height = out_height;
    for (int c = 0; c < 3; c++) {
        task->scale[c] = static_cast<float>(1.0 / (255.0 * static_cast<double>(std[c])));
        task->shift[c] = static_cast<float>(-static_cast<double>(mean[c]) / static_cast<double>(std[c]));
    }
    task->canvas = canvas;
    return SF_OK;
}
