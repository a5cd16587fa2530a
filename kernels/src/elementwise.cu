/* Bias and activation after a matrix product, and conversion of weights. */
#include "scanformer_cuda.h"
#include "stream.cuh"

namespace {

constexpr int kThreads = 256;
constexpr int kMaxBlocks = 65535;

__device__ __forceinline__ float activate(float v, int activation) {
    switch (activation) {
        case SF_RELU:
            /* Unlike a maximum, this lets a NaN through. */
            return v < 0.0f ? 0.0f : v;
        case SF_GELU:
            return 0.5f * v * (1.0f + erff(v * 0.70710678118654752440f));
        case SF_SIGMOID:
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

int64_t blocks_for(int64_t n) {
    const int64_t blocks = div_up(n, kThreads);
    return blocks < kMaxBlocks ? blocks : kMaxBlocks;
}

}  // namespace

int sf_bias_activation(sf_stream* stream, int rows, int columns, const float* bias, int activation, int type, void* y) {
    const char* operation = "sf_bias_activation";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (rows < 0 || columns < 1 || activation < SF_IDENTITY || activation > SF_SIGMOID) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: expected rows >= 0, columns >= 1 and activation 0 to 3, found %d, %d and %d", operation, rows,
                    columns, activation);
    }
    status = check_type(stream, operation, type);
    if (status != SF_OK) return status;
    if (rows == 0) return SF_OK;
    if (y == nullptr) return fail_null(stream, operation);
    const int64_t n = static_cast<int64_t>(rows) * columns;
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        return launch(stream, operation, bias_activation<T>, blocks_for(n), 1, kThreads, n, columns, bias, activation,
                      static_cast<T*>(y));
    });
}

int sf_convert(sf_stream* stream, int64_t n, const float* from, int type, void* to) {
    const char* operation = "sf_convert";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (n < 0) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %lld elements, expected at least 0", operation,
                    static_cast<long long>(n));
    }
    status = check_type(stream, operation, type);
    if (status != SF_OK || n == 0) return status;
    if (any_null({from, to})) return fail_null(stream, operation);
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        return launch(stream, operation, convert<T>, blocks_for(n), 1, kThreads, n, from, static_cast<T*>(to));
    });
}
