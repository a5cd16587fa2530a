/* Bias and activation behind a matrix product, conversion of weights, and the plain product. */
#include "stream.cuh"

namespace {

constexpr int kThreads = 256;
constexpr int kProductThreads = 64;
constexpr int kMaxBlocks = 65535;

__device__ __forceinline__ float activate(float v, int activation) {
    switch (activation) {
        case SF_CUDA_RELU:
            /* Unlike a maximum, this lets a NaN through. */
            return v < 0.0f ? 0.0f : v;
        case SF_CUDA_GELU:
            return 0.5f * v * (1.0f + erff(v * 0.70710678118654752440f));
        case SF_CUDA_SIGMOID:
            return 1.0f / (1.0f + expf(-v));
        default:
            return v;
    }
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    bias_activation(int64_t n, int columns, const float* bias, int activation, T* y) {
    const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
    for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < n; i += step) {
        const float added = bias != nullptr ? bias[i % columns] : 0.0f;
        y[i] = from_float<T>(activate(to_float(y[i]) + added, activation));
    }
}

template <typename T>
__global__ void __launch_bounds__(kThreads) convert(int64_t n, const float* from, T* to) {
    const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
    for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < n; i += step) {
        to[i] = from_float<T>(from[i]);
    }
}

template <typename T, typename Y>
__global__ void __launch_bounds__(kProductThreads)
    plain_product(int rows, int out, int in, const T* x, const T* weight, Y* y) {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * kProductThreads + threadIdx.x;
    if (i >= static_cast<int64_t>(rows) * out) return;
    const T* a = x + i / out * in;
    const T* b = weight + i % out * in;
    float sum = 0;
    for (int k = 0; k < in; k++) sum += to_float(a[k]) * to_float(b[k]);
    y[i] = from_float<Y>(sum);
}

int64_t blocks_for(int64_t n) {
    const int64_t blocks = div_up(n, kThreads);
    return blocks < kMaxBlocks ? blocks : kMaxBlocks;
}

}  // namespace

int sf_bias_activation(sf_stream* stream, int rows, int columns, const float* bias, int activation, int type, void* y) {
    const char* operation = "sf_bias_activation";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (rows < 0 || columns < 1 || activation < SF_CUDA_IDENTITY || activation > SF_CUDA_SIGMOID || !valid_type(type)) {
        return invalid(stream, operation,
                       number(rows) + " x " + number(columns) + " elements of type " + number(type) + ", activation " +
                           number(activation));
    }
    if (rows == 0) return SF_OK;
    if (y == nullptr) return invalid(stream, operation, "NULL argument");
    const int64_t n = static_cast<int64_t>(rows) * columns;
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        return launch(stream, operation, bias_activation<T>, blocks_for(n), 1, kThreads, n, columns, bias, activation,
                      static_cast<T*>(y));
    });
}

int sf_convert(sf_stream* stream, int64_t n, const float* from, int type, void* to) {
    const char* operation = "sf_convert";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (n < 0 || !valid_type(type)) {
        return invalid(stream, operation, number(n) + " elements to type " + number(type));
    }
    if (n == 0) return SF_OK;
    if (any_null({from, to})) return invalid(stream, operation, "NULL argument");
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        return launch(stream, operation, convert<T>, blocks_for(n), 1, kThreads, n, from, static_cast<T*>(to));
    });
}

int sf_plain_product(sf_stream* stream, int rows, int out, int in, int type, const void* x, const void* weight,
                     int y_type, void* y) {
    const char* operation = "sf_plain_product";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (rows < 0 || out < 1 || in < 1 || !valid_type(type) || !valid_type(y_type)) {
        return invalid(stream, operation,
                       number(rows) + " x " + number(in) + " by " + number(out) + " x " + number(in) + ", types " +
                           number(type) + " and " + number(y_type));
    }
    if (rows == 0) return SF_OK;
    if (any_null({x, weight, y})) return invalid(stream, operation, "NULL argument");
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        return with_type(y_type, [&](auto result) {
            using Y = decltype(result);
            return launch(stream, operation, plain_product<T, Y>,
                          div_up(static_cast<int64_t>(rows) * out, kProductThreads), 1, kProductThreads, rows, out, in,
                          static_cast<const T*>(x), static_cast<const T*>(weight), static_cast<Y*>(y));
        });
    });
}
