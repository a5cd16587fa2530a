/* Streams, memory, and what the CPU can do. */
#include "stream.h"

#include <cpuid.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <thread>

namespace {

/* From this size on memory comes straight from the system, which zeroes a page when it is first touched. */
constexpr int64_t kMapBytes = 1 << 20;

/* The highest x86-64 level that the CPU supports. */
int cpu_level() {
    if (__builtin_cpu_supports("x86-64-v4")) return 4;
    if (__builtin_cpu_supports("x86-64-v3")) return 3;
    return 1;
}

int available_threads() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string cpu_name() {
    char name[49] = {};
    unsigned int r[4];
    for (unsigned int i = 0; i < 3; i++) {
        if (!__get_cpuid(0x80000002 + i, &r[0], &r[1], &r[2], &r[3])) return "unknown";
        std::memcpy(name + 16 * i, r, 16);
    }
    const char* start = name;
    while (*start == ' ') start++;
    return start;
}

/* A number in a file of the kernel's, or -1. */
int64_t read_number(const char* path) {
    std::ifstream file(path);
    int64_t value = -1;
    return file >> value ? value : -1;
}

/* MemAvailable of /proc/meminfo in bytes, or -1. */
int64_t system_memory_available() {
    std::ifstream file("/proc/meminfo");
    std::string key, unit;
    int64_t value;
    while (file >> key >> value) {
        std::getline(file, unit);
        if (key == "MemAvailable:") return value * 1024;
    }
    return -1;
}

/*
 * The engine of all streams. oneDNN executes a product on streams of the product's own engine alone, and a layer may be
 * used on any stream. It stands for the CPU and holds nothing that changes.
 */
const dnnl::engine& cpu_engine() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

}  // namespace

bool cpu_has_bf16() {
    unsigned int a, b, c, d;
    return cpu_level() == 4 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 5)) != 0;
}

void* system_allocate(int64_t bytes) {
    const size_t size = (static_cast<size_t>(bytes) + 63) / 64 * 64;
    if (bytes >= kMapBytes) {
        void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return nullptr;
        (void)madvise(memory, size, MADV_HUGEPAGE); /* a hint: the system may not know it */
        return memory;
    }
    void* memory = std::aligned_alloc(64, size);
    if (memory != nullptr) std::memset(memory, 0, size);
    return memory;
}

void system_free(void* memory, int64_t bytes) {
    if (memory == nullptr) return;
    if (bytes >= kMapBytes) {
        munmap(memory, (static_cast<size_t>(bytes) + 63) / 64 * 64);
    } else {
        std::free(memory);
    }
}

int fail(sf_stream* stream, int status, const std::string& message) {
    try {
        stream->error = message;
    } catch (const std::bad_alloc&) {
        stream->error.clear();
    }
    return status;
}

int sf_probe(int device, char* report, int capacity) {
    if (report == nullptr || capacity < 1) return SF_INVALID_ARGUMENT;
    report[0] = '\0';
    if (device != 0) {
        std::snprintf(report, static_cast<size_t>(capacity), "the CPU is device 0, found %d asked for", device);
        return SF_UNSUPPORTED;
    }
    const dnnl_version_t* version = dnnl_version();
    const char* isa[] = {"", "x86-64", "", "x86-64-v3", "x86-64-v4"};
    std::snprintf(report, static_cast<size_t>(capacity), "name=%s\nisa=%s\nbf16=%s\nthreads=%d\nonednn=%d.%d.%d",
                  cpu_name().c_str(), isa[cpu_level()], cpu_has_bf16() ? "true" : "false", available_threads(),
                  version->major, version->minor, version->patch);
    return SF_OK;
}

