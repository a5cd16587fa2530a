/* Copies to shared memory that are under way: a thread's copies in groups, which it waits for in their order. */
#ifndef SCANFORMER_EMULATION_ASYNC_COPIES_H
#define SCANFORMER_EMULATION_ASYNC_COPIES_H

#include <cstddef>
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
    void start(const AsyncCopy& copy) { copies_.push_back(copy); }

    void end_group() { ends_.push_back(copies_.size()); }

    /* Calls land(copy) for the copies of all groups but the last `left`. */
    template <typename Land>
    void wait(int left, const Land& land) {
        for (; ends_.size() - landed_groups_ > static_cast<size_t>(left); landed_groups_++) {
            for (; landed_ < ends_[landed_groups_]; landed_++) land(copies_[landed_]);
        }
        if (landed_ == copies_.size()) (void)abandon();
    }

    /* Whether a copy is still under way; forgets all. */
    bool abandon() {
        const bool any = landed_ < copies_.size();
        copies_.clear();
        ends_.clear();
        landed_ = landed_groups_ = 0;
        return any;
    }

  private:
    std::vector<AsyncCopy> copies_;
    std::vector<size_t> ends_; /* of the groups, in copies_ */
    size_t landed_ = 0;
    size_t landed_groups_ = 0;
};

}  // namespace emulation

#endif
