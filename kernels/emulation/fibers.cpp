/* Runs the threads of a block as fibers, and checks what they do. */
#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "async_copies.h"
#include "emulation.h"

/* Saves the callee's registers on the current stack, and goes on with those on another. */
extern "C" void sf_switch_stack(void** from, void* to);
asm(R"(
.text
.globl sf_switch_stack
.hidden sf_switch_stack
.type sf_switch_stack,@function
sf_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size sf_switch_stack,.-sf_switch_stack
)");

namespace emulation {
namespace {

constexpr int kLanes = 32;
constexpr int kMaxThreads = 1024;
constexpr size_t kStackBytes = 128 << 10;
/* Stacks begin at different distances from a page's end: else their hot ends share a few sets of the caches. */
constexpr int kStackStep = 512;
constexpr int kStackSteps = 128;
/* What a block may use of shared memory without asking the driver for more. */
constexpr size_t kSharedBytes = 48 << 10;
/* The same with asking, on the device that has least of those that copy past their registers. */
constexpr size_t kMostSharedBytes = 99 << 10;
constexpr size_t kGuardBytes = 1 << 10;
constexpr size_t kCopyBytes = 16;

enum State { kReady, kAtBlockBarrier, kAtWarpMeeting, kDone };

struct Fiber {
    void* stack = nullptr;
    void* top = nullptr; /* the stack pointer while it waits */
    State state = kDone;
    AsyncCopies copies;
    bool waited = false; /* for earlier kernels */
};

struct Warp {
    alignas(16) unsigned char brought[2][kLanes * 64];
    int meeting = 0;
    int arrived = 0;
    unsigned parity = 0;
    uint32_t barriers = 1;
};

/* Who last touched a word of shared memory, and between which barriers. */
struct Shadow {
    int writer = -1;
    int reader = -1;
    bool many_readers = false;
    bool written = false;
    uint32_t write_block = 0, write_warp = 0, read_block = 0, read_warp = 0;
};

class Block {
  public:
    Block() : fibers_(kMaxThreads), warps_(kMaxThreads / kLanes), shadow_(kMostSharedBytes / 4) {
        shared_ = std::make_unique<unsigned char[]>(kMostSharedBytes + kGuardBytes + 64);
        shared_base_ = shared_.get() + (64 - reinterpret_cast<uintptr_t>(shared_.get()) % 64);
        poison();
    }

    ~Block() {
        for (Fiber& fiber : fibers_) {
            if (fiber.stack != nullptr) munmap(fiber.stack, kStackBytes);
        }
    }

    std::string run(int threads, const std::function<void()>& body, std::mt19937_64& order) {
        threads_ = threads;
        body_ = &body;
        fault_.clear();
        clean();
        barriers_ = 1;
        at_barrier_ = done_ = 0;
        for (int w = 0; w < threads / kLanes; w++) warps_[static_cast<size_t>(w)] = Warp();
        ready_.clear();
        for (int t = 0; t < threads; t++) start(t);
        while (done_ < threads && fault_.empty()) {
            if (ready_.empty()) {
                fault_ = "a divergent barrier: " + std::to_string(at_barrier_) + " threads wait for the block, " +
                         std::to_string(threads - done_ - at_barrier_) + " for their warps, " + std::to_string(done_) +
                         " have ended";
                break;
            }
            const size_t pick = order() % ready_.size();
            const int next = ready_[pick];
            ready_[pick] = ready_.back();
            ready_.pop_back();
            go(next);
        }
        if (fault_.empty()) check_guard();
        if (!fault_.empty()) poison();
        return fault_;
    }

    void barrier() {
        wait(kAtBlockBarrier, [this] {
            at_barrier_++;
            release_block();
        });
    }

