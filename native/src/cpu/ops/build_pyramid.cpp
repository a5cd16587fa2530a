/*
 * Image pyramid. A thread takes a row of the finest canvas: it sums the source rows under the vertical filter, made RGB
 * before where they are YUV, into one row of interleaved floats, and then each output pixel sums the pixels of that row
 * under the horizontal filter, all channels of a pixel in one short vector. Source rows are read as they lie, so a
 * reduced image is read about once.
 */
#include "../../shared/resample.h"
#include "../resize.h"
#include "common.h"

namespace cpu::SF_ISA {

typedef float vpixel __attribute__((vector_size(16), aligned(4), may_alias));

/* row [width * channels] = the sum of the source rows under output row y's vertical filter. */
static void sum_packed_rows(const ResizeTask& t, int y, float* row) {
    const sf_image& image = *t.image;
    const size_t values = static_cast<size_t>(image.width) * static_cast<size_t>(pixel_bytes(image.format));
    const float* taps = t.vertical.taps + static_cast<size_t>(y) * static_cast<size_t>(t.vertical.max_taps);
    const auto* pixels = reinterpret_cast<const uint8_t*>(image.planes[0]);
    for (int k = 0; k < t.vertical.count[y]; k++) {
        const uint8_t* source = pixels + static_cast<int64_t>(t.vertical.first[y] + k) * image.strides[0];
        const float weight = taps[k];
        if (k == 0) {
            for (size_t i = 0; i < values; i++) row[i] = weight * static_cast<float>(source[i]);
        } else {
            for (size_t i = 0; i < values; i++) row[i] += weight * static_cast<float>(source[i]);
        }
    }
}

/* What chroma adds to the luma of a row's pixels, terms [3, resize_row_floats]: a sample holds for two of them. */
static void chroma_terms(const ResizeTask& t, int chroma_row, float* terms) {
    const sf_image& image = *t.image;
    const bool pairs = image.format == SF_NV12;
    const auto* cb = reinterpret_cast<const uint8_t*>(image.planes[1]) + chroma_row * image.strides[1];
    const uint8_t* cr =
        pairs ? cb + 1 : reinterpret_cast<const uint8_t*>(image.planes[2]) + chroma_row * image.strides[2];
    const int step = pairs ? 2 : 1;
    float* red = terms;
    float* green = red + resize_row_floats(image.width);
    float* blue = green + resize_row_floats(image.width);
    for (int i = 0; i < (image.width + 1) / 2; i++) {
        const float u = static_cast<float>(cb[i * step]) - 128;
        const float v = static_cast<float>(cr[i * step]) - 128;
        red[2 * i] = red[2 * i + 1] = t.yuv.red_cr * v;
        green[2 * i] = green[2 * i + 1] = t.yuv.green_cb * u + t.yuv.green_cr * v;
        blue[2 * i] = blue[2 * i + 1] = t.yuv.blue_cb * u;
    }
}

/* The same sum for a 4:2:0 image, as pixels of 4 channels; work is 6 planes of resize_row_floats. */
static void sum_yuv_rows(const ResizeTask& t, int y, float* row, float* work) {
    const sf_image& image = *t.image;
    const size_t plane = resize_row_floats(image.width);
    const float* taps = t.vertical.taps + static_cast<size_t>(y) * static_cast<size_t>(t.vertical.max_taps);
    float* terms = work + 3 * plane;
    int chroma_row = -1;
    for (int k = 0; k < t.vertical.count[y]; k++) {
        const int source = t.vertical.first[y] + k;
        if (source / 2 != chroma_row) {
            chroma_row = source / 2;
            chroma_terms(t, chroma_row, terms);
        }
        const uint8_t* luma = reinterpret_cast<const uint8_t*>(image.planes[0]) + source * image.strides[0];
        const float weight = taps[k];
        for (size_t c = 0; c < 3; c++) {
            float* sum = work + c * plane;
            const float* term = terms + c * plane;
            for (int x = 0; x < image.width; x++) {
                float v = t.yuv.luma_scale * (static_cast<float>(luma[x]) - t.yuv.luma_offset) + term[x];
                v = v < 0 ? 0 : v;
                v = v > 255 ? 255 : v;
                sum[x] = (k == 0 ? 0 : sum[x]) + weight * v;
            }
        }
    }
    for (size_t x = 0; x < static_cast<size_t>(image.width); x++) {
        for (size_t c = 0; c < 3; c++) row[4 * x + c] = work[c * plane + x];
    }
}

static void resize_row(const ResizeTask& t, int y, float* row) {
    const int format = t.image->format;
    int channels = pixel_bytes(format);
    if (is_yuv420(format)) {
        sum_yuv_rows(t, y, row, row + 4 * resize_row_floats(t.image->width));
        channels = 4;
    } else {
        sum_packed_rows(t, y, row);
    }
    const bool bgr = format == SF_BGR || format == SF_BGRA;
    const size_t plane = static_cast<size_t>(t.out_height) * static_cast<size_t>(t.out_width);
    float* red = t.canvas + static_cast<size_t>(y) * static_cast<size_t>(t.out_width);
    float* green = red + plane;
    float* blue = green + plane;
    for (int x = 0; x < t.out_width; x++) {
        const float* weights = t.horizontal.taps + static_cast<size_t>(x) * static_cast<size_t>(t.horizontal.max_taps);
        const float* from = row + static_cast<size_t>(t.horizontal.first[x]) * static_cast<size_t>(channels);
        const int count = t.horizontal.count[x];
        float v0, v1, v2;
        if (channels == 1) {
            v0 = 0;
            for (int k = 0; k < count; k++) v0 += weights[k] * from[k];
            v1 = v2 = v0;
        } else {
            vpixel pixel = {};
            for (int k = 0; k < count; k++) {
                pixel += weights[k] * *reinterpret_cast<const vpixel*>(from + k * channels);
            }
            v0 = pixel[bgr ? 2 : 0];
            v1 = pixel[1];
            v2 = pixel[bgr ? 0 : 2];
        }
        red[x] = v0 * t.scale[0] + t.shift[0];
        green[x] = v1 * t.scale[1] + t.shift[1];
        blue[x] = v2 * t.scale[2] + t.shift[2];
    }
}

static void resize(const ResizeTask& task, Team* team) {
    const size_t scratch = resize_scratch(task.image->width);
    parallel_for(team, task.out_height, true, [&](int64_t y, int thread) {
        resize_row(task, static_cast<int>(y), task.scratch + static_cast<size_t>(thread) * scratch);
    });
}

/* coarse [3, rows, cols] = means of 2 x 2 pixels of fine [3, 2 rows, 2 cols]. */
static void halve(const float* fine, int rows, int cols, float* coarse, Team* team) {
    parallel_for(team, 3 * rows, rows * cols > PARALLEL_ELEMENTS, [&](int64_t y, int) {
        const float* upper = fine + static_cast<size_t>(2 * y) * static_cast<size_t>(2 * cols);
        const float* lower = upper + 2 * static_cast<size_t>(cols);
        float* out = coarse + static_cast<size_t>(y) * static_cast<size_t>(cols);
        for (int x = 0; x < cols; x++) {
            out[x] = 0.25f * ((upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1]));
        }
    });
}

int build_pyramid(sf_stream* stream, const sf_image* image, int patch, int scales, int rows0, int cols0,
                  const float* mean, const float* std, float* canvas) {
    CpuStream* own = cpu_stream(stream);
    const int finest = scales - 1;
    const auto level = [&](int s) { return canvas + level_offset(rows0, cols0, patch, s); };
    ResizeTask task;
    const int status = prepare_resize(own, image, (cols0 << finest) * patch, (rows0 << finest) * patch, mean, std,
                                      level(finest), &task);
    if (status != SF_OK) return status;
    resize(task, own->team);
    for (int s = finest - 1; s >= 0; s--) {
        halve(level(s + 1), (rows0 << s) * patch, (cols0 << s) * patch, level(s), own->team);
    }
    return SF_OK;
}

}  // namespace cpu::SF_ISA
