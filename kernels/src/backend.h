/*
 * The functions of the CUDA backend's table. The front (native/src/api) has checked their arguments; the kernels check
 * tables, which only the device reads.
 */
#ifndef SCANFORMER_CUDA_BACKEND_H
#define SCANFORMER_CUDA_BACKEND_H

#include "scanformer_backend.h"

namespace cuda {

/* In device.cu, stream.cu and memory.cu. */
SF_DECLARE_DEVICE_FUNCTIONS

/* The operations, with the arguments of their sf_ functions. */
#define SF_DECLARE(operation) decltype(sf_##operation) operation;
SF_OPERATIONS(SF_DECLARE)
#undef SF_DECLARE

}  // namespace cuda

#endif
