/* What precedes an inline function that the host's code and the device's share. */
#ifndef SCANFORMER_HOST_DEVICE_H
#define SCANFORMER_HOST_DEVICE_H

/*
 * Static, as files that are compiled for several instruction sets include these: an inline function with one copy for
 * all of them could be the one of a processor that this is not.
 */
#ifdef __CUDACC__
#define SF_SHARED static __host__ __device__ __forceinline__
#else
#define SF_SHARED static inline
#endif

#endif
