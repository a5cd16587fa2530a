/*
 * Image pyramid. Two small tables first: for each column and each row of the finest canvas the source pixels that its
 * triangle filter covers and their weights (shared/resample.h). The weights of a very large reduction are not kept but
 * computed where they are used, so that the tables grow with the canvas and not with the image. The stream keeps the
 * tables of several reductions: frames of one size after another find theirs. Then one pass from bytes to the
 * normalised finest canvas, in which a thread sums a pixel's window of the source, columns within rows, in all
 * channels; then the mean of 2 x 2 pixels, level by level. Images of one size and format share the launches.
 */
#include "scanformer_cuda.h"
#include "shared/pyramid_arguments.h"
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

/* Where an image's samples are. */
struct Places {
    Samples pixels; /* of packed formats the pixels, otherwise luma */
    Samples cb;
    Samples cr;
};

/* What images of a launch have in common, resolved on the host: an array indexed by the kernel would lie in its stack.
 */
struct Format {
    int channels; /* bytes from a pixel to the next of plane 0 */
    int red;      /* byte of red: 0 or 2 */
    bool gray;
    bool yuv;
    bool ten_bits;
    int chroma_step; /* bytes from a chroma sample to the next of its kind */
    int chroma_rows; /* rows of pixels that share a chroma row */
    YuvMatrix matrix;
};

/* Images of a launch: what a kernel is given of them fits its arguments' 4 KB. */
constexpr int kMostImages = 32;

struct Images {
    Places of[kMostImages];
};

struct Canvases {
    float* of[kMostImages];
};

__device__ __forceinline__ float sample(const Format& format, const Samples& of, int64_t row, int64_t byte) {
    const uint8_t* at = of.first + row * of.stride + byte;
    return format.ten_bits ? sample10(at) : static_cast<float>(*at);
}

/* Adds weight * the pixel at (x, y) of a YUV image to the sums. */
__device__ __forceinline__ void add_yuv(const Places& image, const Format& format, int x, int y, float weight,
                                        float* sums) {
    const YuvMatrix& m = format.matrix;
    const int64_t chroma = static_cast<int64_t>(x / 2) * format.chroma_step;
    const int row = y / format.chroma_rows;
    const float u = sample(format, image.cb, row, chroma) - m.chroma_offset;
    const float v = sample(format, image.cr, row, chroma) - m.chroma_offset;
    const float level = sample(format, image.pixels, y, static_cast<int64_t>(x) * format.channels);
    const float luma = m.luma_scale * (level - m.luma_offset);
    sums[0] += weight * fminf(fmaxf(luma + m.red_cr * v, 0.0f), 255.0f);
    sums[1] += weight * fminf(fmaxf(luma + m.green_cb * u + m.green_cr * v, 0.0f), 255.0f);
    sums[2] += weight * fminf(fmaxf(luma + m.blue_cb * u, 0.0f), 255.0f);
}

/* Blocks across belong to one image after another. canvases.of[i] + finest is an image's finest level. */
__global__ void __launch_bounds__(kThreads)
    resize(const __grid_constant__ Images images, Format format, Axis horizontal, Axis vertical, const float* mean,
           const float* std, const __grid_constant__ Canvases canvases, int64_t finest, int blocks_across) {
    wait_for_earlier_kernels();
    const int i = static_cast<int>(blockIdx.x) / blocks_across;
    const int x = (static_cast<int>(blockIdx.x) - i * blocks_across) * kThreads + static_cast<int>(threadIdx.x);
    const int y = static_cast<int>(blockIdx.y);
    if (x >= horizontal.out) return;
    const Places image = images.of[i];
    const int left = horizontal.first[x];
    const int across = horizontal.count[x];
    const int top = vertical.first[y];
    const int down = vertical.count[y];
    float sums[3] = {0, 0, 0};
    for (int j = 0; j < down; j++) {
        const uint8_t* pixel =
            image.pixels.first + (top + j) * image.pixels.stride + static_cast<int64_t>(left) * format.channels;
        float row[3] = {0, 0, 0};
        for (int k = 0; k < across; k++) {
            const float weight = weight_of(horizontal, x, k);
            if (format.yuv) {
                add_yuv(image, format, left + k, top + j, weight, row);
                continue;
            }
            row[0] += weight * static_cast<float>(pixel[format.red]);
            if (!format.gray) {
                row[1] += weight * static_cast<float>(pixel[1]);
                row[2] += weight * static_cast<float>(pixel[2 - format.red]);
            }
            pixel += format.channels;
        }
        const float weight = weight_of(vertical, y, j);
        for (int c = 0; c < 3; c++) sums[c] += weight * row[c];
    }
    if (format.gray) sums[1] = sums[2] = sums[0];
    const int64_t plane = static_cast<int64_t>(horizontal.out) * vertical.out;
    float* to = canvases.of[i] + finest + static_cast<int64_t>(y) * horizontal.out + x;
    for (int c = 0; c < 3; c++) to[c * plane] = (sums[c] / 255.0f - mean[c]) / std[c];
}

