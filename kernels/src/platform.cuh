/*
 * What kernels are written in: CUDA, or its emulation on the host, and the few things that differ between the two. The
 * same sources are compiled by nvcc and, with emulation.h, by the host's compiler.
 */
#ifndef SCANFORMER_PLATFORM_CUH
#define SCANFORMER_PLATFORM_CUH

#include <math.h>
#include <stdint.h>

#ifdef SF_EMULATION

#include "emulation.h"

#else

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

/* An element of shared memory; the emulation watches accesses to it. */
template <typename T>
using Cell = T;

/* The block's shared memory. A kernel asks for one type of it. */
template <typename T>
__device__ __forceinline__ T& block_shared() {
    __shared__ __align__(16) T shared;
    return shared;
}

__device__ __forceinline__ float4 load4(const float* shared) { return *reinterpret_cast<const float4*>(shared); }
__device__ __forceinline__ void store2(float* shared, float first, float second) {
    *reinterpret_cast<float2*>(shared) = make_float2(first, second);
}
__device__ __forceinline__ void atomic_add(int* shared, int value) { atomicAdd(shared, value); }

/* Enqueues a kernel. Unlike cudaGetLastError after <<<>>>, its result says nothing of calls before it on the thread. */
template <typename... P, typename... A>
cudaError_t launch_kernel(cudaStream_t queue, const char*, dim3 grid, int threads, void (*kernel)(P...),
                          A... arguments) {
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = dim3(static_cast<unsigned>(threads));
    config.stream = queue;
    return cudaLaunchKernelEx(&config, kernel, static_cast<P>(arguments)...);
}

#endif
#endif
