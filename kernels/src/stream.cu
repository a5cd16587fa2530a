/* Streams, memory, copies, graphs, and what is found on this machine. */
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#include "stream.cuh"

struct sf_graph {
    cudaGraphExec_t executable = nullptr;
};

namespace {

/* Compiled for these and what runs their code; older devices are refused. */
constexpr int kOldestCapability = 75;

/*
 * Errors behind which every call of the process fails, by their numbers in driver_types.h. The runtime does not tell
 * them from others: cudaGetLastError gives each once, whatever state the context is in.
 */
bool ends_context(cudaError_t code) {
    switch (static_cast<int>(code)) {
        case 214: /* cudaErrorECCUncorrectable */
        case 220: /* cudaErrorNvlinkUncorrectable */
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

const char* fault_text(int operation) {
    switch (operation) {
        case kFaultGrid:
            return "a grid is out of range";
        case kFaultText:
            return "a text token's id, position or row is out of range";
        case kFaultAppend:
            return "sf_append_kv: an append is out of its segment's range";
        case kFaultCount:
            return "sf_append_kv: a count weight is less than 1";
        case kFaultAttention:
            return "sf_attention: a query block or segment is out of range";
        case kFaultSelect:
            return "sf_select_patches: children do not fit their parents";
        default:
            return "unknown fault";
    }
}

/* Reports what kernels found wrong in their tables since it was last asked, once. */
int take_fault(sf_stream* stream, const char* operation) {
    const Fault fault = *stream->fault;
    if (fault.operation == kNoFault) return SF_OK;
    std::memset(static_cast<void*>(stream->fault), 0, sizeof(Fault));
    return invalid(stream, operation,
                   std::string(fault_text(fault.operation)) + ": row " + number(fault.index) + ", found " +
                       number(fault.found) + ", expected " + number(fault.expected));
}

int wait(sf_stream* stream, const char* operation) {
    const int status = SF_CHECK(stream, operation, cudaStreamSynchronize(stream->queue));
    return status == SF_OK ? take_fault(stream, operation) : status;
}

int device_capability(int device, int* capability) {
    int major = 0, minor = 0;
    cudaError_t code = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    if (code == cudaSuccess) code = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
    *capability = 10 * major + minor;
    return status_of(code);
}

}  // namespace

int fail(sf_stream* stream, int status, const std::string& message) {
    try {
        stream->error = message;
    } catch (const std::bad_alloc&) {
        stream->error.clear();
    }
    return status;
}

int check_cuda(sf_stream* stream, const char* operation, cudaError_t code, const char* file, int line) {
    if (code == cudaSuccess) return SF_OK;
    const char* slash = std::strrchr(file, '/');
    std::string message = std::string(operation) + ": CUDA error " + number(code) + ", " + cudaGetErrorName(code) +
                          " (" + cudaGetErrorString(code) + "), at " + (slash != nullptr ? slash + 1 : file) + ":" +
                          number(line);
    const int status = status_of(code);
    if (status == SF_DEVICE_LOST) {
        stream->lost = true;
        message += "; the device is lost to this process";
    }
    return fail(stream, status, message);
}

int reserve_scratch(sf_stream* stream, const char* operation, int64_t bytes) {
    if (bytes <= stream->scratch_bytes) return SF_OK;
    int status = use_device(stream, operation);
    /* Freed memory may still be read by work in flight. */
    if (status == SF_OK) status = SF_CHECK(stream, operation, cudaStreamSynchronize(stream->queue));
    if (status != SF_OK) return status;
    (void)cudaFree(stream->scratch);
    stream->scratch = nullptr;
    stream->scratch_bytes = 0;
    status = SF_CHECK(stream, operation, cudaMalloc(&stream->scratch, static_cast<size_t>(bytes)));
    if (status == SF_OK) stream->scratch_bytes = bytes;
    return status;
}

int sf_probe(int device, char* report, int capacity) {
    if (report == nullptr || capacity < 1) return SF_INVALID_ARGUMENT;
    report[0] = '\0';
    const auto size = static_cast<size_t>(capacity);
    int count = 0;
    const cudaError_t code = cudaGetDeviceCount(&count);
    if (code == cudaErrorInsufficientDriver) {
        int version = 0;
        (void)cudaDriverGetVersion(&version);
        if (version == 0) {
            std::snprintf(report, size,
                          "no NVIDIA driver is installed (libcuda.so.1 was not found or does not answer)");
        } else {
            std::snprintf(report, size, "the NVIDIA driver is for CUDA %d.%d, CUDA 13 is needed: update the driver",
                          version / 1000, version % 1000 / 10);
        }
        return SF_UNSUPPORTED;
    }
    if (code == cudaErrorNoDevice || (code == cudaSuccess && count == 0)) {
        std::snprintf(report, size, "no CUDA device is visible (see nvidia-smi, and CUDA_VISIBLE_DEVICES)");
        return SF_UNSUPPORTED;
    }
    if (code != cudaSuccess) {
        std::snprintf(report, size, "CUDA error %d, %s (%s)", static_cast<int>(code), cudaGetErrorName(code),
                      cudaGetErrorString(code));
        return SF_UNSUPPORTED;
    }
    if (device < 0 || device >= count) {
        std::snprintf(report, size, "there are %d CUDA devices, found device %d asked for", count, device);
        return SF_UNSUPPORTED;
    }
    cudaDeviceProp properties;
    int capability = 0, driver = 0, runtime = 0;
    if (cudaGetDeviceProperties(&properties, device) != cudaSuccess ||
        device_capability(device, &capability) != SF_OK || cudaDriverGetVersion(&driver) != cudaSuccess ||
        cudaRuntimeGetVersion(&runtime) != cudaSuccess) {
        std::snprintf(report, size, "device %d does not tell its properties", device);
        return SF_UNSUPPORTED;
    }
    std::snprintf(
        report, size, "name=%s\ncapability=%d.%d\nmemory=%lld\nmultiprocessors=%d\ndriver=%d.%d\nruntime=%d.%d",
        properties.name, capability / 10, capability % 10, static_cast<long long>(properties.totalGlobalMem),
        properties.multiProcessorCount, driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    if (capability < kOldestCapability) {
        std::snprintf(report, size, "%s has compute capability %d.%d, 7.5 or more is needed", properties.name,
                      capability / 10, capability % 10);
        return SF_UNSUPPORTED;
    }
    return SF_OK;
}

int sf_stream_create(int device, int, int, sf_stream** stream) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    *stream = nullptr;
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) return SF_UNSUPPORTED;
    if (device < 0 || device >= count) return SF_INVALID_ARGUMENT;
    std::unique_ptr<sf_stream> created(new (std::nothrow) sf_stream);
    if (!created) return SF_OUT_OF_MEMORY;
    created->device = device;
    if (device_capability(device, &created->capability) != SF_OK) return SF_DEVICE_ERROR;
    if (created->capability < kOldestCapability) return SF_UNSUPPORTED;
    if (cudaSetDevice(device) != cudaSuccess) return SF_DEVICE_ERROR;
    cudaError_t code = cudaStreamCreateWithFlags(&created->queue, cudaStreamNonBlocking);
    if (code == cudaSuccess) {
        void* fault = nullptr;
        code = cudaHostAlloc(&fault, sizeof(Fault), cudaHostAllocDefault);
        created->fault = static_cast<Fault*>(fault);
        if (code != cudaSuccess) (void)cudaStreamDestroy(created->queue);
    }
    if (code != cudaSuccess) return status_of(code);
    std::memset(static_cast<void*>(created->fault), 0, sizeof(Fault));
    *stream = created.release();
    return SF_OK;
}

void sf_stream_destroy(sf_stream* stream) {
    if (stream == nullptr) return;
    /* On a lost device these fail, and there is nothing left to free. */
    (void)cudaSetDevice(stream->device);
    (void)cudaStreamSynchronize(stream->queue);
    (void)cudaFree(stream->scratch);
    (void)cudaFreeHost(stream->fault);
    (void)cudaStreamDestroy(stream->queue);
    delete stream;
}

const char* sf_error(const sf_stream* stream) { return stream == nullptr ? "" : stream->error.c_str(); }

void* sf_cuda_queue(sf_stream* stream) { return stream == nullptr ? nullptr : stream->queue; }

int sf_compute_capability(const sf_stream* stream) { return stream == nullptr ? 0 : stream->capability; }

int use_device(sf_stream* stream, const char* operation) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    return SF_CHECK(stream, operation, cudaSetDevice(stream->device));
}