    const unsigned char* meeting(Meeting kind, const void* brought, size_t bytes) {
        Warp& warp = warps_[static_cast<size_t>(current_ / kLanes)];
        if (warp.arrived > 0 && warp.meeting != kind) {
            fault("the lanes of a warp wait for different operations");
            leave(kAtWarpMeeting);
        }
        warp.meeting = kind;
        unsigned char* slots = warp.brought[warp.parity];
        if (bytes > 0) std::memcpy(slots + 64 * (current_ % kLanes), brought, bytes);
        warp.arrived++;
        if (warp.arrived < kLanes) {
            leave(kAtWarpMeeting);
        } else {
            warp.arrived = 0;
            warp.parity ^= 1;
            if (kind == kWarpBarrier) warp.barriers++;
            const int first = current_ / kLanes * kLanes;
            for (int t = first; t < first + kLanes; t++) {
                if (t != current_) make_ready(t);
            }
        }
        return slots;
    }

    void check_mask(unsigned mask) {
        if (mask == ~0u) return;
        char text[16];
        std::snprintf(text, sizeof text, "0x%08x", mask);
        fault(std::string("a mask of ") + text + ", where all 32 lanes take part");
    }

    void launched_with(size_t dynamic_bytes) { dynamic_bytes_ = dynamic_bytes; }

    void* shared(size_t bytes) { return shared(bytes, kSharedBytes); }

    void* dynamic_shared(size_t bytes) { return shared(bytes, std::min(dynamic_bytes_, kMostSharedBytes)); }

    void access(const void* address, size_t bytes, bool write) {
        const auto at = static_cast<const unsigned char*>(address) - shared_base_;
        if (at < 0 || static_cast<size_t>(at) + bytes > shared_size_) {
            fault("shared memory of " + std::to_string(shared_size_) + " bytes is accessed at " + std::to_string(at));
            return;
        }
        for (size_t word = static_cast<size_t>(at) / 4; word < (static_cast<size_t>(at) + bytes + 3) / 4; word++) {
            touch(shadow_[word], word, write);
        }
    }

    /* Until it lands, its target holds bytes of 0xff, and is a write of this thread's at any time. */
    void copy_async(void* to, const void* from, size_t bytes) {
        access(to, kCopyBytes, true);
        if (!fault_.empty()) return;
        if ((reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from)) % kCopyBytes != 0) {
            fault("an asynchronous copy that is not aligned");
        }
        std::memset(to, 0xff, kCopyBytes);
        fibers_[static_cast<size_t>(current_)].copies.start({to, from, bytes});
    }

    void end_copy_group() { fibers_[static_cast<size_t>(current_)].copies.end_group(); }

    void wait_for_copies(int left) {
        fibers_[static_cast<size_t>(current_)].copies.wait(left, [this](const AsyncCopy& copy) {
            access(copy.to, kCopyBytes, true);
            std::memset(copy.to, 0, kCopyBytes);
            std::memcpy(copy.to, copy.from, copy.bytes);
        });
    }

    void fault(const std::string& what) {
        if (fault_.empty()) fault_ = what + " (thread " + std::to_string(current_) + ")";
    }

    void note_wait() { fibers_[static_cast<size_t>(current_)].waited = true; }

    void check_wait() {
        if (!fibers_[static_cast<size_t>(current_)].waited)
            fault("a thread ends that did not wait for earlier kernels");
    }

  private:
    static void enter();

    void* shared(size_t bytes, size_t most) {
        if (shared_size_ != 0 && shared_size_ != bytes) fault("a kernel asks for two kinds of shared memory");
        if (bytes > most) {
            fault("a kernel asks for " + std::to_string(bytes) + " bytes of shared memory, and has " +
                  std::to_string(most));
        }
        shared_size_ = bytes;
        return shared_base_;
    }

    void poison() { std::memset(shared_base_, 0xff, kMostSharedBytes + kGuardBytes); }

    /* Of shared memory only what the block before had: the rest is as it was, or a fault. */
    void clean() {
        std::memset(shared_base_, 0xff, shared_size_);
        std::fill_n(shadow_.begin(), (shared_size_ + 3) / 4, Shadow());
        shared_size_ = 0;
    }

