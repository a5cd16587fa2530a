/* Copies to shared memory that are under way: a thread's copies in groups, which it waits for in their order. */
#ifndef SCANFORMER_EMULATION_ASYNC_COPIES_H
#define SCANFORMER_EMULATION_ASYNC_COPIES_H

#include <cstddef>
#include <deque>
#include <vector>

namespace emulation {

/* Sixteen bytes, of which those that are not read are zeros. */
struct AsyncCopy {
    void* to;
    const void* from;
    size_t bytes;
};

/* The copies of one thread. */
class AsyncCopies {
  public:
    void start(const AsyncCopy& copy) { open_.push_back(copy); }

    void end_group() {
        groups_.push_back(std::move(open_));
        open_.clear();
    }

    /* Calls land(copy) for the copies of all groups but the last `left`. */
    template <typename Land>
    void wait(int left, const Land& land) {
        while (groups_.size() > static_cast<size_t>(left)) {
            for (const AsyncCopy& copy : groups_.front()) land(copy);
            groups_.pop_front();
        }
    }

    /* Whether a copy is still under way; forgets all. */
    bool abandon() {
        bool any = !open_.empty();
        for (const auto& group : groups_) any = any || !group.empty();
        open_.clear();
        groups_.clear();
        return any;
    }

  private:
    std::vector<AsyncCopy> open_;
    std::deque<std::vector<AsyncCopy>> groups_;
};

}  // namespace emulation

#endif
