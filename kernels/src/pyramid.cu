/*
 * Image pyramid. Two small tables first: for each column and each row of the finest canvas the source pixels that its
 * triangle filter covers and their weights (shared/resample.h). The weights of a very large reduction are not kept but
 * computed where they are used, so that the tables grow with the canvas and not with the image. The stream keeps the
 * tables of several reductions: frames of one size after another find theirs. Then one pass from bytes to the
 * normalised finest canvas, in which a thread sums a pixel's window of the source, columns within rows, in all
 * channels; then the mean of 2 x 2 pixels, level by level.
 */
#include "shared/image.h"
#include "shared/resample.h"
#include "stream.cuh"

namespace {

constexpr int kThreads = 128;

/* The most weights of an output that are kept: those of a reduction by 255. */
constexpr int kMaxKeptTaps = 511;

/* The source pixels of one output coordinate; weights[t * outputs + i] belongs to pixel first + t. */
struct Axis {
    double* totals; /* [outputs], sums of the weights before they are divided by them */
    int32_t* first; /* [outputs] */
    int32_t* count; /* [outputs] */
    float* weights; /* [kept_taps, outputs]; without elements where they are not kept */
    int in;
    int out;
};

int64_t kept_taps(int in, int out) { return max_taps(in, out) <= kMaxKeptTaps ? max_taps(in, out) : 0; }

/* A multiple of 8. */
int64_t axis_bytes(int in, int out) { return ((8 + 4 + 4 + 4 * kept_taps(in, out)) * out + 7) / 8 * 8; }

/* The tables of an axis in memory aligned to 8 bytes. */
Axis axis_in(void* memory, int in, int out) {
    auto* totals = static_cast<double*>(memory);
    auto* first = reinterpret_cast<int32_t*>(totals + out);
    int32_t* count = first + out;
    auto* weights = kept_taps(in, out) > 0 ? reinterpret_cast<float*>(count + out) : nullptr;
    return {totals, first, count, weights, in, out};
}

__global__ void filter_taps(Axis axis) {
    wait_for_earlier_kernels();
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= axis.out) return;
    const FilterWindow window = filter_window(axis.in, axis.out, i);
    const double total = triangle_sum(window);
    for (int j = window.first; j < window.end && axis.weights != nullptr; j++) {
        axis.weights[static_cast<int64_t>(j - window.first) * axis.out + i] =
            static_cast<float>(triangle(window, j) / total);
    }
    axis.totals[i] = total;
    axis.first[i] = window.first;
    axis.count[i] = window.end - window.first;
}

/* The weight of the t-th source pixel under output i. */
__device__ __forceinline__ float weight_of(const Axis& axis, int i, int t) {
    if (axis.weights != nullptr) return axis.weights[static_cast<int64_t>(t) * axis.out + i];
    const FilterWindow window = filter_window(axis.in, axis.out, i);
    return static_cast<float>(triangle(window, window.first + t) / axis.totals[i]);
}

/* One kind of samples: the first of them, and the bytes from a row to the next. */
struct Samples {
    const uint8_t* first;
    int64_t stride;
};

/* An image with its samples' places resolved on the host: an array indexed by the kernel would lie in its stack. */
struct Source {
    Samples pixels; /* of packed formats the pixels, otherwise luma */
    Samples cb;
    Samples cr;
    int channels; /* bytes from a pixel to the next of plane 0 */
    int red;      /* byte of red: 0 or 2 */
    bool gray;
    bool yuv;
    bool ten_bits;
    int chroma_step; /* bytes from a chroma sample to the next of its kind */
    int chroma_rows; /* rows of pixels that share a chroma row */
    YuvMatrix matrix;
};

__device__ __forceinline__ float sample(const Source& image, const Samples& of, int64_t row, int64_t byte) {
    const uint8_t* at = of.first + row * of.stride + byte;
    return image.ten_bits ? sample10(at) : static_cast<float>(*at);
}

