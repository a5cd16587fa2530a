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
int64_t read_number(const std::string& path) {
    std::ifstream file(path);
    int64_t value = -1;
    return file >> value ? value : -1;
}

/* Bytes of files that a control group has in memory and the kernel gives up for an allocation. */
int64_t cached_files(const std::string& path) {
    std::ifstream file(path);
    std::string key;
    int64_t value, total = 0;
    while (file >> key >> value) {
        if (key == "active_file" || key == "inactive_file") total += value;
    }
    return total;
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

int64_t group_memory_available(const std::string& directory) {
    const int64_t limit = read_number(directory + "/memory.max");
    const int64_t used = read_number(directory + "/memory.current");
    if (limit < 0 || used < 0) return std::numeric_limits<int64_t>::max();
    return std::clamp<int64_t>(limit - used + cached_files(directory + "/memory.stat"), 0, limit);
}

int64_t system_memory_available() {
    const int64_t available = machine_memory_available();
    /* A container may have less than the machine. */
    const int64_t of_group = group_memory_available("/sys/fs/cgroup");
    return available < 0 ? of_group : std::min(available, of_group);
}
