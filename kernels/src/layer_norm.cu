/*
 * Residual addition and layer norm, fused: a warp a row. Where the arrays are aligned to four elements and a row fits a
 * warp's registers (hidden sizes to 1,024), a lane takes four consecutive elements a step, and all of a row's loads,
 * weight and bias too, are under way before the first store: a launch waits for memory once. Other rows go element by
 * element.
 */
#include <type_traits>

#include "normalize.cuh"
#include "stream.cuh"
#include "table_faults.cuh"

namespace {

constexpr int kThreads = 128;
constexpr int kRowsPerBlock = kThreads / kWarp;

/* The row of x that a row is made of; NULL where the index of rows is at fault, which is reported. */
__device__ __forceinline__ const float* source_row(int64_t row, int columns, const float* x, const int32_t* row_index,
                                                   TableFault* fault) {
    if (row_index == nullptr) return x + row * columns;
    const int32_t index = row_index[row];
    const Verdict verdict = check_row_index(index);
    if (verdict.rule != kValid) {
        if (lane_id() == 0) report(fault, kOperation_residual_layer_norm, static_cast<int>(row), verdict);
        return nullptr;
    }
    return x + static_cast<int64_t>(index) * columns;
}

template <typename T>
__global__ void __launch_bounds__(kThreads, 5)
    residual_layer_norm(int rows, int columns, const float* x, const int32_t* row_index, const float* y, float* x_out,
                        const float* weight, const float* bias, float eps, T* out, TableFault* fault) {
    wait_for_earlier_kernels();
    const int64_t row = static_cast<int64_t>(blockIdx.x) * kRowsPerBlock + warp_id();
    if (row >= rows) return;
    const float* from = source_row(row, columns, x, row_index, fault);
    if (from == nullptr) return;
    const int64_t offset = row * columns;
    /* The sum is kept before the norm: where x_out is x, x must not be read, and y not be added, twice. */
    if (x_out != nullptr) {
        for (int i = lane_id(); i < columns; i += kWarp) {
            x_out[offset + i] = from[i] + (y != nullptr ? y[offset + i] : 0.0f);
        }
    }
    if (out == nullptr) return;
    const float* sums = x_out != nullptr ? x_out + offset : from;
    const float* added = x_out == nullptr && y != nullptr ? y + offset : nullptr;
    normalize_row(
        columns, eps, [&](int i) { return sums[i] + (added != nullptr ? added[i] : 0.0f); },
        [&](int i, float v) { out[offset + i] = from_float<T>(v * weight[i] + bias[i]); });
}

/* A row of up to STEPS * 128 columns, a multiple of 4. */
template <typename T, int STEPS>
__global__ void __launch_bounds__(kThreads)
    residual_layer_norm_vectors(int rows, int columns, const float* x, const int32_t* row_index, const float* y,
                                float* x_out, const float* weight, const float* bias, float eps, T* out,
                                TableFault* fault) {
    wait_for_earlier_kernels();
    const int64_t row = static_cast<int64_t>(blockIdx.x) * kRowsPerBlock + warp_id();
    if (row >= rows) return;
    const float* from = source_row(row, columns, x, row_index, fault);
    if (from == nullptr) return;
    const int64_t offset = row * columns;
    VectorRow<STEPS> sums(columns, from);
    VectorRow<STEPS> added, weights, biases;
    if (y != nullptr) added.load(columns, y + offset);
    if (out != nullptr) {
        weights.load(columns, weight);
        biases.load(columns, bias);
    }
    if (y != nullptr) sums.add(added);
    if (x_out != nullptr) sums.store(columns, x_out + offset);
    if (out == nullptr) return;
    sums.normalize(columns, eps);
    sums.multiply_add(weights, biases);
    sums.store(columns, out + offset);
}

/* Calls body with the number of steps, as a constant, that a row of that many columns takes at least. */
template <typename Body>
int with_steps(int columns, Body body) {
    if (columns <= 128) return body(std::integral_constant<int, 1>{});
    if (columns <= 256) return body(std::integral_constant<int, 2>{});
    if (columns <= 384) return body(std::integral_constant<int, 3>{});
    if (columns <= 512) return body(std::integral_constant<int, 4>{});
    if (columns <= 768) return body(std::integral_constant<int, 6>{});
    return body(std::integral_constant<int, 8>{});
}

}  // namespace

int cuda::residual_layer_norm(sf_stream* stream, int rows, int columns, const float* x, const int32_t* row_index,
                              const float* y, float* x_out, const float* weight, const float* bias, float eps, int type,
                              void* out) {
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        T* to = static_cast<T*>(out);
        const auto start = [&](auto kernel) {
            return launch(stream, "sf_residual_layer_norm", kernel, div_up(rows, kRowsPerBlock), 1, kThreads, rows,
                          columns, x, row_index, y, x_out, weight, bias, eps, to, table_fault(stream));
        };
        const bool aligned = aligned_rows(columns, x) && aligned_rows(columns, y) && aligned_rows(columns, x_out) &&
                             aligned_rows(columns, weight) && aligned_rows(columns, bias) && aligned_rows(columns, to);
        if (!aligned || columns > kMaxVectorColumns) return start(::residual_layer_norm<T>);
        return with_steps(columns,
                          [&](auto steps) { return start(::residual_layer_norm_vectors<T, decltype(steps)::value>); });
    });
}
