/* The CUDA backend's stream, and how kernels are launched on it. */
#ifndef SCANFORMER_STREAM_CUH
#define SCANFORMER_STREAM_CUH

#include <limits.h>

#include "backend.h"
#include "element.cuh"
#include "shared/arguments.h"
#include "shared/faults.h"

/* Where the scratch has the filter of a reduction of one side of an image (pyramid.cu). */
struct KeptFilter {
    int in;
    int out;
    int64_t offset;
};

struct CudaStream : sf_stream {
    int device;
    int capability; /* 10 * major + minor */
    int multiprocessors;
    cudaStream_t queue;
    TableFault* fault; /* pinned host memory that the device writes */
    void* scratch;     /* holds the filters */
    int64_t scratch_bytes;
    KeptFilter filters[128]; /* those of a batch of 64 images of different sizes */
    int num_filters;
    int64_t filter_bytes; /* of all of them */
    bool lost;
    bool recording;     /* a graph */
    bool has_condition; /* what is recorded, or was recorded last */
    bool behind_switch; /* what was recorded last is one */
    cudaEvent_t timer_begin;
    cudaEvent_t timer_end;
};

inline CudaStream* cuda_stream(sf_stream* stream) { return static_cast<CudaStream*>(stream); }

/* Where kernels on the stream report faults in tables. */
inline TableFault* table_fault(sf_stream* stream) { return cuda_stream(stream)->fault; }

/* For calls that don't come from the front: SF_OK for a stream of the CUDA backend. */
int check_stream(sf_stream* stream, const char* operation);

/*
 * SF_OK for cudaSuccess; otherwise the message has operation, code, name and place. A code that ends the context marks
 * the stream as lost.
 */
int check_cuda(sf_stream* stream, const char* operation, cudaError_t code, const char* file, int line);
#define SF_CHECK(stream, operation, call) check_cuda(stream, operation, call, __FILE__, __LINE__)

/* SF_OK unless an earlier error has ended the context. */
int check_not_lost(sf_stream* stream, const char* operation);

/* A thread starts with device 0: each call for which CUDA needs the device sets the stream's. */
int use_device(sf_stream* stream, const char* operation);

/* Waits for the stream, and reports what its kernels found wrong in tables since it was last asked. */
int wait(sf_stream* stream, const char* operation);

/* Makes the stream's scratch, device memory that is kept, have at least that many bytes. */
int reserve_scratch(sf_stream* stream, const char* operation, int64_t bytes);

inline int64_t div_up(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

/*
 * Starts a kernel on blocks_x by blocks_y blocks of threads, each with that many bytes of dynamic_shared(); without
 * blocks there is nothing to do.
 */
template <typename... P, typename... A>
int launch_with_shared(sf_stream* stream, const char* operation, void (*kernel)(P...), int64_t blocks_x, int blocks_y,
                       int threads, int shared_bytes, A... arguments) {
    if (blocks_x == 0 || blocks_y == 0) return SF_OK;
    if (blocks_x > INT_MAX || blocks_y > 65535) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: too much work for one launch: %lld x %d", operation,
                    static_cast<long long>(blocks_x), blocks_y);
    }
    int status = check_not_lost(stream, operation);
    if (status == SF_OK) status = use_device(stream, operation);
    if (status != SF_OK) return status;
    CudaStream* own = cuda_stream(stream);
    /*
     * Devices from compute capability 9.0 on can. Only kernels have a port that an early start could hang on: CUDA does
     * not say what becomes of one behind a conditional node, and there is nothing to overlap with.
     */
    const bool early = own->capability >= 90 && !own->behind_switch;
    own->behind_switch = false;
    const dim3 grid(static_cast<unsigned>(blocks_x), static_cast<unsigned>(blocks_y));
    return SF_CHECK(stream, operation,
                    launch_kernel(own->queue, operation, grid, threads, shared_bytes, early, kernel, arguments...));
}

/* The same without dynamic_shared(). */
template <typename... P, typename... A>
int launch(sf_stream* stream, const char* operation, void (*kernel)(P...), int64_t blocks_x, int blocks_y, int threads,
           A... arguments) {
    return launch_with_shared(stream, operation, kernel, blocks_x, blocks_y, threads, 0, arguments...);
}

/* Calls body with a value of the element type's C++ type. */
template <typename Body>
int with_type(int type, Body body) {
    if (type == SF_F16) return body(F16{});
    if (type == SF_BF16) return body(BF16{});
    return body(float{});
}

/* Whether rows of that many columns at p are aligned to four elements; a NULL is. */
template <typename T>
bool aligned_rows(int columns, const T* p) {
    return columns % 4 == 0 && reinterpret_cast<uintptr_t>(p) % (4 * sizeof(T)) == 0;
}

#endif
