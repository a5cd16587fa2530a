/*
 * The CUDA sources as host code: threads are fibers of one host thread, blocks run one after another. Barriers,
 * shuffles, ballots and matrix products wait for the threads they join; one that not all of them reach is reported.
 * Shared memory starts as NaN, is followed by guard bytes, and each access is checked: a read of what was not written,
 * and two accesses by different threads, one of them a write, with no barrier between, are reported. Which block and
 * which fiber runs next is drawn at random (emulation::set_seed). Not a model of timing or of weak memory order.
 */
#ifndef SCANFORMER_EMULATION_H
#define SCANFORMER_EMULATION_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

#include "runtime.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __restrict__ __restrict
#define __align__(n) __attribute__((aligned(n)))

struct dim3 {
    unsigned x = 1;
    unsigned y = 1;
    unsigned z = 1;
    constexpr dim3(unsigned x_size = 1, unsigned y_size = 1, unsigned z_size = 1) : x(x_size), y(y_size), z(z_size) {}
};

inline thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

struct __attribute__((aligned(16))) float4 {
    float x, y, z, w;
};
struct __attribute__((aligned(8))) uint2 {
    uint32_t x, y;
};
struct __attribute__((aligned(16))) uint4 {
    uint32_t x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(uint32_t x, uint32_t y) { return {x, y}; }
inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) { return {x, y, z, w}; }

namespace emulation {

/*
 * Runs a kernel's body once a thread, or records it while the queue is being captured. `early`: it may begin before the
 * kernel before it has ended (programmatic stream serialization), which is refused behind a conditional node.
 */
cudaError_t launch(cudaStream_t queue, const char* name, dim3 grid, int threads, std::function<void()> body,
                   bool early = false);

/* What was wrong in the launch that returned cudaErrorLaunchFailure last; "" if nothing was. */
const std::string& last_fault();

/* The version of CUDA that driver and runtime are said to be, 1000 major + 10 minor; 13.0 at first. */
void set_version(int version);

/* How many graphs there are, bodies, copies and executable ones among them; and conditions. */
int live_graphs();
int live_conditions();

/* Keeps a kernel that is launched; how many there have been. */
void note_kernel(const void* kernel);
int kernels_run();

/* Seeds the order in which fibers run. */
void set_seed(uint64_t seed);

/* ---- What kernels call ---- */

enum Meeting { kBlockBarrier, kWarpBarrier, kShuffle, kBallot, kMatrix };

/* Reports what the current thread does wrong. */
void report_fault(const char* what);

/* Waits for all threads of the block. */
void block_barrier();

/* Waits for all lanes of the warp; returns what they brought, 64 bytes a lane. */
const unsigned char* warp_meeting(Meeting kind, const void* brought, size_t bytes);

/* A thread waits for the kernels before its own; each does before it ends. */
void note_wait_for_earlier_kernels();
void check_wait_for_earlier_kernels();

/* A mask must name all lanes that take part, and here a warp always takes part as a whole. */
void check_mask(unsigned mask);

/* Copies to 16 bytes of shared memory that land when the thread waits for their group: see async_copies.h. */
void copy_async(void* to, const void* from, size_t bytes);
void end_copy_group();
void wait_for_copies(int left);

/* Chooses the body of a switch (graph.h). */
void set_condition(uint64_t condition, unsigned value);

void* shared_memory(size_t bytes);
/* The kernel of the running block may have that many bytes of dynamic shared memory. */
void launched_with(size_t shared_bytes);
void* dynamic_shared_memory(size_t bytes);
void shared_read(const void* address, size_t bytes);
void shared_write(const void* address, size_t bytes);

template <typename T>
T from_lane(const unsigned char* brought, int lane) {
    T value;
    std::memcpy(&value, brought + 64 * lane, sizeof value);
    return value;
}

/* An element of shared memory whose accesses are checked. */
template <typename T>
class WatchedCell {
  public:
    operator T() const {
        shared_read(this, sizeof(T));
        return value_;
    }
    WatchedCell& operator=(T value) {
        shared_write(this, sizeof(T));
        value_ = value;
        return *this;
    }
    WatchedCell& operator=(const WatchedCell& other) { return *this = static_cast<T>(other); }
    WatchedCell& operator+=(T value) { return *this = static_cast<T>(*this) + value; }

