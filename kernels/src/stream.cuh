/* The host's side of a stream, and how kernels are launched on it. */
#ifndef SCANFORMER_STREAM_CUH
#define SCANFORMER_STREAM_CUH

#include <climits>
#include <initializer_list>
#include <string>

#include "device.cuh"
#include "scanformer_cuda.h"

struct sf_stream {
    int device = 0;
    int capability = 0; /* 10 * major + minor */
    cudaStream_t queue = nullptr;
    Fault* fault = nullptr; /* pinned host memory that the device writes */
    void* scratch = nullptr;
    int64_t scratch_bytes = 0;
    bool lost = false;
    std::string error;
};

/* Notes why an operation failed and passes its status on. */
int fail(sf_stream* stream, int status, const std::string& message);

/* SF_OK for cudaSuccess; else notes operation, code, name and place. One that ends the context marks the stream lost.
 */
int check_cuda(sf_stream* stream, const char* operation, cudaError_t code, const char* file, int line);
#define SF_CHECK(stream, operation, call) check_cuda(stream, operation, call, __FILE__, __LINE__)

/* A thread starts with device 0 as its own: each call that CUDA needs one for sets the stream's. */
int use_device(sf_stream* stream, const char* operation);

/* Makes stream->scratch, device memory that is kept, have at least so many bytes. */
int reserve_scratch(sf_stream* stream, const char* operation, int64_t bytes);

inline int invalid(sf_stream* stream, const char* operation, const std::string& message) {
    return fail(stream, SF_INVALID_ARGUMENT, std::string(operation) + ": " + message);
}

inline std::string number(int64_t value) { return std::to_string(value); }

inline bool any_null(std::initializer_list<const void*> pointers) {
    for (const void* p : pointers) {
        if (p == nullptr) return true;
    }
    return false;
}

inline bool aligned(const void* p, uintptr_t bytes = 64) { return reinterpret_cast<uintptr_t>(p) % bytes == 0; }

inline int64_t div_up(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

/* Starts a kernel on grid_x by grid_y blocks; a grid without blocks is no work. */
template <typename... P, typename... A>
int launch(sf_stream* stream, const char* operation, void (*kernel)(P...), int64_t grid_x, int grid_y, int threads,
           A... arguments) {
    if (grid_x == 0 || grid_y == 0) return SF_OK;
    if (grid_x > INT_MAX || grid_y > 65535) {
        return invalid(stream, operation, "too much work for one launch: " + number(grid_x) + " x " + number(grid_y));
    }
    if (stream->lost) return fail(stream, SF_DEVICE_LOST, std::string(operation) + ": the device was lost before");
#ifdef SF_EMULATION
    return SF_CHECK(
        stream, operation,
        emulation::launch(stream->queue, operation, {static_cast<unsigned>(grid_x), static_cast<unsigned>(grid_y)},
                          threads, [=] { kernel(static_cast<P>(arguments)...); }));
#else
    const int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(static_cast<unsigned>(grid_x), static_cast<unsigned>(grid_y));
    config.blockDim = dim3(static_cast<unsigned>(threads));
    config.stream = stream->queue;
    /* Unlike cudaGetLastError behind <<<>>>, this says nothing of calls before it on the same thread. */
    return SF_CHECK(stream, operation, cudaLaunchKernelEx(&config, kernel, static_cast<P>(arguments)...));
#endif
}

/* Calls body with a value of the element type's C++ type. */
template <typename Body>
int with_type(int type, Body body) {
    if (type == SF_F16) return body(F16{});
    if (type == SF_BF16) return body(BF16{});
    return body(float{});
}

inline bool valid_type(int type) { return type >= SF_F32 && type <= SF_BF16; }

#endif
