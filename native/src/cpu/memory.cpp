#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>

namespace {

/* From this size on memory comes straight from the system, which zeroes a page when it is first touched. */
constexpr int64_t kMapBytes = 1 << 20;

/* A number in one of the kernel's files, or -1. */
int64_t read_number(const char* path) {
    std::ifstream file(path);
    int64_t value = -1;
    return file >> value ? value : -1;
}

/* MemAvailable of /proc/meminfo in bytes, or -1. */
int64_t machine_memory_available() {
    std::ifstream file("/proc/meminfo");
    std::string key, unit;
    int64_t value;
    while (file >> key >> value) {
        std::getline(file, unit);
        if (key == "MemAvailable:") return value * 1024;
    }
    return -1;
}

}  // namespace

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

int64_t system_memory_available() {
    int64_t available = machine_memory_available();
    if (available < 0) available = std::numeric_limits<int64_t>::max();
    /* A container may have less than the machine; without a limit the file holds "max". */
    const int64_t limit = read_number("/sys/fs/cgroup/memory.max");
    const int64_t used = read_number("/sys/fs/cgroup/memory.current");
    if (limit >= 0 && used >= 0) available = std::min(available, std::max<int64_t>(0, limit - used));
    return available;
}
