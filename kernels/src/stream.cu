/* Streams, and the errors that are found on them. */
#include <string.h>

#include <memory>
#include <new>

#include "device.h"
#include "scanformer_cuda.h"
#include "stream.cuh"

namespace {

/*
 * Errors after which every call of the process fails, by their numbers in driver_types.h. The runtime does not
 * distinguish them: cudaGetLastError gives each error once, whatever state the context is in.
 */
bool ends_context(cudaError_t code) {
    switch (static_cast<int>(code)) {
        case 214: /* cudaErrorECCUncorrectable */
        case 220: /* cudaErrorNvlinkUncorrectable */
        case 226: /* cudaErrorContained */
        case 700: /* cudaErrorIllegalAddress */
        case 702: /* cudaErrorLaunchTimeout */
        case 709: /* cudaErrorContextIsDestroyed */
        case 710: /* cudaErrorAssert */
        case 714: /* cudaErrorHardwareStackError */
        case 715: /* cudaErrorIllegalInstruction */
        case 716: /* cudaErrorMisalignedAddress */
        case 717: /* cudaErrorInvalidAddressSpace */
        case 718: /* cudaErrorInvalidPc */
        case 719: /* cudaErrorLaunchFailure */
        case 721: /* cudaErrorTensorMemoryLeak */
        case 810: /* cudaErrorMpsClientTerminated */
        case 911: /* cudaErrorExternalDevice */
        case 999: /* cudaErrorUnknown */
            return true;
        default:
            return false;
    }
}

int status_of(cudaError_t code) {
    if (code == cudaSuccess) return SF_OK;
    if (code == cudaErrorMemoryAllocation) return SF_OUT_OF_MEMORY;
    return ends_context(code) ? SF_DEVICE_LOST : SF_DEVICE_ERROR;
}

/* What a device of the capability computes in. */
void set_types(CudaStream* stream) {
    const auto bit = [](int type) { return static_cast<uint8_t>(1 << type); };
    stream->types = bit(SF_F32) | bit(SF_F16) | bit(SF_BF16);
    stream->attention_types[SF_F32] = bit(SF_F32);
    stream->attention_types[SF_F16] = bit(SF_F32) | bit(SF_F16);
    if (stream->capability >= 80) {
        stream->attention_types[SF_BF16] = bit(SF_F32) | bit(SF_BF16);
        stream->attention_types[SF_TF32] = bit(SF_F32);
    }
}

}  // namespace

int check_stream(sf_stream* stream, const char* operation) {
    return check_backend(stream, operation, sf_cuda_backend());
}

int check_cuda(sf_stream* stream, const char* operation, cudaError_t code, const char* file, int line) {
    if (code == cudaSuccess) return SF_OK;
    const int status = status_of(code);
    if (status == SF_DEVICE_LOST) cuda_stream(stream)->lost = true;
    const char* slash = strrchr(file, '/');
    return fail(stream, status, "%s: CUDA error %d, %s (%s), at %s:%d%s", operation, static_cast<int>(code),
                cudaGetErrorName(code), cudaGetErrorString(code), slash != nullptr ? slash + 1 : file, line,
                status == SF_DEVICE_LOST ? "; the device is lost to this process" : "");
}

int check_not_lost(sf_stream* stream, const char* operation) {
    if (!cuda_stream(stream)->lost) return SF_OK;
    return fail(stream, SF_DEVICE_LOST, "%s: the device was lost before", operation);
}

int use_device(sf_stream* stream, const char* operation) {
    return SF_CHECK(stream, operation, cudaSetDevice(cuda_stream(stream)->device));
}

int wait(sf_stream* stream, const char* operation) {
    CudaStream* own = cuda_stream(stream);
    int status = use_device(stream, operation);
    if (status == SF_OK) status = SF_CHECK(stream, operation, cudaStreamSynchronize(own->queue));
    if (status != SF_OK) return status;
    const TableFault fault = *own->fault;
    if (fault.state == 0) return SF_OK;
    *own->fault = {};
    return fail_table(stream, fault);
}

int reserve_scratch(sf_stream* stream, const char* operation, int64_t bytes) {
    CudaStream* own = cuda_stream(stream);
    if (bytes <= own->scratch_bytes) return SF_OK;
    int status = use_device(stream, operation);
    /* Freed memory may still be read by work in flight. */
    if (status == SF_OK) status = SF_CHECK(stream, operation, cudaStreamSynchronize(own->queue));
    if (status != SF_OK) return status;
    (void)cudaFree(own->scratch);
    own->scratch = nullptr;
    own->scratch_bytes = 0;
    status = SF_CHECK(stream, operation, cudaMalloc(&own->scratch, static_cast<size_t>(bytes)));
    if (status == SF_OK) own->scratch_bytes = bytes;
    return status;
}

int cuda::stream_create(int device, int, int, sf_stream** stream) {
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) return SF_UNSUPPORTED;
    if (device >= count) return SF_INVALID_ARGUMENT;
    std::unique_ptr<CudaStream> created(new (std::nothrow) CudaStream{});
    if (!created) return SF_OUT_OF_MEMORY;
    created->backend = sf_cuda_backend();
    created->device = device;
    if (device_capability(device, &created->capability) != cudaSuccess) return SF_DEVICE_ERROR;
    if (created->capability < kOldestCapability) return SF_UNSUPPORTED;
    if (cudaDeviceGetAttribute(&created->multiprocessors, cudaDevAttrMultiProcessorCount, device) != cudaSuccess) {
        return SF_DEVICE_ERROR;
    }
    set_types(created.get());
    if (cudaSetDevice(device) != cudaSuccess) return SF_DEVICE_ERROR;
    cudaError_t code = cudaStreamCreateWithFlags(&created->queue, cudaStreamNonBlocking);
    if (code == cudaSuccess) {
        void* fault = nullptr;
        code = cudaHostAlloc(&fault, sizeof(TableFault), cudaHostAllocDefault);
        if (code == cudaSuccess) {
            created->fault = new (fault) TableFault{};
        } else {
            (void)cudaStreamDestroy(created->queue);
        }
    }
    if (code != cudaSuccess) return status_of(code);
    *stream = created.release();
    return SF_OK;
}

void cuda::stream_destroy(sf_stream* stream) {
    CudaStream* own = cuda_stream(stream);
    /* On a lost device these fail, and there is nothing left to free. */
    (void)cudaSetDevice(own->device);
    (void)cudaStreamSynchronize(own->queue);
    (void)cudaFree(own->scratch);
    (void)cudaFreeHost(own->fault);
    for (cudaEvent_t event : {own->timer_begin, own->timer_end}) {
        if (event != nullptr) (void)cudaEventDestroy(event);
    }
    (void)cudaStreamDestroy(own->queue);
    delete own;
}

int cuda::synchronize(sf_stream* stream) { return wait(stream, "sf_synchronize"); }

void* sf_cuda_queue(sf_stream* stream) {
    return check_stream(stream, "sf_cuda_queue") == SF_OK ? cuda_stream(stream)->queue : nullptr;
}

int sf_compute_capability(const sf_stream* stream) {
    if (stream == nullptr || stream->backend != sf_cuda_backend()) return 0;
    return static_cast<const CudaStream*>(stream)->capability;
}
