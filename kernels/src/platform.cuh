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

/* The same of what the kernel was launched with, which may be more than the 48 KiB that it would else be held to. */
template <typename T>
__device__ __forceinline__ T& dynamic_shared() {
    extern __shared__ __align__(16) unsigned char launched_with[];
    return *reinterpret_cast<T*>(launched_with);
}

__device__ __forceinline__ float4 load4(const float* shared) { return *reinterpret_cast<const float4*>(shared); }
__device__ __forceinline__ void store2(float* shared, float first, float second) {
    *reinterpret_cast<float2*>(shared) = make_float2(first, second);
}
/* 2^v to about 2^-22 of it; 0 for results that are no normal number. */
__device__ __forceinline__ float exp2_approximately(float v) {
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(v));
    return result;
}
/* 1 / v to about 2^-23 of it, for v whose reciprocal is a normal number. */
__device__ __forceinline__ float reciprocal_approximately(float v) {
    float result;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(v));
    return result;
}
/* Chooses the body of a switch of the graph that the kernel is in. */
__device__ __forceinline__ void set_condition(uint64_t condition, unsigned value) {
    cudaGraphSetConditional(condition, value);
}
__device__ __forceinline__ void atomic_add(int* shared, int value) { atomicAdd(shared, value); }

/*
 * Lets the next kernel's blocks come to the device, and waits until all kernels before this one are done and what they
 * wrote is there (programmatic dependent launch). Every thread of every kernel calls it, before it touches anything
 * that a kernel may have written, and also where it has nothing to do: the next one counts on it.
 */
__device__ __forceinline__ void wait_for_earlier_kernels() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/*
 * Enqueues a kernel; `early`: its blocks may come to the device before the one before it is done. Unlike
 * cudaGetLastError after <<<>>>, its result says nothing of calls before it on the thread. */
template <typename... P, typename... A>
cudaError_t launch_kernel(cudaStream_t queue, const char*, dim3 grid, int threads, int shared_bytes, bool early,
                          void (*kernel)(P...), A... arguments) {
    if (shared_bytes > 48 << 10) {
        const cudaError_t refused =
            cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
        if (refused != cudaSuccess) return refused;
    }
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = dim3(static_cast<unsigned>(threads));
    config.dynamicSmemBytes = static_cast<size_t>(shared_bytes);
    config.stream = queue;
    cudaLaunchAttribute attribute = {};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    config.attrs = &attribute;
    config.numAttrs = early ? 1 : 0;
    return cudaLaunchKernelEx(&config, kernel, static_cast<P>(arguments)...);
}

#endif
#endif