    /* Atomics are ordered by themselves. */
    T add_unwatched(T value) {
        const T before = value_;
        value_ = before + value;
        return before;
    }

  private:
    T value_;
};

}  // namespace emulation

template <typename T>
using Cell = emulation::WatchedCell<T>;

template <typename T>
T& block_shared() {
    return *static_cast<T*>(emulation::shared_memory(sizeof(T)));
}

template <typename T>
T& dynamic_shared() {
    return *static_cast<T*>(emulation::dynamic_shared_memory(sizeof(T)));
}

inline float4 load4(const Cell<float>* shared) { return {shared[0], shared[1], shared[2], shared[3]}; }
inline float exp2_approximately(float v) { return v < -126.0f ? 0.0f : std::exp2(v); }
inline float reciprocal_approximately(float v) { return 1.0f / v; }
inline void store2(Cell<float>* shared, float first, float second) {
    shared[0] = first;
    shared[1] = second;
}
inline void set_condition(uint64_t condition, unsigned value) { emulation::set_condition(condition, value); }
inline void atomic_add(Cell<int>* shared, int value) { shared->add_unwatched(value); }
inline int atomicCAS(int* address, int expected, int value) {
    const int before = *address;
    if (before == expected) *address = value;
    return before;
}

inline unsigned atomicInc(unsigned* address, unsigned highest) {
    const unsigned before = *address;
    *address = before >= highest ? 0 : before + 1;
    return before;
}
inline void __threadfence() {}
template <typename T>
T __ldcg(const T* address) {
    return *address;
}

/* Enqueues a kernel, whose name is told with its faults. */
template <typename... P, typename... A>
cudaError_t launch_kernel(cudaStream_t queue, const char* name, dim3 grid, int threads, int shared_bytes, bool early,
                          void (*kernel)(P...), A... arguments) {
    emulation::note_kernel(reinterpret_cast<const void*>(kernel));
    const auto body = [=] {
        emulation::launched_with(static_cast<size_t>(shared_bytes));
        kernel(static_cast<P>(arguments)...);
        emulation::check_wait_for_earlier_kernels();
    };
    return emulation::launch(queue, name, grid, threads, body, early);
}

inline void wait_for_earlier_kernels() { emulation::note_wait_for_earlier_kernels(); }

inline void __syncthreads() { emulation::block_barrier(); }
inline void __syncwarp() { emulation::warp_meeting(emulation::kWarpBarrier, nullptr, 0); }

template <typename T>
T __shfl_sync(unsigned mask, T value, int lane) {
    emulation::check_mask(mask);
    return emulation::from_lane<T>(emulation::warp_meeting(emulation::kShuffle, &value, sizeof value), lane & 31);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int step) {
    return __shfl_sync(mask, value, static_cast<int>(threadIdx.x % 32) ^ step);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned step) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    return __shfl_sync(mask, value, lane >= static_cast<int>(step) ? lane - static_cast<int>(step) : lane);
}
inline unsigned __ballot_sync(unsigned mask, bool vote) {
    emulation::check_mask(mask);
    const unsigned char own = vote ? 1 : 0;
    const unsigned char* votes = emulation::warp_meeting(emulation::kBallot, &own, 1);
    unsigned result = 0;
    for (int lane = 0; lane < 32; lane++) result |= static_cast<unsigned>(votes[64 * lane]) << lane;
    return result;
}

inline bool __any_sync(unsigned mask, bool vote) { return __ballot_sync(mask, vote) != 0; }

inline int __popc(unsigned v) { return __builtin_popcount(v); }
inline int __ffs(int v) { return __builtin_ffs(v); }
inline uint32_t __float_as_uint(float v) {
    uint32_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    return bits;
}
inline float __uint_as_float(uint32_t bits) {
    float v;
    std::memcpy(&v, &bits, sizeof v);
    return v;
}

#endif