    void start(int t) {
        Fiber& fiber = fibers_[static_cast<size_t>(t)];
        if (fiber.stack == nullptr) {
            fiber.stack =
                mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (fiber.stack == MAP_FAILED) throw std::bad_alloc();
        }
        /* Six registers and the return address; at the entry of a function the stack is 8 off a multiple of 16. */
        auto* end = static_cast<unsigned char*>(fiber.stack) + kStackBytes - kStackStep * (t % kStackSteps);
        auto* top = reinterpret_cast<void**>(end) - 8;
        std::fill(top, top + 8, nullptr);
        top[6] = reinterpret_cast<void*>(&Block::enter);
        fiber.top = top;
        fiber.copies.abandon();
        fiber.waited = false;
        make_ready(t);
    }

    void make_ready(int t) {
        fibers_[static_cast<size_t>(t)].state = kReady;
        ready_.push_back(t);
    }

    void go(int t) {
        current_ = t;
        threadIdx.x = static_cast<unsigned>(t);
        sf_switch_stack(&scheduler_, fibers_[static_cast<size_t>(t)].top);
    }

    void leave(State state) {
        Fiber& fiber = fibers_[static_cast<size_t>(current_)];
        fiber.state = state;
        sf_switch_stack(&fiber.top, scheduler_);
    }

    template <typename Arrive>
    void wait(State state, const Arrive& arrive) {
        fibers_[static_cast<size_t>(current_)].state = state;
        arrive();
        if (fibers_[static_cast<size_t>(current_)].state == state) leave(state);
    }

    /* The threads that have ended do not hold a barrier up, as on the device. */
    void release_block() {
        if (at_barrier_ == 0 || at_barrier_ + done_ < threads_) return;
        at_barrier_ = 0;
        barriers_++;
        for (int t = 0; t < threads_; t++) {
            Fiber& fiber = fibers_[static_cast<size_t>(t)];
            if (fiber.state != kAtBlockBarrier) continue;
            if (t == current_) {
                fiber.state = kReady; /* it runs on */
            } else {
                make_ready(t);
            }
        }
    }

    void end() {
        if (fibers_[static_cast<size_t>(current_)].copies.abandon()) fault("a thread ends before its copies");
        fibers_[static_cast<size_t>(current_)].state = kDone;
        done_++;
        release_block();
        sf_switch_stack(&fibers_[static_cast<size_t>(current_)].top, scheduler_);
    }

    void check_guard() {
        const unsigned char* end = shared_base_ + std::max(shared_size_, kSharedBytes) + kGuardBytes;
        const unsigned char* first = shared_base_ + shared_size_;
        /* The memory against itself, moved by a byte: equal where all bytes are the first one. */
        if (*first == 0xff && std::memcmp(first, first + 1, static_cast<size_t>(end - first) - 1) == 0) return;
        const unsigned char* found = std::find_if(first, end, [](unsigned char byte) { return byte != 0xff; });
        fault("a write past the shared memory, at byte " + std::to_string(found - shared_base_));
    }

    /* Whether an access by `other`, at those barriers, is not ordered with the current thread's. */
    bool unordered(int other, uint32_t block, uint32_t warp) const {
        if (other < 0 || other == current_ || block != barriers_) return false;
        if (other / kLanes != current_ / kLanes) return true;
        return warp == warps_[static_cast<size_t>(current_ / kLanes)].barriers;
    }

