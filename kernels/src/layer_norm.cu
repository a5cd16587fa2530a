/* Residual addition and layer norm, fused: a warp a row, read once where it fits a warp's registers. */
#include "normalize.cuh"
#include "stream.cuh"
#include "table_faults.cuh"

namespace {

constexpr int kThreads = 128;
constexpr int kRowsPerBlock = kThreads / kWarp;

template <typename T>
__global__ void __launch_bounds__(kThreads)
    residual_layer_norm(int rows, int columns, const float* x, const int32_t* row_index, const float* y, float* x_out,
                        const float* weight, const float* bias, float eps, T* out, TableFault* fault) {
    const int64_t row = static_cast<int64_t>(blockIdx.x) * kRowsPerBlock + warp_id();
    if (row >= rows) return;
    const int64_t index = row_index != nullptr ? row_index[row] : row;
    const Verdict verdict = check_row_index(static_cast<int32_t>(index));
    if (verdict.rule != kValid) {
        if (lane_id() == 0) report(fault, kOperation_residual_layer_norm, static_cast<int>(row), verdict);
        return;
    }
    const float* from = x + index * columns;
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

}  // namespace

int cuda::residual_layer_norm(sf_stream* stream, int rows, int columns, const float* x, const int32_t* row_index,
                              const float* y, float* x_out, const float* weight, const float* bias, float eps, int type,
                              void* out) {
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        return launch(stream, "sf_residual_layer_norm", ::residual_layer_norm<T>, div_up(rows, kRowsPerBlock), 1,
                      kThreads, rows, columns, x, row_index, y, x_out, weight, bias, eps, static_cast<T*>(out),
                      table_fault(stream));
    });
}