int sf_synchronize(sf_stream* stream) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    return wait(stream, "sf_synchronize");
}

int sf_memory_available(sf_stream* stream, int64_t* bytes) {
    const char* operation = "sf_memory_available";
    const int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    if (bytes == nullptr) return invalid(stream, operation, "NULL argument");
    size_t available = 0, total = 0;
    const int found = SF_CHECK(stream, operation, cudaMemGetInfo(&available, &total));
    if (found == SF_OK) *bytes = static_cast<int64_t>(available);
    return found;
}

int sf_allocate(sf_stream* stream, int64_t bytes, void** memory) {
    const char* operation = "sf_allocate";
    if (memory != nullptr) *memory = nullptr;
    int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    if (memory == nullptr || bytes < 1) {
        return invalid(stream, operation, number(bytes) + " bytes, or no place for the address");
    }
    void* created = nullptr;
    status = SF_CHECK(stream, operation, cudaMalloc(&created, static_cast<size_t>(bytes)));
    if (status == SF_OUT_OF_MEMORY) return fail(stream, status, stream->error + ", " + number(bytes) + " bytes");
    if (status == SF_OK) {
        status = SF_CHECK(stream, operation, cudaMemsetAsync(created, 0, static_cast<size_t>(bytes), stream->queue));
    }
    if (status == SF_OK) *memory = created;
    return status;
}