    void touch(Shadow& s, size_t word, bool write) {
        const uint32_t warp = warps_[static_cast<size_t>(current_ / kLanes)].barriers;
        const auto at = [word] { return " at byte " + std::to_string(4 * word); };
        if (unordered(s.writer, s.write_block, s.write_warp)) {
            fault("a race on shared memory" + at() + ": thread " + std::to_string(s.writer) + " wrote it");
        }
        if (write) {
            if (unordered(s.reader, s.read_block, s.read_warp) || (s.many_readers && s.read_block == barriers_)) {
                fault("a race on shared memory" + at() + ": thread " + std::to_string(s.reader) + " read it");
            }
            s.writer = current_;
            s.write_block = barriers_;
            s.write_warp = warp;
            s.written = true;
            s.reader = -1;
            s.many_readers = false;
        } else {
            if (!s.written) fault("shared memory is read before it is written" + at());
            /* Of readers in one warp one stands for all; those of several warps are ordered only by block barriers. */
            const bool same_time = s.reader >= 0 && s.read_block == barriers_;
            if (!same_time) s.many_readers = false;
            if (same_time && s.reader / kLanes != current_ / kLanes) s.many_readers = true;
            s.reader = current_;
            s.read_block = barriers_;
            s.read_warp = warp;
        }
    }

    std::vector<Fiber> fibers_;
    std::vector<Warp> warps_;
    std::vector<Shadow> shadow_;
    std::vector<int> ready_;
    std::unique_ptr<unsigned char[]> shared_;
    unsigned char* shared_base_;
    size_t dynamic_bytes_ = 0;
    size_t shared_size_ = 0;
    const std::function<void()>* body_ = nullptr;
    void* scheduler_ = nullptr;
    std::string fault_;
    int threads_ = 0;
    int current_ = 0;
    int done_ = 0;
    int at_barrier_ = 0;
    uint32_t barriers_ = 1;
};

thread_local Block block;
thread_local std::string fault_of_launch;
thread_local std::mt19937_64 order;

void Block::enter() {
    (*block.body_)();
    block.end();
}

}  // namespace

/* Called by the emulated queue. */
cudaError_t run_grid(const char* name, dim3 grid, int threads, const std::function<void()>& body) {
    fault_of_launch.clear();
    if (threads < 1 || threads > kMaxThreads || threads % kLanes != 0) {
        fault_of_launch = std::string(name) + ": blocks of " + std::to_string(threads) + " threads are not emulated";
        return cudaErrorInvalidValue;
    }
    blockDim = dim3(static_cast<unsigned>(threads));
    gridDim = grid;
    std::vector<unsigned> blocks(static_cast<size_t>(grid.x) * grid.y);
    std::iota(blocks.begin(), blocks.end(), 0u);
    std::shuffle(blocks.begin(), blocks.end(), order);
    for (const unsigned number : blocks) {
        blockIdx = dim3(number % grid.x, number / grid.x);
        const std::string fault = block.run(threads, body, order);
        if (fault.empty()) continue;
        const std::string place = std::to_string(blockIdx.x) + ", " + std::to_string(blockIdx.y);
        fault_of_launch = std::string(name) + ", block " + place + ": " + fault;
        return cudaErrorLaunchFailure;
    }
    return cudaSuccess;
}

const std::string& last_fault() { return fault_of_launch; }
void set_seed(uint64_t seed) { order.seed(seed); }
void block_barrier() { block.barrier(); }
const unsigned char* warp_meeting(Meeting kind, const void* brought, size_t bytes) {
    return block.meeting(kind, brought, bytes);
}
void note_wait_for_earlier_kernels() { block.note_wait(); }
void check_wait_for_earlier_kernels() { block.check_wait(); }
void check_mask(unsigned mask) { block.check_mask(mask); }
void report_fault(const char* what) { block.fault(what); }
void copy_async(void* to, const void* from, size_t bytes) { block.copy_async(to, from, bytes); }
void end_copy_group() { block.end_copy_group(); }
void wait_for_copies(int left) { block.wait_for_copies(left); }
void* shared_memory(size_t bytes) { return block.shared(bytes); }
void launched_with(size_t shared_bytes) { block.launched_with(shared_bytes); }
void* dynamic_shared_memory(size_t bytes) { return block.dynamic_shared(bytes); }
void shared_read(const void* address, size_t bytes) { block.access(address, bytes, false); }
void shared_write(const void* address, size_t bytes) { block.access(address, bytes, true); }

}  // namespace emulation
