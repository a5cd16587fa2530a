/* Host memory: aligned, zeroed, on huge pages where they matter. */
#ifndef SCANFORMER_CPU_MEMORY_H
#define SCANFORMER_CPU_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>

/* Aligned memory that grows and is kept: its content is lost when it grows. */
class Scratch {
  public:
    /* Room for that many bytes, aligned to 64. Throws std::bad_alloc. */
    void* reserve(size_t bytes) {
        if (bytes > capacity_) {
            memory_.reset();
            capacity_ = 0;
            memory_.reset(::operator new(bytes, std::align_val_t(64)));
            capacity_ = bytes;
        }
        return memory_.get();
    }

  private:
    struct Free {
        void operator()(void* p) const { ::operator delete(p, std::align_val_t(64)); }
    };
    std::unique_ptr<void, Free> memory_;
    size_t capacity_ = 0;
};

/*
 * Zeroed memory aligned to 64 bytes, or NULL; large pieces come on huge pages where the system has them, which matters
 * to weights that every call streams through the cache. Freed with the same size.
 */
void* system_allocate(int64_t bytes);
void system_free(void* memory, int64_t bytes);

/* Bytes that could still be allocated, as far as the system tells: by the machine's memory and the control group's. */
int64_t system_memory_available();

/*
 * The same by a control group alone, of version 2, whose files are in a directory; the largest number where it has no
 * limit. Files that the group has read or written count to what it uses, and are given up when memory is short.
 */
int64_t group_memory_available(const std::string& directory);

/* Memory of system_allocate that is freed with its owner. */
class SystemMemory {
  public:
    SystemMemory() = default;
    SystemMemory(const SystemMemory&) = delete;
    SystemMemory& operator=(const SystemMemory&) = delete;
    ~SystemMemory() { system_free(memory_, bytes_); }

    /* Once, with bytes > 0. Throws std::bad_alloc. */
    void allocate(int64_t bytes) {
        memory_ = system_allocate(bytes);
        if (memory_ == nullptr) throw std::bad_alloc();
        bytes_ = bytes;
    }

    void* get() const { return memory_; }
    int64_t bytes() const { return bytes_; }

  private:
    void* memory_ = nullptr;
    int64_t bytes_ = 0;
};

#endif
