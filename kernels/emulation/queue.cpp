#include "queue.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace emulation {

namespace {
std::mutex queues_lock;
std::set<Queue*> queues;
unsigned queues_made = 0;
}  // namespace

Queue::Queue() {
    const std::lock_guard<std::mutex> guard(queues_lock);
    random_.seed(++queues_made);
    queues.insert(this);
}

Queue::~Queue() {
    const std::lock_guard<std::mutex> guard(queues_lock);
    queues.erase(this);
    const std::lock_guard<std::mutex> own(lock_);
    run(pending_.size());
}

cudaError_t Queue::take(Work work) {
    const std::lock_guard<std::mutex> guard(lock_);
    if (capture_) {
        /* The one before a kernel has to have a port for its early start, and a conditional node has none. */
        if (work.early && captured_last_ != nullptr && captured_last_->work.chooses) return cudaErrorInvalidValue;
        captured_last_ = capture_->add(std::move(work), captured_last_);
        return cudaSuccess;
    }
    poison(work);
    pending_.push_back(std::move(work));
    if (random_() % 4 == 0) run(random_() % (pending_.size() + 1));
    return cudaSuccess;
}

cudaError_t Queue::synchronize() {
    const std::lock_guard<std::mutex> guard(lock_);
    if (capture_) {
        capture_spoilt_ = true;
        return cudaErrorStreamCaptureUnsupported;
    }
    run(pending_.size());
    const cudaError_t code = failed_;
    failed_ = cudaSuccess;
    return code;
}

cudaError_t Queue::begin_capture() {
    const std::lock_guard<std::mutex> guard(lock_);
    if (capture_) return cudaErrorStreamCaptureUnsupported;
    capture_ = std::make_unique<CUgraph_st>();
    captured_last_ = nullptr;
    return cudaSuccess;
}

std::unique_ptr<CUgraph_st> Queue::end_capture() {
    const std::lock_guard<std::mutex> guard(lock_);
    std::unique_ptr<CUgraph_st> recorded = std::move(capture_);
    if (capture_spoilt_) recorded.reset();
    capture_spoilt_ = false;
    return recorded;
}

cudaStreamCaptureStatus Queue::capture(cudaGraph_t* graph, const cudaGraphNode_t** last) {
    const std::lock_guard<std::mutex> guard(lock_);
    *graph = capture_.get();
    *last = &captured_last_;
    if (!capture_) return cudaStreamCaptureStatusNone;
    return capture_spoilt_ ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
}

cudaError_t Queue::follow(cudaGraphNode_t node) {
    const std::lock_guard<std::mutex> guard(lock_);
    captured_last_ = node;
    return cudaSuccess;
}

void Queue::run_all() {
    const std::lock_guard<std::mutex> guard(queues_lock);
    for (Queue* queue : queues) {
        const std::lock_guard<std::mutex> own(queue->lock_);
        queue->run(queue->pending_.size());
    }
}

/* After an error nothing more is run. */
void Queue::run(size_t pieces) {
    for (; pieces > 0 && !pending_.empty(); pieces--) {
        const Work work = std::move(pending_.front());
        pending_.pop_front();
        const cudaError_t code = work.run();
        if (code != cudaSuccess) {
            if (failed_ == cudaSuccess) failed_ = code;
            pending_.clear();
        }
    }
}

/* What earlier work copies from the same bytes, it copies as they are; and what it copies there is there to be kept. */
void Queue::poison(Work& work) {
    std::vector<std::pair<char*, std::string>> targets; /* and what is there */
    visit_all(work, [&](const Work& copy) {
        if (copy.host_target == nullptr) return;
        const auto touches = [&](const char* bytes, const Work& earlier) {
            return bytes != nullptr && bytes < copy.host_target + copy.bytes &&
                   copy.host_target < bytes + earlier.bytes;
        };
        bool touched = false;
        for (const Work& earlier : pending_) {
            visit_all(earlier, [&](const Work& other) {
                touched = touched || touches(other.host_source, other) ||
                          (work.inner != nullptr && touches(other.host_target, other));
            });
        }
        if (touched) run(pending_.size());
        targets.emplace_back(copy.host_target, std::string(copy.host_target, copy.bytes));
    });
    for (const auto& [target, bytes] : targets) std::memset(target, 0xff, bytes.size());
    if (targets.empty() || !work.inner) return;
    /* A body that is not chosen writes nothing. */
    work.run = [targets, run = std::move(work.run)] {
        for (const auto& [target, bytes] : targets) std::memcpy(target, bytes.data(), bytes.size());
        return run();
    };
}

}  // namespace emulation
