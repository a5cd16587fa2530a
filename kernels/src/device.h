/* The devices of this machine. */
#ifndef SCANFORMER_DEVICE_H
#define SCANFORMER_DEVICE_H

#include "platform.cuh"

/* Kernels are compiled for this and later; older devices are refused. */
constexpr int kOldestCapability = 75;

/* 10 * major + minor. */
cudaError_t device_capability(int device, int* capability);

#endif
