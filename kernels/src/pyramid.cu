/*
 * Image pyramid. Two small tables first: for each column and each row of the finest canvas the source pixels that its
 * triangle filter covers and their weights (shared/resample.h). Then one pass from bytes to the normalised finest
 * canvas, in which a thread sums a pixel's window of the source, columns within rows, in all channels; then the mean of
 * 2 x 2 pixels, level by level.
 */
#include "shared/image.h"
#include "shared/resample.h"
#include "stream.cuh"

namespace {

constexpr int kThreads = 128;

/* The source pixels of one output coordinate; weights[t * outputs + i] belongs to pixel first + t. */
struct Axis {
    int32_t* first; /* [outputs] */
    int32_t* count; /* [outputs] */
    float* weights; /* [max_taps, outputs] */
    int in;
    int out;
};

__global__ void filter_taps(Axis horizontal, Axis vertical) {
    const Axis axis = blockIdx.y == 0 ? horizontal : vertical;
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= axis.out) return;
    const FilterWindow window = filter_window(axis.in, axis.out, i);
    const double total = triangle_sum(window);
    for (int j = window.first; j < window.end; j++) {
        axis.weights[static_cast<int64_t>(j - window.first) * axis.out + i] =
            static_cast<float>(triangle(window, j) / total);
    }
    axis.first[i] = window.first;
    axis.count[i] = window.end - window.first;
}

struct Source {
    const uint8_t* planes[3];
    int64_t strides[3];
    int channels; /* bytes a pixel of plane 0 */
    int red;      /* byte of red: 0 or 2 */
    bool yuv;
    int chroma_step; /* bytes from a chroma sample to the next of its kind */
    YuvMatrix matrix;
};

/* Adds weight * the pixel at (x, y) of a 4:2:0 image to the sums. */
__device__ __forceinline__ void add_yuv(const Source& image, int x, int y, float weight, float* sums) {
    const YuvMatrix& m = image.matrix;
    const int64_t chroma = static_cast<int64_t>(x / 2) * image.chroma_step;
    const float u = static_cast<float>(image.planes[1][(y / 2) * image.strides[1] + chroma]) - 128.0f;
    const float v = static_cast<float>(image.planes[2][(y / 2) * image.strides[2] + chroma]) - 128.0f;
    const float luma = m.luma_scale * (static_cast<float>(image.planes[0][y * image.strides[0] + x]) - m.luma_offset);
    sums[0] += weight * fminf(fmaxf(luma + m.red_cr * v, 0.0f), 255.0f);
    sums[1] += weight * fminf(fmaxf(luma + m.green_cb * u + m.green_cr * v, 0.0f), 255.0f);
    sums[2] += weight * fminf(fmaxf(luma + m.blue_cb * u, 0.0f), 255.0f);
}

__global__ void __launch_bounds__(kThreads)
    resize(Source image, Axis horizontal, Axis vertical, const float* mean, const float* std, float* canvas) {
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
            image.planes[0] + (top + j) * image.strides[0] + static_cast<int64_t>(left) * image.channels;
        float row[3] = {0, 0, 0};
        for (int i = 0; i < across; i++) {
            const float weight = horizontal.weights[static_cast<int64_t>(i) * horizontal.out + x];
            if (image.yuv) {
                add_yuv(image, left + i, top + j, weight, row);
                continue;
            }
            row[0] += weight * static_cast<float>(pixel[image.red]);
            if (image.channels > 1) {
                row[1] += weight * static_cast<float>(pixel[1]);
                row[2] += weight * static_cast<float>(pixel[2 - image.red]);
            }
            pixel += image.channels;
        }
        const float weight = vertical.weights[static_cast<int64_t>(j) * vertical.out + y];
        for (int c = 0; c < 3; c++) sums[c] += weight * row[c];
    }
    if (image.channels == 1 && !image.yuv) sums[1] = sums[2] = sums[0];
    const int64_t plane = static_cast<int64_t>(horizontal.out) * vertical.out;
    float* to = canvas + static_cast<int64_t>(y) * horizontal.out + x;
    for (int c = 0; c < 3; c++) to[c * plane] = (sums[c] / 255.0f - mean[c]) / std[c];
}

/* coarse [rows, cols] = means of 2 x 2 pixels of fine [2 rows, 2 cols]. */
__global__ void __launch_bounds__(kThreads) halve(const float* fine, int rows, int cols, float* coarse) {
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

Source source_of(const sf_image& image) {
    Source source = {};
    for (int p = 0; p < 3; p++) {
        source.planes[p] = reinterpret_cast<const uint8_t*>(image.planes[p]);
        source.strides[p] = image.strides[p];
    }
    source.channels = pixel_bytes(image.format);
    source.red = image.format == SF_BGR || image.format == SF_BGRA ? 2 : 0;
    source.yuv = is_yuv420(image.format);
    source.chroma_step = 1;
    if (image.format == SF_NV12) {
        source.planes[2] = source.planes[1] + 1;
        source.strides[2] = source.strides[1];
        source.chroma_step = 2;
    }
    source.matrix = yuv_matrix(image.color);
    return source;
}

}  // namespace

int cuda::build_pyramid(sf_stream* stream, const sf_image* image, int patch, int scales, int rows0, int cols0,
                        const float* mean, const float* std, float* canvas) {
    const char* operation = "sf_build_pyramid";
    const int width = image->width;
    const int height = image->height;
    const int finest = scales - 1;
    const int out_width = (cols0 << finest) * patch;
    const int out_height = (rows0 << finest) * patch;
    const int64_t tables =
        (2 + max_taps(width, out_width)) * out_width + (2 + max_taps(height, out_height)) * out_height;
    int status = reserve_scratch(stream, operation, 4 * tables);
    if (status != SF_OK) return status;
    auto* memory = static_cast<int32_t*>(cuda_stream(stream)->scratch);
    Axis horizontal = {memory, memory + out_width, reinterpret_cast<float*>(memory + 2 * out_width), width, out_width};
    int32_t* next = memory + (2 + max_taps(width, out_width)) * out_width;
    Axis vertical = {next, next + out_height, reinterpret_cast<float*>(next + 2 * out_height), height, out_height};
    const int longest = out_width > out_height ? out_width : out_height;
    status = launch(stream, operation, filter_taps, div_up(longest, kThreads), 2, kThreads, horizontal, vertical);
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
