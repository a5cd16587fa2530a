/*
 * Graphs of the emulated device: their nodes run one after another, each behind the one it was said to follow. A node
 * that follows none may run at once, so it comes before all others.
 */
#ifndef SCANFORMER_EMULATION_GRAPH_H
#define SCANFORMER_EMULATION_GRAPH_H

#include <list>
#include <memory>
#include <vector>

#include "runtime.h"

namespace emulation {

/* A piece of work, and the bytes of the host's memory that it copies from, or to. */
struct Work {
    std::function<cudaError_t()> run;
    const char* host_source = nullptr;
    char* host_target = nullptr;
    size_t bytes = 0;
    bool event = false; /* the record of one, which no body of a condition may hold */
};

/* What a kernel of a graph sets and a node of it reads. */
struct Condition {
    cudaGraph_t graph; /* that it was made for */
    bool has_default;
    unsigned default_value;
    bool taken = false;   /* by a node */
    bool running = false; /* its graph is */
    unsigned value = 0;
};

}  // namespace emulation

struct CUgraphNode_st {
    emulation::Work work;
};

struct CUgraph_st {
    std::list<CUgraphNode_st> nodes;
    std::vector<std::shared_ptr<emulation::Condition>> conditions;
    bool is_body = false;

    /* Adds a node behind another one; before all where that is NULL. */
    cudaGraphNode_t add(emulation::Work work, cudaGraphNode_t after);
};

#endif
