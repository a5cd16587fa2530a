/*
 * Linear layers of very few rows in fp32, without tensor cores: the heads on the [REG] tokens. A warp takes one output
 * and four rows of x. It has a row of weights on its way before the kernels ahead of it are done, in vectors of 16
 * bytes; the sums of its lanes are added up at the end, and bias and activation follow in registers, so that a layer is
 * one launch.
 *
 * NaN and infinity go through as in fp32: zeros stand only for elements past the end, in weights and x alike.
 */
#include "activation.cuh"
#include "scanformer_cuda.h"
#include "stream.cuh"
#include "warp.cuh"

namespace {

constexpr int kWarps = 4;
constexpr int kRows = 4;
constexpr int kVectors = 6; /* a lane's in a step: 768 elements a warp, ViLT's hidden size */
constexpr int kStep = kVectors * kWarp * 4;

struct FewRowsTask {
    int rows;
    int out;
    int in; /* a multiple of 4 */
    const float* x;
    const float* weight;
    const float* bias;
    int activation;
    float* y;
};

/* A lane's vectors of a row from an element on; 0 past the end. */
__device__ __forceinline__ void load_step(const float* row, int begin, int in, float (&v)[kVectors][4]) {
#pragma unroll
    for (int i = 0; i < kVectors; i++) {
        const int k = begin + (i * kWarp + lane_id()) * 4;
        v[i][0] = v[i][1] = v[i][2] = v[i][3] = 0.0f;
        if (k < in) load4(row + k, v[i]);
    }
}

__global__ void __launch_bounds__(kWarps* kWarp) few_rows_linear(FewRowsTask task) {
    const int column = static_cast<int>(blockIdx.x) * kWarps + warp_id();
    const int first = static_cast<int>(blockIdx.y) * kRows;
    const bool present = column < task.out;
    const float* weight = task.weight + static_cast<int64_t>(present ? column : 0) * task.in;
    float w[kVectors][4];
    load_step(weight, 0, task.in, w);
    wait_for_earlier_kernels();
    if (!present) return;
    float sums[kRows] = {};
    for (int begin = 0; begin < task.in; begin += kStep) {
        if (begin > 0) load_step(weight, begin, task.in, w);
#pragma unroll
        for (int r = 0; r < kRows; r++) {
            if (first + r < task.rows) {
                float x[kVectors][4];
                load_step(task.x + static_cast<int64_t>(first + r) * task.in, begin, task.in, x);
#pragma unroll
                for (int i = 0; i < kVectors; i++) {
#pragma unroll
                    for (int e = 0; e < 4; e++) sums[r] += x[i][e] * w[i][e];
                }
            }
        }
    }
    /* The first lanes have a row each. */
    float own = 0.0f;
#pragma unroll
    for (int r = 0; r < kRows; r++) {
        const float sum = warp_sum(sums[r]);
        if (lane_id() == r) own = sum;
    }
    const int row = first + lane_id();
    if (lane_id() >= kRows || row >= task.rows) return;
    if (task.bias != nullptr) own += task.bias[column];
    with_activation(task.activation, [&](const auto& activate) {
        task.y[static_cast<int64_t>(row) * task.out + column] = activate(own);
    });
}

}  // namespace

int sf_few_rows_linear(sf_stream* stream, int rows, int out, int in, const float* x, const float* weight,
                       const float* bias, int activation, float* y) {
    const char* operation = "sf_few_rows_linear";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (rows < 0 || out < 1 || in < 1 || in % 4 != 0 || activation < SF_IDENTITY || activation > SF_SIGMOID) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: expected rows >= 0, outputs >= 1, inputs in a multiple of 4 and activation 0 to 3, found %d, "
                    "%d, %d and %d",
                    operation, rows, out, in, activation);
    }
    if (rows == 0) return SF_OK;
    status = check_arrays(stream, operation, x, weight, y);
    if (status == SF_OK) status = check_alignment(stream, operation, bias);
    if (status != SF_OK) return status;
    if (!aligned_rows(in, x) || !aligned_rows(in, weight)) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: expected x and weight aligned to 16 bytes", operation);
    }
    const FewRowsTask task = {rows, out, in, x, weight, bias, activation, y};
    return launch(stream, operation, few_rows_linear, div_up(out, kWarps), static_cast<int>(div_up(rows, kRows)),
                  kWarps * kWarp, task);
}
