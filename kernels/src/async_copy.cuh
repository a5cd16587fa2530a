/*
 * Copies of 16 bytes from global to shared memory that run while the thread goes on (PTX cp.async). A thread's copies
 * form groups; after it has waited for a group it sees what the group brought, and other threads do after a barrier
 * behind the wait. Devices below compute capability 8.0 copy at once.
 */
#ifndef SCANFORMER_ASYNC_COPY_CUH
#define SCANFORMER_ASYNC_COPY_CUH

#include "platform.cuh"

/* Starts a copy; zeros where the source is not to be read. Both are aligned to 16 bytes. */
__device__ __forceinline__ void copy_async(Cell<uint4>* shared, const void* from, bool read) {
#ifdef SF_EMULATION
    emulation::copy_async(shared, from, read ? 16 : 0);
#elif __CUDA_ARCH__ >= 800
    asm volatile(
        "cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(static_cast<uint32_t>(__cvta_generic_to_shared(shared))),
        "l"(__cvta_generic_to_global(from)), "r"(read ? 16 : 0)
        : "memory");
#else
    *shared = read ? *static_cast<const uint4*>(from) : make_uint4(0, 0, 0, 0);
#endif
}

/* Ends a group, which may be empty. */
__device__ __forceinline__ void end_copy_group() {
#ifdef SF_EMULATION
    emulation::end_copy_group();
#elif __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Waits for all groups but the last LEFT. */
template <int LEFT>
__device__ __forceinline__ void wait_for_copies() {
#ifdef SF_EMULATION
    emulation::wait_for_copies(LEFT);
#elif __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
#endif
}

#endif
