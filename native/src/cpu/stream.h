/* What a stream of the CPU backend holds. */
#ifndef SCANFORMER_CPU_STREAM_H
#define SCANFORMER_CPU_STREAM_H

#include <cstddef>
#include <cstdint>
#include <dnnl.hpp>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernels.h"
#include "scanformer.h"
#include "team.h"

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

/* A product's arrays as oneDNN takes them, kept so that a call makes none; their addresses change from call to call. */
struct ProductArguments {
    dnnl::memory x;
    dnnl::memory weight;
    dnnl::memory bias;
    dnnl::memory y;
    dnnl::memory scratchpad;
};

struct EndTeam {
    void operator()(Team* team) const { team_destroy(team); }
};

/* What oneDNN needs of a thread that runs pieces of products. */
struct ProductThread {
    dnnl::stream stream;
    Scratch scratchpad;
    std::unordered_map<uint64_t, ProductArguments> products; /* by the product that they are for */
};

struct sf_stream {
    int threads = 1;
    std::unique_ptr<Team, EndTeam> team;
    const Kernels* kernels = nullptr;
    dnnl::engine engine;
    std::vector<ProductThread> product_threads;
    std::string error;
    Scratch resize_rows;
    std::vector<int32_t> resize_first[2];
    std::vector<int32_t> resize_count[2];
    std::vector<float> resize_taps[2];
    std::vector<std::pair<float, int32_t>> candidates; /* of a capped selection: logit, index */
};

/* Notes why an operation failed and passes its status on. */
int fail(sf_stream* stream, int status, const std::string& message);

/*
 * Zeroed memory aligned to 64 bytes, or NULL; large pieces come on huge pages where the system has them, which matters
 * to weights that every call streams through the cache. Freed with the same size.
 */
void* system_allocate(int64_t bytes);
void system_free(void* memory, int64_t bytes);

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

/* Whether this process's CPU has AVX512-BF16. */
bool cpu_has_bf16();

/* Runs an operation's body and turns its exceptions to a status. */
template <typename Body>
int guarded(sf_stream* stream, const char* operation, Body body) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return fail(stream, SF_OUT_OF_MEMORY, std::string(operation) + ": out of host memory");
    } catch (const dnnl::error& e) {
        const int status = e.status == dnnl_out_of_memory   ? SF_OUT_OF_MEMORY
                           : e.status == dnnl_unimplemented ? SF_UNSUPPORTED
                                                            : SF_DEVICE_ERROR;
        return fail(stream, status, std::string(operation) + ": oneDNN: " + e.what());
    } catch (const std::exception& e) {
        return fail(stream, SF_DEVICE_ERROR, std::string(operation) + ": " + e.what());
    }
}

#endif
