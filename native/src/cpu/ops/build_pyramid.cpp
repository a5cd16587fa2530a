/*
 * Image pyramid. A thread takes a row of the finest canvas: it sums the source rows under the vertical filter, made RGB
 * before where they are YUV, into one row of interleaved floats, and then each output pixel sums the pixels of that row
 * under the horizontal filter, all channels of a pixel in one short vector. Source rows are read as they lie, so a
 * reduced image is read about once. Images of more columns than a band has are resized band by band (resize.h).
 */
#include "../../shared/resample.h"
#include "../resize.h"
#include "common.h"

namespace cpu::SF_ISA {

typedef float vpixel __attribute__((vector_size(16), aligned(4), may_alias));

/* Rows whose vertical weights are made at a time. */
constexpr int kRowsAtOnce = 128;

/* row [columns * channels] = the sum of the band's source rows under output row y's vertical filter. */
static void sum_packed_rows(const ResizeTask& t, int y, float* row) {
    const sf_image& image = *t.image;
    const auto channels = static_cast<size_t>(pixel_bytes(image.format));
    const size_t values = static_cast<size_t>(t.band.end - t.band.begin) * channels;
    const auto* pixels =
        reinterpret_cast<const uint8_t*>(image.planes[0]) + static_cast<size_t>(t.band.begin) * channels;
    const int count = t.vertical.count[y];
    float weights[kRowsAtOnce];
    for (int k = 0; k < count; k++) {
        const int left = count - k;
        if (k % kRowsAtOnce == 0) resize_row_weights(t, y, k, left < kRowsAtOnce ? left : kRowsAtOnce, weights);
        const uint8_t* source = pixels + static_cast<int64_t>(t.vertical.first[y] + k) * image.strides[0];
        const float weight = weights[k % kRowsAtOnce];
        if (k == 0) {
            for (size_t i = 0; i < values; i++) row[i] = weight * static_cast<float>(source[i]);
        } else {
            for (size_t i = 0; i < values; i++) row[i] += weight * static_cast<float>(source[i]);
        }
    }
}

template <bool kTenBits>
static float sample(const uint8_t* bytes) {
    return kTenBits ? sample10(bytes) : static_cast<float>(*bytes);
}

/* What chroma adds to the luma of a row's pixels, terms [3, resize_row_floats]: a sample holds for two of them. */
template <bool kTenBits>
static void chroma_terms(const ResizeTask& t, int chroma_row, float* terms) {
    const sf_image& image = *t.image;
    const YuvLayout& at = t.layout;
    const int64_t first = static_cast<int64_t>(t.band.begin / 2) * at.chroma_step;
    const auto* cb = reinterpret_cast<const uint8_t*>(image.planes[at.cb_plane]) +
                     chroma_row * image.strides[at.cb_plane] + at.cb + first;
    const auto* cr = reinterpret_cast<const uint8_t*>(image.planes[at.cr_plane]) +
                     chroma_row * image.strides[at.cr_plane] + at.cr + first;
    float* red = terms;
    float* green = red + resize_row_floats(image.width);
    float* blue = green + resize_row_floats(image.width);
    for (int i = 0; i < (t.band.end - t.band.begin + 1) / 2; i++) {
        const float u = sample<kTenBits>(cb + i * at.chroma_step) - t.yuv.chroma_offset;
        const float v = sample<kTenBits>(cr + i * at.chroma_step) - t.yuv.chroma_offset;
        red[2 * i] = red[2 * i + 1] = t.yuv.red_cr * v;
        green[2 * i] = green[2 * i + 1] = t.yuv.green_cb * u + t.yuv.green_cr * v;
        blue[2 * i] = blue[2 * i + 1] = t.yuv.blue_cb * u;
    }
}

/*
 * The same sum for a YUV image with pixels of kLumaStep bytes in plane 0, as pixels of 4 channels; work is 6 planes of
 * resize_row_floats.
 */
template <int kLumaStep, bool kTenBits>
static void sum_yuv_rows(const ResizeTask& t, int y, float* row, float* work) {
    const sf_image& image = *t.image;
    const size_t plane = resize_row_floats(image.width);
    const int columns = t.band.end - t.band.begin;
    const auto* pixels = reinterpret_cast<const uint8_t*>(image.planes[0]) + t.layout.luma +
                         static_cast<int64_t>(t.band.begin) * kLumaStep;
    float* terms = work + 3 * plane;
    const int count = t.vertical.count[y];
    float weights[kRowsAtOnce];
    int chroma_row = -1;
    for (int k = 0; k < count; k++) {
        const int left = count - k;
        if (k % kRowsAtOnce == 0) resize_row_weights(t, y, k, left < kRowsAtOnce ? left : kRowsAtOnce, weights);
        const int source = t.vertical.first[y] + k;
        if (source / t.layout.chroma_rows != chroma_row) {
            chroma_row = source / t.layout.chroma_rows;
            chroma_terms<kTenBits>(t, chroma_row, terms);
        }
        const uint8_t* luma = pixels + source * image.strides[0];
        const float weight = weights[k % kRowsAtOnce];
        for (size_t c = 0; c < 3; c++) {
            float* sum = work + c * plane;
            const float* term = terms + c * plane;
            for (int x = 0; x < columns; x++) {
                const float level = sample<kTenBits>(luma + x * kLumaStep);
                float v = t.yuv.luma_scale * (level - t.yuv.luma_offset) + term[x];
                v = v < 0 ? 0 : v;
                v = v > 255 ? 255 : v;
                sum[x] = (k == 0 ? 0 : sum[x]) + weight * v;
            }
        }
    }
    for (size_t x = 0; x < static_cast<size_t>(columns); x++) {
        for (size_t c = 0; c < 3; c++) row[4 * x + c] = work[c * plane + x];
    }
}

/* row = the band's source rows summed for output row y; returns the floats of a pixel of it. */
static int sum_rows(const ResizeTask& t, int y, float* row) {
    const int format = t.image->format;
    if (!is_yuv(format)) {
        sum_packed_rows(t, y, row);
        return pixel_bytes(format);
    }
    float* work = row + 4 * resize_row_floats(t.image->width);
    if (format == SF_P010) {
        sum_yuv_rows<2, true>(t, y, row, work);
    } else if (is_yuv422(format)) {
        sum_yuv_rows<2, false>(t, y, row, work);
    } else {
        sum_yuv_rows<1, false>(t, y, row, work);
    }
    return 4;
}

/* An output row for one band. The canvas holds the unfinished sums of outputs that the next band adds to. */
static void resize_row(const ResizeTask& t, int y, float* row) {
    const int format = t.image->format;
    const int channels = sum_rows(t, y, row);
    const int red_at = format == SF_BGR || format == SF_BGRA ? 2 : 0;
    const int out_width = t.horizontal.out;
    const size_t plane = static_cast<size_t>(t.vertical.out) * static_cast<size_t>(out_width);
    float* red = t.canvas + static_cast<size_t>(y) * static_cast<size_t>(out_width);
    float* green = red + plane;
    float* blue = green + plane;
    for (int x = t.band.first_output; x < t.band.end_output; x++) {
        const int64_t* offset = t.band.offsets + (x - t.band.first_output);
        const float* weights = t.band.weights + offset[0];
        const int count = static_cast<int>(offset[1] - offset[0]);
        const int first = t.horizontal.first[x];
        const bool begins = first >= t.band.begin;
        const float* from =
            row + static_cast<size_t>(begins ? first - t.band.begin : 0) * static_cast<size_t>(channels);
        float v0, v1, v2;
        if (channels == 1) {
            v0 = begins ? 0 : red[x];
            for (int k = 0; k < count; k++) v0 += weights[k] * from[k];
            v1 = v2 = v0;
        } else {
            vpixel pixel = {};
            if (!begins) {
                pixel[red_at] = red[x];
                pixel[1] = green[x];
                pixel[2 - red_at] = blue[x];
            }
            for (int k = 0; k < count; k++) {
                pixel += weights[k] * *reinterpret_cast<const vpixel*>(from + k * channels);
            }
            v0 = pixel[red_at];
            v1 = pixel[1];
            v2 = pixel[2 - red_at];
        }
        const bool ends = first + t.horizontal.count[x] <= t.band.end;
        red[x] = ends ? v0 * t.scale[0] + t.shift[0] : v0;
        green[x] = ends ? v1 * t.scale[1] + t.shift[1] : v1;
        blue[x] = ends ? v2 * t.scale[2] + t.shift[2] : v2;
    }
}

static void resize(const ResizeTask& task, Team* team) {
    const size_t scratch = resize_scratch(task.image->width);
    parallel_for(team, task.vertical.out, true, [&](int64_t y, int thread) {
        resize_row(task, static_cast<int>(y), task.scratch + static_cast<size_t>(thread) * scratch);
    });
}

/* coarse [3, rows, cols] = means of 2 x 2 pixels of fine [3, 2 rows, 2 cols]. */
static void halve(const float* fine, int rows, int cols, float* coarse, Team* team) {
    parallel_for(team, int64_t{3} * rows, static_cast<int64_t>(rows) * cols > PARALLEL_ELEMENTS, [&](int64_t y, int) {
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
    do {
        resize(task, own->team);
    } while (resize_next_band(own, &task));
    for (int s = finest - 1; s >= 0; s--) {
        halve(level(s + 1), (rows0 << s) * patch, (cols0 << s) * patch, level(s), own->team);
    }
    return SF_OK;
}

}  // namespace cpu::SF_ISA
