/* The plain matrix product, a thread an element: what cuBLAS is checked against. */
#include "scanformer_cuda.h"
#include "stream.cuh"

namespace {

constexpr int kThreads = 64;

template <typename T, typename Y>
__global__ void __launch_bounds__(kThreads) plain_matmul(int rows, int out, int in, const T* x, const T* weight, Y* y) {
    wait_for_earlier_kernels();
    const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
    if (i >= static_cast<int64_t>(rows) * out) return;
    const T* a = x + i / out * in;
    const T* b = weight + i % out * in;
    float sum = 0;
    for (int k = 0; k < in; k++) sum += to_float(a[k]) * to_float(b[k]);
    y[i] = from_float<Y>(sum);
}

}  // namespace

int sf_plain_matmul(sf_stream* stream, int rows, int out, int in, int type, const void* x, const void* weight,
                    int y_type, void* y) {
    const char* operation = "sf_plain_matmul";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (rows < 0 || out < 1 || in < 1) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: expected rows >= 0, outputs and inputs >= 1, found %d, %d and %d",
                    operation, rows, out, in);
    }
    status = check_type(stream, operation, type);
    if (status == SF_OK) status = check_type(stream, operation, y_type);
    if (status != SF_OK || rows == 0) return status;
    if (any_null({x, weight, y})) return fail_null(stream, operation);
    status = check_alignment_of(stream, operation, type, x);
    if (status == SF_OK) status = check_alignment_of(stream, operation, type, weight);
    if (status == SF_OK) status = check_alignment_of(stream, operation, y_type, y);
    if (status != SF_OK) return status;
    return with_type(type, [&](auto element) {
        using T = decltype(element);
        return with_type(y_type, [&](auto result) {
            using Y = decltype(result);
            return launch(stream, operation, plain_matmul<T, Y>, div_up(static_cast<int64_t>(rows) * out, kThreads), 1,
                          kThreads, rows, out, in, static_cast<const T*>(x), static_cast<const T*>(weight),
                          static_cast<Y*>(y));
        });
    });
}
