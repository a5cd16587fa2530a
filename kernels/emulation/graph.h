/*
 * Graphs of the emulated device: their nodes run one after another, each behind the one it was said to follow. A node
 * that follows none may run at once, so it comes before all others.
 */
#ifndef SCANFORMER_EMULATION_GRAPH_H
#define SCANFORMER_EMULATION_GRAPH_H

#include <atomic>
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
    bool pageable = false; /* the host's memory, which no body of a condition may copy */
    bool event = false;    /* the record of one, which no body of a condition may hold */
    bool early = false;    /* a kernel that may begin before the one before it has ended */
    bool chooses = false;  /* a conditional node */
    std::shared_ptr<std::vector<CUgraph_st>> inner = nullptr; /* a child graph, or the bodies to choose from */
};

/* What a kernel of a graph sets and a node of it reads. */
struct Condition {
    cudaGraph_t graph; /* that it was made for; NULL once that is destroyed */
    bool has_default;
    unsigned default_value;
    bool taken = false;        /* by a node */
    bool instantiated = false; /* its graph is, which it may be once at a time */
    bool running = false;      /* its graph is */
    unsigned value = 0;
};

/* How many there are. */
struct Counted {
    static std::atomic<int> live;
    Counted() { live++; }
    Counted(const Counted&) { live++; }
    Counted& operator=(const Counted&) = default;
    ~Counted() { live--; }
};

}  // namespace emulation

struct CUgraphNode_st {
    emulation::Work work;
};

struct CUgraph_st : emulation::Counted {
    std::list<CUgraphNode_st> nodes;
    std::vector<std::shared_ptr<emulation::Condition>> conditions;
    bool is_body = false;

    /* Adds a node behind another one; before all where that is NULL. */
    cudaGraphNode_t add(emulation::Work work, cudaGraphNode_t after);
};

namespace emulation {

/* Calls visit with a piece of work, and with each of the graphs in it. */
template <typename Visit>
void visit_all(const Work& work, const Visit& visit) {
    visit(work);
    if (!work.inner) return;
    for (const CUgraph_st& graph : *work.inner) {
        for (const CUgraphNode_st& node : graph.nodes) visit_all(node.work, visit);
    }
}

}  // namespace emulation

#endif