/* Adds weight * the pixel at (x, y) of a YUV image to the sums. */
__device__ __forceinline__ void add_yuv(const Source& image, int x, int y, float weight, float* sums) {
    const YuvMatrix& m = image.matrix;
    const int64_t chroma = static_cast<int64_t>(x / 2) * image.chroma_step;
    const int row = y / image.chroma_rows;
    const float u = sample(image, image.cb, row, chroma) - m.chroma_offset;
    const float v = sample(image, image.cr, row, chroma) - m.chroma_offset;
    const float level = sample(image, image.pixels, y, static_cast<int64_t>(x) * image.channels);
    const float luma = m.luma_scale * (level - m.luma_offset);
    sums[0] += weight * fminf(fmaxf(luma + m.red_cr * v, 0.0f), 255.0f);
    sums[1] += weight * fminf(fmaxf(luma + m.green_cb * u + m.green_cr * v, 0.0f), 255.0f);
    sums[2] += weight * fminf(fmaxf(luma + m.blue_cb * u, 0.0f), 255.0f);
}

__global__ void __launch_bounds__(kThreads)
    resize(Source image, Axis horizontal, Axis vertical, const float* mean, const float* std, float* canvas) {
    wait_for_earlier_kernels();
    const int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    const int y = static_cast<int>(blockIdx.y);
    if (x >= horizontal.out) return;
    const int left = horizontal.first[x];
    const int across = horizontal.count[x];
    const int top = vertical.first[y];
    const int down = vertical.count[y];
    float sums[3] = {0, 0, 0};
    for (int j = 0; j < down; j++) {
        const uint8_t* pixel =
            image.pixels.first + (top + j) * image.pixels.stride + static_cast<int64_t>(left) * image.channels;
        float row[3] = {0, 0, 0};
        for (int i = 0; i < across; i++) {
            const float weight = weight_of(horizontal, x, i);
            if (image.yuv) {
                add_yuv(image, left + i, top + j, weight, row);
                continue;
            }
            row[0] += weight * static_cast<float>(pixel[image.red]);
            if (!image.gray) {
                row[1] += weight * static_cast<float>(pixel[1]);
                row[2] += weight * static_cast<float>(pixel[2 - image.red]);
            }
            pixel += image.channels;
        }
        const float weight = weight_of(vertical, y, j);
        for (int c = 0; c < 3; c++) sums[c] += weight * row[c];
    }
    if (image.gray) sums[1] = sums[2] = sums[0];
    const int64_t plane = static_cast<int64_t>(horizontal.out) * vertical.out;
    float* to = canvas + static_cast<int64_t>(y) * horizontal.out + x;
    for (int c = 0; c < 3; c++) to[c * plane] = (sums[c] / 255.0f - mean[c]) / std[c];
}

/* coarse [rows, cols] = means of 2 x 2 pixels of fine [2 rows, 2 cols]. */
__global__ void __launch_bounds__(kThreads) halve(const float* fine, int rows, int cols, float* coarse) {
    wait_for_earlier_kernels();
    const int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (x >= cols) return;
        /* Over the rows of all channels, which may be more than a grid has blocks down. */
#pragma unroll 1
    for (int64_t y = blockIdx.y; y < rows; y += gridDim.y) {
        const float* upper = fine + 2 * y * (2 * cols) + 2 * x;
        const float* lower = upper + 2 * cols;
        coarse[y * cols + x] = 0.25f * ((upper[0] + upper[1]) + (lower[0] + lower[1]));
    }
}

constexpr int kMaxBlocksDown = 65535;

/* The samples of a plane from a byte of its rows on. */
Samples samples_of(const sf_image& image, int plane, int byte) {
    return {reinterpret_cast<const uint8_t*>(image.planes[plane]) + byte, image.strides[plane]};
}

Source source_of(const sf_image& image) {
    Source source = {};
    source.channels = pixel_bytes(image.format);
    source.red = image.format == SF_BGR || image.format == SF_BGRA ? 2 : 0;
    source.gray = image.format == SF_GRAY;
    source.yuv = is_yuv(image.format);
    source.ten_bits = image.format == SF_P010;
    source.pixels = samples_of(image, 0, 0);
    if (!source.yuv) return source;
    const YuvLayout layout = yuv_layout(image.format);
    source.pixels = samples_of(image, 0, layout.luma);
    source.cb = samples_of(image, layout.cb_plane, layout.cb);
    source.cr = samples_of(image, layout.cr_plane, layout.cr);
    source.chroma_step = layout.chroma_step;
    source.chroma_rows = layout.chroma_rows;
    source.matrix = yuv_matrix(image.format, image.color);
    return source;
}

