/* What is found on this machine. */
#include <stdio.h>

#include "backend.h"
#include "device.h"

cudaError_t device_capability(int device, int* capability) {
    int major = 0, minor = 0;
    cudaError_t code = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    if (code == cudaSuccess) code = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
    *capability = 10 * major + minor;
    return code;
}

int cuda::probe(int device, char* report, int capacity) {
    const auto size = static_cast<size_t>(capacity);
    int count = 0;
    const cudaError_t code = cudaGetDeviceCount(&count);
    if (code == cudaErrorInsufficientDriver) {
        int version = 0;
        (void)cudaDriverGetVersion(&version);
        if (version == 0) {
            (void)snprintf(report, size,
                           "no NVIDIA driver is installed (libcuda.so.1 was not found or does not answer)");
        } else {
            (void)snprintf(report, size, "the NVIDIA driver is for CUDA %d.%d, CUDA 13 is needed: update the driver",
                           version / 1000, version % 1000 / 10);
        }
        return SF_UNSUPPORTED;
    }
    if (code == cudaErrorNoDevice || (code == cudaSuccess && count == 0)) {
        (void)snprintf(report, size, "no CUDA device is visible (see nvidia-smi, and CUDA_VISIBLE_DEVICES)");
        return SF_UNSUPPORTED;
    }
    if (code != cudaSuccess) {
        (void)snprintf(report, size, "CUDA error %d, %s (%s)", static_cast<int>(code), cudaGetErrorName(code),
                       cudaGetErrorString(code));
        return SF_UNSUPPORTED;
    }
    if (device < 0 || device >= count) {
        (void)snprintf(report, size, "there are %d CUDA devices, found device %d asked for", count, device);
        return SF_UNSUPPORTED;
    }
    cudaDeviceProp properties;
    int capability = 0, driver = 0, runtime = 0;
    if (cudaGetDeviceProperties(&properties, device) != cudaSuccess ||
        device_capability(device, &capability) != cudaSuccess || cudaDriverGetVersion(&driver) != cudaSuccess ||
        cudaRuntimeGetVersion(&runtime) != cudaSuccess) {
        (void)snprintf(report, size, "device %d does not tell its properties", device);
        return SF_UNSUPPORTED;
    }
    (void)snprintf(
        report, size, "name=%s\ncapability=%d.%d\nmemory=%lld\nmultiprocessors=%d\ndriver=%d.%d\nruntime=%d.%d",
        properties.name, capability / 10, capability % 10, static_cast<long long>(properties.totalGlobalMem),
        properties.multiProcessorCount, driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    if (capability < kOldestCapability) {
        (void)snprintf(report, size, "%s has compute capability %d.%d, 7.5 or more is needed", properties.name,
                       capability / 10, capability % 10);
        return SF_UNSUPPORTED;
    }
    return SF_OK;
}
