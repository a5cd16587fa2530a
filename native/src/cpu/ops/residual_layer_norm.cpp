/* Residual addition and layer norm, fused: a row at a time. */
#include "normalize.h"

namespace cpu::SF_ISA {

static void residual_layer_norm_row(int columns, const float* x, const float* y, float* x_out, const float* weight,
                                    const float* bias, float eps, int type, void* out, size_t out_offset) {
    float row[SF_MAX_HIDDEN];
    const float* v = x;
    if (y != nullptr) {
        /* Without a place for the sum it is kept here. */
        float* sum_row = x_out != nullptr ? x_out : row;
        for (int i = 0; i < columns; i++) sum_row[i] = x[i] + y[i];
        v = sum_row;
    } else if (x_out != nullptr && x_out != x) {
        memcpy(x_out, x, static_cast<size_t>(columns) * sizeof(float));
    }
    if (out == nullptr) return;
    if (type == SF_F32) {
        normalize_row(v, columns, weight, bias, eps, static_cast<float*>(out) + out_offset);
    } else {
        float normalized[SF_MAX_HIDDEN];
        normalize_row(v, columns, weight, bias, eps, normalized);
        store_as(type, out, out_offset, normalized, columns);
    }
}

int residual_layer_norm(sf_stream* stream, int rows, int columns, const float* x, const int32_t* row_index,
                        const float* y, float* x_out, const float* weight, const float* bias, float eps, int type,
                        void* out) {
    const bool parallel = static_cast<int64_t>(rows) * columns > PARALLEL_ELEMENTS;
    parallel_for(cpu_stream(stream)->team, rows, parallel, [&](int64_t i, int) {
        const size_t offset = static_cast<size_t>(i) * static_cast<size_t>(columns);
        const size_t from = static_cast<size_t>(row_index != nullptr ? row_index[i] : i) * static_cast<size_t>(columns);
        residual_layer_norm_row(columns, x + from, y != nullptr ? y + offset : nullptr,
                                x_out != nullptr ? x_out + offset : nullptr, weight, bias, eps, type, out, offset);
    });
    return SF_OK;
}

}  // namespace cpu::SF_ISA
