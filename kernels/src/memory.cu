/* Memory of the device and pinned memory of the host, and copies between them. */
#include <string.h>

#include "scanformer_cuda.h"
#include "stream.cuh"

namespace {

/* For calls that don't come from the front: SF_OK for a stream of the CUDA backend, whose device then is the thread's.
 */
int use_stream(sf_stream* stream, const char* operation) {
    const int status = check_stream(stream, operation);
    return status == SF_OK ? use_device(stream, operation) : status;
}

int copy(sf_stream* stream, const char* operation, void* to, const void* from, int64_t bytes, cudaMemcpyKind kind) {
    const int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    return SF_CHECK(stream, operation,
                    cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), kind, cuda_stream(stream)->queue));
}

int checked_copy(sf_stream* stream, const char* operation, void* to, const void* from, int64_t bytes,
                 cudaMemcpyKind kind) {
    const int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (bytes < 0) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %lld bytes, expected at least 0", operation,
                    static_cast<long long>(bytes));
    }
    if (bytes > 0 && any_null({to, from})) return fail_null(stream, operation);
    return bytes == 0 ? static_cast<int>(SF_OK) : copy(stream, operation, to, from, bytes, kind);
}

}  // namespace

int cuda::memory_available(sf_stream* stream, int64_t* bytes) {
    const char* operation = "sf_memory_available";
    int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    size_t available = 0, total = 0;
    status = SF_CHECK(stream, operation, cudaMemGetInfo(&available, &total));
    if (status == SF_OK) *bytes = static_cast<int64_t>(available);
    return status;
}

int cuda::allocate(sf_stream* stream, int64_t bytes, void** memory) {
    const char* operation = "sf_allocate";
    int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    void* created = nullptr;
    status = SF_CHECK(stream, operation, cudaMalloc(&created, static_cast<size_t>(bytes)));
    if (status == SF_OUT_OF_MEMORY) {
        const size_t length = strlen(stream->error);
        (void)snprintf(stream->error + length, sizeof stream->error - length, ", %lld bytes",
                       static_cast<long long>(bytes));
    }
    if (status != SF_OK) return status;
    status = SF_CHECK(stream, operation,
                      cudaMemsetAsync(created, 0, static_cast<size_t>(bytes), cuda_stream(stream)->queue));
    if (status == SF_OK) {
        *memory = created;
    } else {
        (void)cudaFree(created);
    }
    return status;
}

int cuda::free(sf_stream* stream, void* memory, int64_t) {
    const int status = use_device(stream, "sf_free");
    return status == SF_OK ? SF_CHECK(stream, "sf_free", cudaFree(memory)) : status;
}

int cuda::upload(sf_stream* stream, void* to, const void* host, int64_t bytes) {
    const char* operation = "sf_upload";
    const int status = copy(stream, operation, to, host, bytes, cudaMemcpyHostToDevice);
    /* The host's memory is the caller's again when this returns. */
    return status == SF_OK ? wait(stream, operation) : status;
}

int cuda::download(sf_stream* stream, const void* from, void* host, int64_t bytes) {
    const char* operation = "sf_download";
    const int status = copy(stream, operation, host, from, bytes, cudaMemcpyDeviceToHost);
    return status == SF_OK ? wait(stream, operation) : status;
}

int sf_allocate_host(sf_stream* stream, int64_t bytes, void** memory) {
    const char* operation = "sf_allocate_host";
    if (memory != nullptr) *memory = nullptr;
    int status = use_stream(stream, operation);
    if (status != SF_OK) return status;
    if (memory == nullptr) return fail_null(stream, operation);
    if (bytes < 1) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %lld bytes, expected at least 1", operation,
                    static_cast<long long>(bytes));
    }
    status = SF_CHECK(stream, operation, cudaHostAlloc(memory, static_cast<size_t>(bytes), cudaHostAllocDefault));
    if (status == SF_OK) memset(*memory, 0, static_cast<size_t>(bytes));
    return status;
}

int sf_free_host(sf_stream* stream, void* memory) {
    const int status = use_stream(stream, "sf_free_host");
    return status == SF_OK ? SF_CHECK(stream, "sf_free_host", cudaFreeHost(memory)) : status;
}

int sf_check_device_memory(sf_stream* stream, uint64_t address, int64_t bytes) {
    const char* operation = "sf_check_device_memory";
    int status = use_stream(stream, operation);
    if (status != SF_OK) return status;
    if (bytes < 1 || address > UINT64_MAX - static_cast<uint64_t>(bytes)) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %lld bytes from address 0x%llx", operation,
                    static_cast<long long>(bytes), static_cast<unsigned long long>(address));
    }
    /* Memory is mapped in pages of this size at least: no hole between two allocations escapes. */
    constexpr int64_t kPage = 2 << 20;
    for (int64_t offset = 0;; offset = offset + kPage < bytes ? offset + kPage : bytes - 1) {
        cudaPointerAttributes attributes = {};
        const void* place = reinterpret_cast<const void*>(address + static_cast<uint64_t>(offset));
        status = SF_CHECK(stream, operation, cudaPointerGetAttributes(&attributes, place));
        if (status != SF_OK) return status;
        const bool managed = attributes.type == cudaMemoryTypeManaged;
        if (!managed && attributes.type != cudaMemoryTypeDevice) {
            return fail(stream, SF_INVALID_ARGUMENT, "%s: byte %lld of %lld is not in a device's memory", operation,
                        static_cast<long long>(offset), static_cast<long long>(bytes));
        }
        const int device = cuda_stream(stream)->device;
        if (!managed && attributes.device != device) {
            return fail(stream, SF_INVALID_ARGUMENT,
                        "%s: byte %lld of %lld is in the memory of device %d, expected device %d", operation,
                        static_cast<long long>(offset), static_cast<long long>(bytes), attributes.device, device);
        }
        if (offset == bytes - 1) return SF_OK;
    }
}

int sf_copy_to_device(sf_stream* stream, void* memory, const void* host, int64_t bytes) {
    return checked_copy(stream, "sf_copy_to_device", memory, host, bytes, cudaMemcpyHostToDevice);
}

int sf_copy_to_host(sf_stream* stream, void* host, const void* memory, int64_t bytes) {
    return checked_copy(stream, "sf_copy_to_host", host, memory, bytes, cudaMemcpyDeviceToHost);
}

int sf_clear(sf_stream* stream, void* memory, int64_t bytes) {
    const char* operation = "sf_clear";
    const int status = use_stream(stream, operation);
    if (status != SF_OK) return status;
    if (bytes < 1 || memory == nullptr) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %lld bytes, expected at least 1, and memory", operation,
                    static_cast<long long>(bytes));
    }
    return SF_CHECK(stream, operation,
                    cudaMemsetAsync(memory, 0, static_cast<size_t>(bytes), cuda_stream(stream)->queue));
}