/* The least scratch: the filters of several frame sizes. */
constexpr int64_t kFilterBytes = int64_t{1} << 20;

const KeptFilter* find_filter(const CudaStream* stream, int in, int out) {
    for (int f = 0; f < stream->num_filters; f++) {
        const KeptFilter& filter = stream->filters[f];
        if (filter.in == in && filter.out == out) return &filter;
    }
    return nullptr;
}

/* Makes room for the filters of an image's sides: those that are kept are forgotten where there is none. */
int reserve_filters(sf_stream* stream, const char* operation, int width, int out_width, int height, int out_height) {
    CudaStream* own = cuda_stream(stream);
    const int64_t bytes = axis_bytes(width, out_width) + axis_bytes(height, out_height);
    const bool kept = find_filter(own, width, out_width) != nullptr && find_filter(own, height, out_height) != nullptr;
    const int most = static_cast<int>(sizeof own->filters / sizeof own->filters[0]);
    if (kept || (own->num_filters + 2 <= most && own->filter_bytes + bytes <= own->scratch_bytes)) return SF_OK;
    own->num_filters = 0;
    own->filter_bytes = 0;
    return reserve_scratch(stream, operation, bytes > kFilterBytes ? bytes : kFilterBytes);
}

/* The filter of a side, for which there is room; computed unless it is kept. */
int filter_of(sf_stream* stream, const char* operation, int in, int out, Axis& axis) {
    CudaStream* own = cuda_stream(stream);
    const KeptFilter* kept = find_filter(own, in, out);
    const int64_t offset = kept != nullptr ? kept->offset : own->filter_bytes;
    axis = axis_in(static_cast<char*>(own->scratch) + offset, in, out);
    if (kept != nullptr) return SF_OK;
    const int status = launch(stream, operation, filter_taps, div_up(out, kThreads), 1, kThreads, axis);
    if (status != SF_OK) return status;
    own->filters[own->num_filters++] = {in, out, offset};
    own->filter_bytes += axis_bytes(in, out);
    return SF_OK;
}

}  // namespace

int cuda::build_pyramid(sf_stream* stream, const sf_image* image, int patch, int scales, int rows0, int cols0,
                        const float* mean, const float* std, float* canvas) {
    const char* operation = "sf_build_pyramid";
    if (cuda_stream(stream)->recording) {
        /* Its scratch moves when a larger image comes. */
        return fail(stream, SF_INVALID_ARGUMENT, "%s: a graph cannot record it", operation);
    }
    const int width = image->width;
    const int height = image->height;
    const int finest = scales - 1;
    const int out_width = (cols0 << finest) * patch;
    const int out_height = (rows0 << finest) * patch;
    Axis horizontal, vertical;
    int status = reserve_filters(stream, operation, width, out_width, height, out_height);
    if (status == SF_OK) status = filter_of(stream, operation, width, out_width, horizontal);
    if (status == SF_OK) status = filter_of(stream, operation, height, out_height, vertical);
    if (status != SF_OK) return status;
    const auto level = [&](int s) { return canvas + level_offset(rows0, cols0, patch, s); };
    status = launch(stream, operation, resize, div_up(out_width, kThreads), out_height, kThreads, source_of(*image),
                    horizontal, vertical, mean, std, level(finest));
    for (int s = finest - 1; s >= 0 && status == SF_OK; s--) {
        const int cols = (cols0 << s) * patch;
        const int lines = 3 * (rows0 << s) * patch;
        status = launch(stream, operation, halve, div_up(cols, kThreads),
                        lines < kMaxBlocksDown ? lines : kMaxBlocksDown, kThreads, level(s + 1), lines, cols, level(s));
    }
    return status;
}