int sf_free(sf_stream* stream, void* memory, int64_t) {
    const int status = use_device(stream, "sf_free");
    return status != SF_OK ? status : SF_CHECK(stream, "sf_free", cudaFree(memory));
}

int sf_allocate_host(sf_stream* stream, int64_t bytes, void** memory) {
    const char* operation = "sf_allocate_host";
    if (memory != nullptr) *memory = nullptr;
    int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    if (memory == nullptr || bytes < 1) {
        return invalid(stream, operation, number(bytes) + " bytes, or no place for the address");
    }
    status = SF_CHECK(stream, operation, cudaHostAlloc(memory, static_cast<size_t>(bytes), cudaHostAllocDefault));
    if (status == SF_OK) std::memset(*memory, 0, static_cast<size_t>(bytes));
    return status;
}

int sf_free_host(sf_stream* stream, void* memory) {
    const int status = use_device(stream, "sf_free_host");
    return status != SF_OK ? status : SF_CHECK(stream, "sf_free_host", cudaFreeHost(memory));
}

int sf_check_device_memory(sf_stream* stream, uint64_t address) {
    const char* operation = "sf_check_device_memory";
    int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    cudaPointerAttributes attributes = {};
    status = SF_CHECK(stream, operation, cudaPointerGetAttributes(&attributes, reinterpret_cast<const void*>(address)));
    if (status != SF_OK) return status;
    if (attributes.type == cudaMemoryTypeManaged) return SF_OK;
    if (attributes.type != cudaMemoryTypeDevice) {
        return invalid(stream, operation, "the address is not in a device's memory");
    }
    if (attributes.device != stream->device) {
        return invalid(stream, operation,
                       "the address is in the memory of device " + number(attributes.device) + ", expected device " +
                           number(stream->device));
    }
    return SF_OK;
}

