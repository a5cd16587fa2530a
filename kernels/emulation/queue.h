/*
 * A stream of the emulated device. As on a device, what it is given runs later: some of it at random moments while more
 * is given, the rest when somebody waits. So a host that changes what a copy has yet to read, or reads what a copy has
 * yet to write, is seen to do so: until a copy to the host has run, its target holds bytes of 0xff; also one of a
 * graph's body, whose target then gets its bytes back where another body runs.
 */
#ifndef SCANFORMER_EMULATION_QUEUE_H
#define SCANFORMER_EMULATION_QUEUE_H

#include <deque>
#include <memory>
#include <mutex>
#include <random>

#include "graph.h"

namespace emulation {

/* One thread gives work and waits; run_all may be called by any. */
class Queue final : public CUstream_st {
  public:
    Queue();
    ~Queue();
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    cudaError_t take(std::function<cudaError_t()> work) override { return take(Work{std::move(work)}); }

    /* Runs work later, or records it while the queue is captured. */
    cudaError_t take(Work work);

    /* Runs all that is left; the first error since this was last called. */
    cudaError_t synchronize();

    cudaError_t begin_capture();

    /* What was recorded; nothing where there was no capture, or somebody waited in it. */
    std::unique_ptr<CUgraph_st> end_capture();

    /* What is being recorded, and where the node is that the next one follows. */
    cudaStreamCaptureStatus capture(cudaGraph_t* graph, const cudaGraphNode_t** last);

    /* What is recorded next follows that node. */
    cudaError_t follow(cudaGraphNode_t node);

    /* Freeing memory waits for the whole device. */
    static void run_all();

  private:
    void run(size_t pieces);
    void poison(Work& work);

    std::mutex lock_;
    std::deque<Work> pending_;
    std::unique_ptr<CUgraph_st> capture_;
    cudaGraphNode_t captured_last_ = nullptr;
    bool capture_spoilt_ = false;
    cudaError_t failed_ = cudaSuccess;
    std::minstd_rand random_;
};

}  // namespace emulation

#endif