int sf_stream_create(int device, int threads, int isa, sf_stream** stream) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    *stream = nullptr;
    if (device != 0 || threads < 0) return SF_INVALID_ARGUMENT;
    if (isa != 0 && isa != 1 && isa != 3 && isa != 4) return SF_INVALID_ARGUMENT;
    if (isa > cpu_level()) return SF_UNSUPPORTED;
    try {
        auto created = std::make_unique<sf_stream>();
        const int level = isa == 0 ? cpu_level() : isa;
        created->threads = threads == 0 ? available_threads() : threads;
        created->kernels = level == 4 ? &kernels_x86_64_v4 : level == 3 ? &kernels_x86_64_v3 : &kernels_x86_64;
        created->team.reset(team_create(created->threads));
        created->engine = cpu_engine();
        created->product_threads.resize(static_cast<size_t>(created->threads));
        for (ProductThread& thread : created->product_threads) thread.stream = dnnl::stream(created->engine);
        *stream = created.release();
        return SF_OK;
    } catch (const std::bad_alloc&) {
        return SF_OUT_OF_MEMORY;
    } catch (const std::exception&) {
        return SF_DEVICE_ERROR;
    }
}

void sf_stream_destroy(sf_stream* stream) { delete stream; }

const char* sf_error(const sf_stream* stream) { return stream == nullptr ? "no stream" : stream->error.c_str(); }

int sf_synchronize(sf_stream* stream) { return stream == nullptr ? SF_INVALID_ARGUMENT : SF_OK; }

int sf_memory_available(sf_stream* stream, int64_t* bytes) {
    return guarded(stream, "sf_memory_available", [&] {
        if (bytes == nullptr) return fail(stream, SF_INVALID_ARGUMENT, "sf_memory_available: bytes is NULL");
        int64_t available = system_memory_available();
        if (available < 0) available = std::numeric_limits<int64_t>::max();
        /* A container may have less than the machine; without a limit the file holds "max". */
        const int64_t limit = read_number("/sys/fs/cgroup/memory.max");
        const int64_t used = read_number("/sys/fs/cgroup/memory.current");
        if (limit >= 0 && used >= 0) available = std::min(available, std::max<int64_t>(0, limit - used));
        *bytes = available;
        return static_cast<int>(SF_OK);
    });
}

int sf_allocate(sf_stream* stream, int64_t bytes, void** memory) {
    return guarded(stream, "sf_allocate", [&] {
        if (memory == nullptr) return fail(stream, SF_INVALID_ARGUMENT, "sf_allocate: memory is NULL");
        *memory = nullptr;
        if (bytes <= 0) {
            return fail(stream, SF_INVALID_ARGUMENT,
                        "sf_allocate: bytes must be positive, found " + std::to_string(bytes));
        }
        void* found = system_allocate(bytes);
        if (found == nullptr) {
            return fail(stream, SF_OUT_OF_MEMORY,
                        "sf_allocate: the system refused " + std::to_string(bytes) + " bytes");
        }
        *memory = found;
        return static_cast<int>(SF_OK);
    });
}

int sf_free(sf_stream* stream, void* memory, int64_t bytes) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (memory == nullptr) return SF_OK;
    system_free(memory, bytes);
    return SF_OK;
}

namespace {
int copy(sf_stream* stream, const char* operation, void* to, const void* from, int64_t offset, int64_t bytes) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (offset < 0 || bytes < 0 || (bytes > 0 && (to == nullptr || from == nullptr))) {
        return fail(stream, SF_INVALID_ARGUMENT, std::string(operation) + ": NULL or negative argument");
    }
    if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
    return SF_OK;
}
}  // namespace

int sf_upload(sf_stream* stream, void* memory, int64_t offset, const void* host, int64_t bytes) {
    char* to = memory == nullptr ? nullptr : static_cast<char*>(memory) + offset;
    return copy(stream, "sf_upload", to, host, offset, bytes);
}

int sf_download(sf_stream* stream, const void* memory, int64_t offset, void* host, int64_t bytes) {
    const char* from = memory == nullptr ? nullptr : static_cast<const char*>(memory) + offset;
    return copy(stream, "sf_download", host, from, offset, bytes);
}