static int copy(sf_stream* stream, const char* operation, void* to, const void* from, int64_t bytes,
                cudaMemcpyKind kind) {
    const int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    if (bytes < 0 || (bytes > 0 && (to == nullptr || from == nullptr))) {
        return invalid(stream, operation, number(bytes) + " bytes, or a NULL argument");
    }
    if (bytes == 0) return SF_OK;
    return SF_CHECK(stream, operation, cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), kind, stream->queue));
}

int sf_copy_to_device(sf_stream* stream, void* memory, const void* host, int64_t bytes) {
    return copy(stream, "sf_copy_to_device", memory, host, bytes, cudaMemcpyHostToDevice);
}

int sf_copy_to_host(sf_stream* stream, void* host, const void* memory, int64_t bytes) {
    return copy(stream, "sf_copy_to_host", host, memory, bytes, cudaMemcpyDeviceToHost);
}

int sf_upload(sf_stream* stream, void* memory, int64_t offset, const void* host, int64_t bytes) {
    const char* operation = "sf_upload";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (offset < 0 || (memory == nullptr && bytes > 0)) {
        return invalid(stream, operation, "offset " + number(offset) + ", or a NULL argument");
    }
    const int status =
        copy(stream, operation, static_cast<char*>(memory) + offset, host, bytes, cudaMemcpyHostToDevice);
    /* The host's memory is the caller's again when this returns. */
    return status == SF_OK && bytes > 0 ? wait(stream, operation) : status;
}

int sf_download(sf_stream* stream, const void* memory, int64_t offset, void* host, int64_t bytes) {
    const char* operation = "sf_download";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (offset < 0 || (memory == nullptr && bytes > 0)) {
        return invalid(stream, operation, "offset " + number(offset) + ", or a NULL argument");
    }
    const int status =
        copy(stream, operation, host, static_cast<const char*>(memory) + offset, bytes, cudaMemcpyDeviceToHost);
    return status == SF_OK ? wait(stream, operation) : status;
}

int sf_graph_begin(sf_stream* stream) {
    const int status = use_device(stream, "sf_graph_begin");
    if (status != SF_OK) return status;
    return SF_CHECK(stream, "sf_graph_begin", cudaStreamBeginCapture(stream->queue, cudaStreamCaptureModeThreadLocal));
}

int sf_graph_end(sf_stream* stream, sf_graph** graph) {
    const char* operation = "sf_graph_end";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    cudaGraph_t recorded = nullptr;
    int status = SF_CHECK(stream, operation, cudaStreamEndCapture(stream->queue, &recorded));
    if (graph == nullptr) {
        if (recorded != nullptr) (void)cudaGraphDestroy(recorded);
        return invalid(stream, operation, "NULL argument");
    }
    *graph = nullptr;
    if (status != SF_OK) return status;
    std::unique_ptr<sf_graph> created(new (std::nothrow) sf_graph);
    if (created) {
        status = SF_CHECK(stream, operation, cudaGraphInstantiate(&created->executable, recorded, 0));
    } else {
        status = fail(stream, SF_OUT_OF_MEMORY, std::string(operation) + ": out of host memory");
    }
    (void)cudaGraphDestroy(recorded);
    if (status == SF_OK) *graph = created.release();
    return status;
}

int sf_graph_launch(sf_stream* stream, sf_graph* graph) {
    const char* operation = "sf_graph_launch";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (graph == nullptr) return invalid(stream, operation, "NULL argument");
    if (stream->lost) return fail(stream, SF_DEVICE_LOST, std::string(operation) + ": the device was lost before");
    const int status = use_device(stream, operation);
    if (status != SF_OK) return status;
    return SF_CHECK(stream, operation, cudaGraphLaunch(graph->executable, stream->queue));
}

void sf_graph_destroy(sf_graph* graph) {
    if (graph == nullptr) return;
    (void)cudaGraphExecDestroy(graph->executable);
    delete graph;
}