/* Of each image, the level at `coarse` [rows, cols] = means of 2 x 2 pixels of the one at `fine` [2 rows, 2 cols]. */
__global__ void __launch_bounds__(kThreads) halve(const __grid_constant__ Canvases canvases, int64_t fine,
                                                  int64_t coarse, int rows, int cols, int blocks_across) {
    wait_for_earlier_kernels();
    const int i = static_cast<int>(blockIdx.x) / blocks_across;
    const int x = (static_cast<int>(blockIdx.x) - i * blocks_across) * kThreads + static_cast<int>(threadIdx.x);
    if (x >= cols) return;
    float* canvas = canvases.of[i];
    /* Over the rows of all channels, which may be more than a grid has blocks down. */
#pragma unroll 1
    for (int64_t y = blockIdx.y; y < rows; y += gridDim.y) {
        const float* upper = canvas + fine + 2 * y * (2 * cols) + 2 * x;
        const float* lower = upper + 2 * cols;
        canvas[coarse + y * cols + x] = 0.25f * ((upper[0] + upper[1]) + (lower[0] + lower[1]));
    }
}

constexpr int kMaxBlocksDown = 65535;

/* The samples of a plane from a byte of its rows on. */
Samples samples_of(const sf_image& image, int plane, int byte) {
    return {reinterpret_cast<const uint8_t*>(image.planes[plane]) + byte, image.strides[plane]};
}

Places places_of(const sf_image& image) {
    if (!is_yuv(image.format)) return {samples_of(image, 0, 0), {}, {}};
    const YuvLayout layout = yuv_layout(image.format);
    return {samples_of(image, 0, layout.luma), samples_of(image, layout.cb_plane, layout.cb),
            samples_of(image, layout.cr_plane, layout.cr)};
}

Format format_of(const sf_image& image) {
    Format format = {};
    format.channels = pixel_bytes(image.format);
    format.red = image.format == SF_BGR || image.format == SF_BGRA ? 2 : 0;
    format.gray = image.format == SF_GRAY;
    format.yuv = is_yuv(image.format);
    format.ten_bits = image.format == SF_P010;
    if (!format.yuv) return format;
    const YuvLayout layout = yuv_layout(image.format);
    format.chroma_step = layout.chroma_step;
    format.chroma_rows = layout.chroma_rows;
    format.matrix = yuv_matrix(image.format, image.color);
    return format;
}

/*
 * The least scratch: the filters of a batch of photographs of different sizes. Those of 4000 x 3000 pixels for a canvas
 * of 384 x 288 take 73 kB.
 */
constexpr int64_t kFilterBytes = int64_t{4} << 20;

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

