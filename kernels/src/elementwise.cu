/* Bias and activation after a matrix product, and conversion of weights. */
#include "activation.cuh"
#include "stream.cuh"

namespace {

constexpr int kThreads = 256;
constexpr int kMaxBlocks = 65535;
constexpr int kInFlight = 3; /* 3,072 columns, ViLT's intermediate size, in one step */

template <typename T>
__global__ void __launch_bounds__(kThreads)
    bias_activation(int64_t n, int columns, const float* bias, int activation, T* y) {
    wait_for_earlier_kernels();
    const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
    with_activation(activation, [&](const auto& activate) {
        for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < n; i += step) {
            const float added = bias != nullptr ? bias[i % columns] : 0.0f;
            y[i] = from_float<T>(activate(to_float(y[i]) + added));
        }
    });
}

/*
 * The same with a block a row, four elements a thread and step: no division, and kInFlight vectors of y and of bias are
 * loaded before the first is stored. columns is a multiple of 4, y and bias are aligned to four elements.
 */
template <typename T>
__global__ void __launch_bounds__(kThreads)
    bias_activation_vectors(int columns, const float* bias, int activation, T* y) {
    wait_for_earlier_kernels();
    T* row = y + static_cast<int64_t>(blockIdx.x) * columns;
    for (int begin = static_cast<int>(threadIdx.x) * 4; begin < columns; begin += kInFlight * kThreads * 4) {
        float v[kInFlight][4] = {};
        float added[kInFlight][4] = {};
#pragma unroll
        for (int k = 0; k < kInFlight; k++) {
            const int i = begin + k * kThreads * 4;
            if (i < columns) load4(row + i, v[k]);
        }
#pragma unroll
        for (int k = 0; k < kInFlight; k++) {
            const int i = begin + k * kThreads * 4;
            if (i < columns && bias != nullptr) load4(bias + i, added[k]);
        }
        with_activation(activation, [&](const auto& activate) {
#pragma unroll
            for (int k = 0; k < kInFlight; k++) {
#pragma unroll
                for (int e = 0; e < 4; e++) v[k][e] = activate(v[k][e] + added[k][e]);
            }
        });
#pragma unroll
        for (int k = 0; k < kInFlight; k++) {
            const int i = begin + k * kThreads * 4;
            if (i < columns) store4(row + i, v[k]);
        }
    }
}

template <typename T>
__global__ void __launch_bounds__(kThreads) convert(int64_t n, const float* from, T* to) {
    wait_for_earlier_kernels();
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
    status = check_alignment(stream, operation, bias);
    if (status == SF_OK) status = check_alignment_of(stream, operation, type, y);
    if (status != SF_OK) return status;
    const int64_t n = static_cast<int64_t>(rows) * columns;
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        if (aligned_rows(columns, bias) && aligned_rows(columns, static_cast<T*>(y))) {
            return launch(stream, operation, bias_activation_vectors<T>, rows, 1, kThreads, columns, bias, activation,
                          static_cast<T*>(y));
        }
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
    status = check_alignment(stream, operation, from);
    if (status == SF_OK) status = check_alignment_of(stream, operation, type, to);
    if (status != SF_OK) return status;
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        return launch(stream, operation, convert<T>, blocks_for(n), 1, kThreads, n, from, static_cast<T*>(to));
    });
}
