/* CUDA's runtime API on host memory. */
#include "runtime.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "emulation.h"
#include "queue.h"

using emulation::Queue;
using emulation::Work;

struct CUevent_st {
    std::chrono::steady_clock::time_point time;
};

namespace {
Queue* queue_of(cudaStream_t stream) { return static_cast<Queue*>(stream); }
}  // namespace

namespace emulation {
cudaError_t run_grid(const char* name, dim3 grid, int threads, const std::function<void()>& body);

cudaError_t launch(cudaStream_t queue, const char* name, dim3 grid, int threads, std::function<void()> body,
                   bool early) {
    Work work = {[=] { return run_grid(name, grid, threads, body); }};
    work.early = early;
    return queue_of(queue)->take(std::move(work));
}

namespace {
std::mutex kernels_mutex;
std::set<const void*> kernels;
}  // namespace

void note_kernel(const void* kernel) {
    const std::lock_guard<std::mutex> lock(kernels_mutex);
    kernels.insert(kernel);
}
int kernels_run() {
    const std::lock_guard<std::mutex> lock(kernels_mutex);
    return static_cast<int>(kernels.size());
}
}  // namespace emulation

namespace {
/* So few that small tests fill the device, and so many that smaller ones do not. */
constexpr int kMultiprocessors = 8;
/* The first whose kernels are launched early. */
constexpr int kCapabilityMajor = 9;
/* Bytes after an allocation that nobody may write. */
constexpr size_t kGuard = 64;
std::atomic<int> version_of_cuda{13000};
struct alignas(64) Header {
    size_t bytes;
};

/* Allocations: their first addresses and sizes. */
class Allocations {
  public:
    void add(const void* memory, size_t bytes) {
        const std::lock_guard<std::mutex> guard(lock_);
        bytes_[static_cast<const char*>(memory)] = bytes;
    }
    void remove(const void* memory) {
        const std::lock_guard<std::mutex> guard(lock_);
        bytes_.erase(static_cast<const char*>(memory));
    }
    bool hold(const void* address) {
        const std::lock_guard<std::mutex> guard(lock_);
        const auto next = bytes_.upper_bound(static_cast<const char*>(address));
        if (next == bytes_.begin()) return false;
        const auto& block = *std::prev(next);
        return static_cast<const char*>(address) < block.first + block.second;
    }

  private:
    std::mutex lock_;
    std::map<const char*, size_t> bytes_;
};

/* What of the host's memory stands for the device's, and what is pinned. */
Allocations device_memory, pinned_memory;

cudaError_t allocate(void** memory, size_t bytes) {
    void* block = nullptr;
    if (bytes > (size_t{1} << 34) || posix_memalign(&block, 64, sizeof(Header) + bytes + kGuard) != 0) {
        return cudaErrorMemoryAllocation;
    }
    std::memset(block, 0xff, sizeof(Header) + bytes + kGuard);
    static_cast<Header*>(block)->bytes = bytes;
    *memory = static_cast<char*>(block) + sizeof(Header);
    return cudaSuccess;
}

cudaError_t release(void* memory) {
    if (memory == nullptr) return cudaSuccess;
    auto* block = static_cast<unsigned char*>(memory) - sizeof(Header);
    const size_t bytes = reinterpret_cast<Header*>(block)->bytes;
    bool intact = true;
    for (size_t i = 0; i < kGuard; i++) intact = intact && block[sizeof(Header) + bytes + i] == 0xff;
    std::free(block);
    return intact ? cudaSuccess : cudaErrorLaunchFailure;
}
}  // namespace

const char* cudaGetErrorName(cudaError_t code) {
    switch (code) {
        case cudaSuccess:
            return "cudaSuccess";
        case cudaErrorInvalidValue:
            return "cudaErrorInvalidValue";
        case cudaErrorMemoryAllocation:
            return "cudaErrorMemoryAllocation";
        case cudaErrorLaunchFailure:
            return "cudaErrorLaunchFailure";
        case cudaErrorInvalidDevice:
            return "cudaErrorInvalidDevice";
        case cudaErrorNotSupported:
            return "cudaErrorNotSupported";
        default:
            return "cudaError";
    }
}
const char* cudaGetErrorString(cudaError_t) {
    return emulation::last_fault().empty() ? "emulated" : emulation::last_fault().c_str();
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) {
    *count = 1;
    return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
    *version = version_of_cuda;
    return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    if (device != 0) return cudaErrorInvalidDevice;
    std::strcpy(properties->name, "emulation on the host");
    properties->totalGlobalMem = size_t{1} << 34;
    properties->multiProcessorCount = kMultiprocessors;
    return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
    *value = attribute == cudaDevAttrMultiProcessorCount      ? kMultiprocessors
             : attribute == cudaDevAttrComputeCapabilityMajor ? kCapabilityMajor
                                                              : 0;
    return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }
cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
    *available = *total = size_t{1} << 34;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, size_t bytes) {
    const cudaError_t code = allocate(memory, bytes);
    if (code == cudaSuccess) device_memory.add(*memory, bytes);
    return code;
}
cudaError_t cudaFree(void* memory) {
    Queue::run_all();
    device_memory.remove(memory);
    return release(memory);
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
    *attributes = {cudaMemoryTypeUnregistered, -1};
    if (device_memory.hold(address)) *attributes = {cudaMemoryTypeDevice, 0};
    return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned) {
    const cudaError_t code = allocate(memory, bytes);
    if (code == cudaSuccess) pinned_memory.add(*memory, bytes);
    return code;
}
cudaError_t cudaFreeHost(void* memory) {
    Queue::run_all();
    pinned_memory.remove(memory);
    return release(memory);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t queue) {
    Work work = {[=] {
        std::memcpy(to, from, bytes);
        return cudaSuccess;
    }};
    work.bytes = bytes;
    if (kind == cudaMemcpyHostToDevice) work.host_source = static_cast<const char*>(from);
    if (kind == cudaMemcpyDeviceToHost) work.host_target = static_cast<char*>(to);
    if (kind != cudaMemcpyDeviceToDevice)
        work.pageable = !pinned_memory.hold(kind == cudaMemcpyHostToDevice ? from : to);
    return queue_of(queue)->take(std::move(work));
}
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t queue) {
    return queue->take([=] {
        std::memset(to, value, bytes);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    *stream = new Queue;
    return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    delete queue_of(stream);
    return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return queue_of(stream)->synchronize(); }
cudaError_t cudaEventCreate(cudaEvent_t* event) {
    *event = new CUevent_st;
    return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
    delete event;
    return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t queue) {
    Work work = {[=] {
        event->time = std::chrono::steady_clock::now();
        return cudaSuccess;
    }};
    work.event = true;
    return queue_of(queue)->take(std::move(work));
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
    *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
    return cudaSuccess;
}

void emulation::set_version(int version) { version_of_cuda = version; }