/* Pyramids of at most kMostImages images. */
int build_some(sf_stream* stream, const char* operation, const sf_image* const* images, int num_images, int patch,
               int scales, int rows0, int cols0, const float* mean, const float* std, float* const* canvases,
               const Axis& horizontal, const Axis& vertical) {
    Images sources = {};
    Canvases targets = {};
    for (int i = 0; i < num_images; i++) {
        sources.of[i] = places_of(*images[i]);
        targets.of[i] = canvases[i];
    }
    const int finest = scales - 1;
    const auto level = [&](int s) { return level_offset(rows0, cols0, patch, s); };
    const auto blocks_across = [](int columns) { return static_cast<int>(div_up(columns, kThreads)); };
    int across = blocks_across(horizontal.out);
    int status = launch(stream, operation, resize, int64_t{1} * across * num_images, vertical.out, kThreads, sources,
                        format_of(*images[0]), horizontal, vertical, mean, std, targets, level(finest), across);
    for (int s = finest - 1; s >= 0 && status == SF_OK; s--) {
        const int cols = (cols0 << s) * patch;
        const int lines = 3 * (rows0 << s) * patch;
        across = blocks_across(cols);
        status = launch(stream, operation, halve, int64_t{1} * across * num_images,
                        lines < kMaxBlocksDown ? lines : kMaxBlocksDown, kThreads, targets, level(s + 1), level(s),
                        lines, cols, across);
    }
    return status;
}

int build(sf_stream* stream, const char* operation, const sf_image* const* images, int num_images, int patch,
          int scales, int rows0, int cols0, const float* mean, const float* std, float* const* canvases) {
    if (cuda_stream(stream)->recording) {
        /* Its scratch moves when a larger image comes. */
        return fail(stream, SF_INVALID_ARGUMENT, "%s: a graph cannot record it", operation);
    }
    const int width = images[0]->width;
    const int height = images[0]->height;
    const int out_width = (cols0 << (scales - 1)) * patch;
    const int out_height = (rows0 << (scales - 1)) * patch;
    Axis horizontal, vertical;
    int status = reserve_filters(stream, operation, width, out_width, height, out_height);
    if (status == SF_OK) status = filter_of(stream, operation, width, out_width, horizontal);
    if (status == SF_OK) status = filter_of(stream, operation, height, out_height, vertical);
    for (int first = 0; first < num_images && status == SF_OK; first += kMostImages) {
        const int some = num_images - first < kMostImages ? num_images - first : kMostImages;
        status = build_some(stream, operation, images + first, some, patch, scales, rows0, cols0, mean, std,
                            canvases + first, horizontal, vertical);
    }
    return status;
}

/* SF_OK for images that may share launches. */
int check_alike(sf_stream* stream, const char* operation, const sf_image* const* images, int num_images) {
    const sf_image& first = *images[0];
    for (int i = 0; i < num_images; i++) {
        const sf_image& image = *images[i];
        const int status = check_image(stream, operation, image);
        if (status != SF_OK) return status;
        if (image.width != first.width || image.height != first.height || image.format != first.format ||
            (is_yuv(image.format) && image.color != first.color)) {
            return fail(stream, SF_INVALID_ARGUMENT,
                        "%s: image %d has %d x %d pixels of format %d and color %d, expected image 0's %d x %d of "
                        "format %d and color %d",
                        operation, i, image.width, image.height, image.format, image.color, first.width, first.height,
                        first.format, first.color);
        }
    }
    return SF_OK;
}

}  // namespace

int cuda::build_pyramid(sf_stream* stream, const sf_image* image, int patch, int scales, int rows0, int cols0,
                        const float* mean, const float* std, float* canvas) {
    return build(stream, "sf_build_pyramid", &image, 1, patch, scales, rows0, cols0, mean, std, &canvas);
}

int sf_build_pyramids(sf_stream* stream, const sf_image* const* images, int num_images, int patch, int scales,
                      int rows0, int cols0, const float* mean, const float* std, float* const* canvases) {
    const char* operation = "sf_build_pyramids";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (num_images < 1) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %d images, expected at least 1", operation, num_images);
    }
    status = check_arrays(stream, operation, images, mean, std, canvases);
    for (int i = 0; i < num_images && status == SF_OK; i++) {
        status = check_arrays(stream, operation, images[i], canvases[i]);
    }
    if (status == SF_OK) status = check_alike(stream, operation, images, num_images);
    if (status == SF_OK) status = check_canvas(stream, operation, patch, scales, rows0, cols0);
    return status == SF_OK
               ? build(stream, operation, images, num_images, patch, scales, rows0, cols0, mean, std, canvases)
               : status;
}
